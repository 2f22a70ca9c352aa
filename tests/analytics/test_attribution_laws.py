"""Attribution against plain Python on random logs, and the merge law."""

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.test_attribution import DAY, channel_log, credit_of

from footfall.analytics.attribution import attribution
from footfall.analytics.attribution.credit import shared_out
from footfall.analytics.attribution.paths import GROUPS, Paths, merge_paths
from footfall.analytics.attribution.shapley import MOST_EXACT, met_sets, sets_of, shapley_values

CHANNELS = ("ads", "mail", "social")


@st.composite
def logs(draw, most=24):
    one = st.tuples(
        st.sampled_from(["ann", "bob", "eve"]),
        st.integers(0, 12),
        st.sampled_from(["view", "view", "purchase"]),
        st.sampled_from([None, *CHANNELS]),
        st.integers(0, 500),
    )
    # Somebody has a channel and a purchase, so that the log knows both.
    known = [("zoe", 0, "view", "mail", 0), ("zoe", 400, "purchase", None, 7)]
    return [*known, *draw(st.lists(one, max_size=most))]


@dataclass
class Path:
    user: str
    touches: list  # (channel, day)
    bought: bool
    money: int = 0


def naive_paths(rows, *, lookback, since_previous, direct, longest):
    """Walk each user's events with lists; a conversion is all purchases within half an hour."""
    found = []
    for user in sorted({row[0] for row in rows}):
        events = sorted((row for row in rows if row[0] == user), key=lambda row: row[1])
        touches, used, day_sold = [], set(), None
        sold = None
        for _, day, kind, channel, amount in events:
            if channel:
                touches.append((channel, day))
            if kind != "purchase":
                continue
            if day == day_sold:  # a day is longer than a session: same day, same order
                sold.money += amount
                continue
            mine = [
                at
                for at, (_, when) in enumerate(touches)
                if when >= day - lookback and (at not in used or not since_previous)
            ]
            lost = [at for at in range(len(touches)) if at not in used and at not in mine]
            found += tiles(user, [touches[at] for at in lost], lookback)
            used |= set(range(len(touches)))
            sold = Path(user, [touches[at] for at in mine], bought=True, money=amount)
            day_sold = day
            found.append(sold)
        rest = [touches[at] for at in range(len(touches)) if at not in used]
        found += tiles(user, rest, lookback)
    for path in found:
        strong = [touch for touch in path.touches if touch[0] != direct]
        path.touches = (strong or path.touches)[-longest:]
    return found


def tiles(user, touches, lookback):
    paths = []
    for touch in touches:
        if paths and touch[1] <= paths[-1].touches[0][1] + lookback:
            paths[-1].touches.append(touch)
        else:
            paths.append(Path(user, [touch], bought=False))
    return paths


def naive_credit(paths, model):
    credit = dict.fromkeys(sorted({c for path in paths for c, _ in path.touches}), 0)
    for path in paths:
        if not path.bought or not path.touches:
            continue
        n = len(path.touches)
        if model == "last":
            shares = [0] * (n - 1) + [1]
        elif model == "first":
            shares = [1] + [0] * (n - 1)
        elif model == "linear" or n == 1:
            shares = [Fraction(1, n)] * n
        elif model == "position":
            middle = [Fraction(1, 5 * (n - 2))] * (n - 2) if n > 2 else []
            end = Fraction(2, 5) if n > 2 else Fraction(1, 2)
            shares = [end, *middle, end]
        else:
            weights = [0.5 ** ((path.touches[-1][1] - day) / 7) for _, day in path.touches]
            shares = [weight / sum(weights) for weight in weights]
        for (channel, _), share in zip(path.touches, shares, strict=True):
            credit[channel] += share
    return credit


def naive_markov(paths, order):  # noqa: C901  # one loop a step of the definition
    """Solve one dense system a removed channel; states are tuples of the last touches."""
    steps = Counter()
    for path in paths:
        if path.touches:
            state = ()
            for channel, _ in path.touches:
                after = (*state, channel)[-order:]
                steps[state, after] += 1
                state = after
            steps[state, path.bought] += 1

    def wins(removed):
        states = sorted({a for a, _ in steps})
        matrix, right = np.eye(len(states)), np.zeros(len(states))
        for a, state in enumerate(states):
            if state and state[-1] == removed:
                continue
            leaving = sum(n for (source, _), n in steps.items() if source == state)
            for (source, target), n in steps.items():
                if source == state and isinstance(target, bool):
                    right[a] += target * n / leaving
                elif source == state:
                    matrix[a, states.index(target)] -= n / leaving
        return np.linalg.solve(matrix, right)[states.index(())] if states else 0

    channels = sorted({c for path in paths for c, _ in path.touches})
    sales = sum(path.bought and bool(path.touches) for path in paths)
    if not sales:
        return dict.fromkeys(channels, 0)
    effects = {channel: 1 - wins(channel) / wins(None) for channel in channels}
    return {channel: sales * effects[channel] / sum(effects.values()) for channel in channels}


def naive_shapley(paths):
    """Average over all orders of all channels, as the definition says."""
    seen, won = Counter(), Counter()
    for path in paths:
        if path.touches:
            mine = frozenset(c for c, _ in path.touches)
            seen[mine] += 1
            won[mine] += path.bought

    def chance(channels):
        if not channels:
            return 0
        if seen[channels]:
            return Fraction(won[channels], seen[channels])
        return sum(chance(channels - {c}) for c in channels) / Fraction(len(channels))

    def value(channels):
        return sum(n * chance(mine & channels) for mine, n in seen.items())

    every = sorted(set().union(*seen)) if seen else []
    credit = dict.fromkeys(every, Fraction(0))
    for order in itertools.permutations(every):
        before = frozenset()
        for channel in order:
            credit[channel] += value(before | {channel}) - value(before)
            before |= {channel}
    return {c: credit[c] / math.factorial(len(every)) for c in every}


@law
@given(logs(), st.sampled_from([0, 3, 30]), st.booleans(), st.sampled_from([None, "ads"]),
       st.sampled_from([1, 3, 50]), st.sampled_from([1, 2, 3]))  # fmt: skip
def test_every_model_agrees_with_plain_python(rows, days, since, direct, longest, order):
    answer = attribution(
        channel_log(rows), lookback=f"{days}d", since_previous=since, direct=direct,
        longest=longest, order=order, draws=0,
    )  # fmt: skip
    paths = naive_paths(rows, lookback=days, since_previous=since, direct=direct, longest=longest)
    sold = [path for path in paths if path.bought]
    assert answer.conversions == sum(bool(path.touches) for path in sold)
    assert answer.untouched_conversions == sum(not path.touches for path in sold)
    assert answer.money_minor == sum(path.money for path in sold if path.touches)
    for model in ("last", "first", "linear", "position", "time_decay"):
        want = naive_credit(paths, model)
        assert credit_of(answer, model) == pytest.approx(
            {c: float(v) for c, v in want.items()}, abs=1e-7
        )
    assert credit_of(answer, "markov") == pytest.approx(naive_markov(paths, order), abs=1e-9)
    shapley = {c: float(v) for c, v in naive_shapley(paths).items()}
    assert credit_of(answer, "shapley") == pytest.approx(shapley, abs=1e-9)
    touches = Counter(c for path in paths for c, _ in path.touches)
    assert credit_of(answer, "last", "touches") == touches
    for channel in touches:
        who = {path.user for path in paths if channel in {c for c, _ in path.touches}}
        assert answer.users(channel) == sorted(who)
        who = {p.user for p in sold if channel in {c for c, _ in p.touches}}
        assert answer.users(channel, converted=True) == sorted(who)


@law
@given(logs(), st.integers(1, 5), st.booleans())
def test_any_split_into_chunks_gives_the_same_answer(rows, buckets, money):
    ask = partial(attribution, value="money" if money else "conversions", draws=20)
    one, many = ask(channel_log(rows, buckets=1)), ask(channel_log(rows, buckets=buckets))
    assert one.frame == many.frame
    assert one.paths == many.paths
    for model in set(one.frame["model"].to_pylist()):
        assert sum(credit_of(one, model, "credit_minor").values()) == one.money_minor
        assert sum(credit_of(one, model).values()) == pytest.approx(one.conversions)


@law
@given(logs(), st.randoms())
def test_parts_merge_in_any_order(rows, chance):
    log = channel_log(rows, buckets=4)
    parts = []

    class Spy:
        """An engine that keeps what measures gave."""

        def map(self, source, measure, merge, *, label=""):  # noqa: ARG002
            made = [measure(source.open(number)) for number in range(len(source))]
            parts.extend(p[1] for p in made if isinstance(p, tuple) and isinstance(p[1], Paths))
            return merge(made)

    log.engine = Spy()
    attribution(log, draws=0)
    whole = merge_paths(parts)
    chance.shuffle(parts)
    halves = merge_paths([merge_paths(parts[:2]), merge_paths(parts[2:])])
    assert whole.words == halves.words
    assert as_counts(whole) == as_counts(halves)
    for name in ("cells", "credit", "high", "low", "touches", "users", "converted_users"):
        assert getattr(whole, name).tolist() == getattr(halves, name).tolist()


def as_counts(paths):
    starts = paths.ends - paths.lengths
    return {
        (int(paths.group[at]), tuple(paths.flat[starts[at] : paths.ends[at]].tolist())): (
            int(paths.conversions[at]), int(paths.money[at]), int(paths.lost[at])
        )
        for at in range(len(starts))
    }  # fmt: skip


def random_paths(channels, count, seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, count)
    flat = rng.integers(0, channels, int(lengths.sum())).astype(np.int32)
    won, lost = rng.integers(0, 3, count), rng.integers(1, 3, count)
    nothing = np.zeros(0, np.int64)
    return Paths(
        tuple(f"c{n:02d}" for n in range(channels)), flat, np.cumsum(lengths),
        rng.integers(0, GROUPS, count).astype(np.int32), won, won * 100, lost,
        nothing, nothing, nothing, nothing, *np.zeros((3, channels), np.int64),
    )  # fmt: skip


def test_drawn_orders_come_near_the_exact_values_and_add_up():
    paths = random_paths(12, 400, 3)
    exact = shapley_values(sets_of(paths, paths.conversions, met_sets(paths)), np.ones(GROUPS))
    # The same paths among more channels than are gone through exactly.
    wide = Paths(tuple(f"c{n:02d}" for n in range(MOST_EXACT + 5)), *(
        getattr(paths, name) for name in list(Paths.__dataclass_fields__)[1:]
    ))  # fmt: skip
    drawn = shapley_values(sets_of(wide, wide.conversions, met_sets(wide)), np.ones(GROUPS))
    assert drawn.sum() == pytest.approx(paths.conversions.sum())
    assert drawn[:12] == pytest.approx(exact, rel=0.1, abs=1.5)
    assert drawn[12:].tolist() == [0.0] * 8


def test_more_than_sixty_channels_have_shapley_values_too():
    paths = random_paths(80, 300, 4)
    values = shapley_values(sets_of(paths, paths.conversions, met_sets(paths)), np.ones(GROUPS))
    assert values.sum() == pytest.approx(paths.conversions.sum())


@law
@given(st.lists(st.fractions(-5, 50, max_denominator=50), min_size=1, max_size=8))
def test_rounding_adds_up_and_moves_no_credit_by_a_whole(credit):
    total = math.floor(sum(credit))
    shares = [value * Fraction(total, 1) / sum(credit) if sum(credit) > 0 else value
              for value in credit]  # fmt: skip
    whole = shared_out(shares, total)
    if sum(credit) > 0:
        assert sum(whole) == total
        assert all(abs(a - b) < 1 for a, b in zip(whole, shares, strict=True))


def test_a_user_with_very_many_events_is_one_walk():
    rows = [("ann", n / 1000, "view", CHANNELS[n % 3]) for n in range(100_000)]
    rows += [("ann", 10 * n, "purchase") for n in range(1, 10)]
    for since in (True, False):
        answer = attribution(channel_log(rows), since_previous=since, per="event", draws=0)
        assert answer.conversions == 9


def test_ten_thousand_campaigns_fold_into_the_top_and_the_rest():
    rows = [("ann", n / 10_000, "view", f"c{n}") for n in range(10_000)]
    answer = attribution(channel_log([*rows, ("ann", 2, "purchase")]), draws=5, longest=1000)
    assert answer.frame["channel"].to_pylist()[0] == "(other)"
    assert len(set(answer.frame["channel"].to_pylist())) == 13


def test_time_is_exact_at_the_edge_of_the_lookback():
    day = pa.scalar(DAY).as_py()
    rows = [("ann", 0, "view", "mail"), ("ann", 30 + 1 / day, "purchase")]
    assert attribution(channel_log(rows), lookback="30d").conversions == 0
