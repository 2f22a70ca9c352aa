"""Funnels in plain Python that try everything: what every kernel must agree with."""

from dataclasses import dataclass, field
from itertools import combinations, permutations

from tests.analytics.random_logs import MINUTE, by_user

GAP = 30 * MINUTE


@dataclass(frozen=True)
class Asked:
    """A funnel, as tests draw it: a step is (types, least amount in minor units or None)."""

    steps: list
    within: int
    order: str = "ordered"
    per: str = "user"
    same_item: bool = False
    excluded: list = field(default_factory=list)  # of ((types, least amount), (first, last) | None)


def serves(row, step):
    types, least = step
    return row.event_type in types and (least is None or row.amount >= least)


def sessions(events):
    """Cut places of a user's events where the given id changes or silence is long."""
    found = []
    for at, row in enumerate(events):
        last = events[at - 1] if at else None
        silent = last and row.session is None and row.time - last.time > GAP
        if last is None or row.session != last.session or silent:
            found.append([])
        found[-1].append(at)
    return found


def tracks(asked, events):
    """Give each unit as a list of tracks, each a list of places."""
    units = sessions(events) if asked.per == "session" else [list(range(len(events)))]
    if not asked.same_item:
        return [[unit] for unit in units]
    items = sorted({row.item for row in events if row.item is not None})
    return [[[at for at in unit if events[at].item == item] for item in items] for unit in units]


def breaks(asked, events, track, chain):
    """Say whether an excluded event lies inside a chain of places."""
    for kind, pair in asked.excluded:
        first, last = pair or (1, len(asked.steps))
        if asked.order == "any":
            first, last = 1, len(chain)
        if len(chain) <= first:
            continue
        low, high = chain[first - 1], chain[min(last, len(chain)) - 1]
        if any(low < at < high and at not in chain and serves(events[at], kind) for at in track):
            return True
    return False


def chains(asked, events, track, count):
    """Give every chain of so many steps."""
    for picked in combinations(range(len(track)), count):
        chain = [track[at] for at in picked]
        if events[chain[-1]].time - events[chain[0]].time > asked.within:
            continue
        if asked.order == "strict" and picked[-1] - picked[0] != count - 1:
            continue
        rows = [events[at] for at in chain]
        orders = permutations(asked.steps, count) if asked.order == "any" else [asked.steps[:count]]
        if not any(all(map(serves, rows, order)) for order in orders):
            continue
        if not breaks(asked, events, track, chain):
            yield chain


def answer(asked, log_rows, group_of=lambda _row: "all"):
    """Give for each group and step a list of (user, unit, start place, end place, took)."""
    found = {}
    for user, events in by_user(log_rows).items():
        for number, unit in enumerate(tracks(asked, events)):
            for count in range(1, len(asked.steps) + 1):
                best = {}
                for track in unit:
                    for chain in chains(asked, events, track, count):
                        group = group_of(events[chain[0]])
                        known = best.get(group, (len(events), 0))
                        # The earliest end, and of those the latest start.
                        best[group] = min(known, (chain[-1], -chain[0]))
                for group, (end, start) in best.items():
                    took = events[end].time - events[-start].time
                    found.setdefault((group, count), []).append((user, number, -start, end, took))
    return found
