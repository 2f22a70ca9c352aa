"""What the questions about paths count, in plain Python that tries everything."""

from collections import Counter, defaultdict
from itertools import combinations, pairwise

from tests.analytics.random_logs import MINUTE, by_user


def units_of(log_rows, *, per="session", gap=30, collapse=False, without=()):
    """Each unit as (user, rows): passed-over rows still say where sessions end."""
    units = []
    for user, events in sorted(by_user(log_rows).items()):
        runs, before = [], None
        for row in events:
            same = before is not None and (
                per == "user"
                or (
                    row.session == before.session
                    and (row.session is not None or row.time - before.time <= gap * MINUTE)
                )
            )
            if not same:
                runs.append([])
            runs[-1].append(row)
            before = row
        for run in runs:
            kept = []
            for row in run:
                again = collapse and kept and kept[-1].event_type == row.event_type
                if row.event_type not in without and not again:
                    kept.append(row)
            if kept:
                units.append((user, kept))
    return units


def kinds_of(log_rows, **options):
    return [(user, [row.event_type for row in run]) for user, run in units_of(log_rows, **options)]


class Tally:
    """Counts, and who is behind them."""

    def __init__(self):
        self.counts, self.people = Counter(), defaultdict(set)

    def add(self, key, user, times=1):
        self.counts[key] += times
        self.people[key].add(user)

    def __getitem__(self, key):
        return self.counts[key], len(self.people[key])

    def as_dict(self):
        return {key: self[key] for key in self.counts}


def transitions_of(units):
    tally = Tally()
    for user, kinds in units:
        for pair in pairwise(["(start)", *kinds, "(end)"]):
            tally.add(pair, user)
    return tally


def walks_of(units, *, start=None, end=None, occurrence="first"):
    """Each walk as (user, nodes), backward ones from the end on."""
    walks = []
    for user, kinds in units:
        wanted = start or end
        if wanted is None:
            walks.append((user, kinds))
            continue
        places = [at for at, kind in enumerate(kinds) if kind == wanted]
        chosen = {"first": places[:1], "last": places[-1:], "every": places}[occurrence]
        walks += [(user, kinds[at:] if start else kinds[: at + 1][::-1]) for at in chosen]
    return walks


def prefixes_of(walks, depth):
    """Counts of prefixes, and of walks that are the prefix and nothing more."""
    through, ended = Tally(), Tally()
    for user, nodes in walks:
        for size in range(1, min(depth, len(nodes)) + 1):
            through.add(tuple(nodes[:size]), user)
        if len(nodes) <= depth:
            ended.add(tuple(nodes), user)
    return through, ended


def step_cells_of(units, *, numbers, center=None):
    tally = Tally()
    for user, kinds in units:
        if center is not None and center not in kinds:
            continue
        zero = -1 if center is None else kinds.index(center)
        for step in numbers:
            at = zero + step
            node = kinds[at] if 0 <= at < len(kinds) else "(ended)"
            node = "(not begun)" if at < 0 else node
            tally.add((step, node), user)
    return tally


def loops_of(units, longest):
    tally = Tally()
    for user, kinds in units:
        for steps in range(1, longest + 1):
            for at in range(len(kinds) - steps):
                run = kinds[at : at + steps + 1]
                if run[0] == run[-1] and len(set(run)) == steps:
                    tally.add(" > ".join(run), user)
    return tally


def dead_ends_of(units, goal="purchase"):
    visits, ends, dead = Counter(), Counter(), Tally()
    for user, kinds in units:
        visits.update(set(kinds))
        ends[kinds[-1]] += 1
        if goal not in kinds:
            dead.add(kinds[-1], user)
    return visits, ends, dead


def orders_of(log_rows, *, gap=30, goal="purchase"):
    """Each order: (user, touches, sessions, items, since first touch, since order before)."""
    orders = []
    number = {}
    for at, (_, run) in enumerate(units_of(log_rows, gap=gap)):
        number |= {id(row): at for row in run}
    for user, events in sorted(by_user(log_rows).items()):
        line, moment, touches = None, None, []
        for row in events:
            if row.event_type != goal:
                touches.append(row)
                continue
            same = line is not None and (
                row.session == line.session
                if row.session is not None
                else line.session is None and line.time == row.time
            )
            if not same:
                orders.append(
                    (
                        user,
                        [touch.event_type for touch in touches],
                        len({number[id(touch)] for touch in [*touches, row]}),
                        len({touch.item for touch in touches if touch.item}),
                        row.time - touches[0].time if touches else None,
                        None if moment is None else row.time - moment,
                    )
                )
                moment = row.time
            line, touches = row, []
    return orders


def has_sequence(kinds, wanted):
    rest = iter(kinds)
    return all(node in rest for node in wanted)


def sequences_of(kinds, length):
    """Every different gapped sequence of a list, by trying all places."""
    return {
        tuple(kinds[at] for at in places)
        for size in range(1, length + 1)
        for places in combinations(range(len(kinds)), size)
    }
