"""Credit of channels under each model, with intervals, from the same paths."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.attribution.heuristics import by_place, by_time
from footfall.analytics.attribution.markov import Chain, chain_of, removal_effects
from footfall.analytics.attribution.paths import GROUPS, Paths, total_of
from footfall.analytics.attribution.shapley import Met, met_sets, sets_of, shapley_values
from footfall.analytics.scope.grouping import NONE, OTHER
from footfall.kernels import Array

__all__ = ["MODELS", "Crediting", "credit_table", "folded", "shared_out", "top_channels"]

MODELS = ("last", "first", "linear", "time_decay", "position", "markov", "shapley")


@dataclass(frozen=True)
class Crediting:
    """How paths become credit.

    Parameters
    ----------
    models : tuple of str
        Of :data:`MODELS`.
    ends : pair of Fraction
        What "position" gives to the first and the last touch.
    order : int
        Touches a state of "markov" remembers.
    money : bool
        Whether shares are of money rather than of conversions.
    draws : int
        Draws behind each interval; 0: none.
    level : float
        Of the intervals.
    seed : int
    """

    models: tuple[str, ...]
    ends: tuple[Fraction, Fraction]
    order: int
    money: bool
    draws: int
    level: float
    seed: int


def top_channels(paths: Paths, top: int) -> tuple[str, ...]:
    """Name the channels with most touches, then "(other)", then "(none)", as far as they occur."""
    order = sorted(range(len(paths.words)), key=lambda c: (-int(paths.touches[c]), paths.words[c]))
    named = [paths.words[code] for code in order if paths.words[code] not in {NONE, OTHER}]
    rest = [OTHER] if len(named) > top or OTHER in paths.words else []
    return (*named[:top], *rest, *([NONE] if NONE in paths.words else []))


def folded(paths: Paths, names: Sequence[str]) -> Paths:
    """Give the paths with channels as named, the others as "(other)".

    Users of "(other)" cannot be added up from those of its channels: they stand as -1 unless there
    is at most one such channel.
    """
    place = {name: at for at, name in enumerate(names)}
    rest = place.get(OTHER, 0)
    to = np.array([place.get(word, rest) for word in paths.words], np.int64)
    counts = np.zeros((3, len(names)), np.int64)
    for row, values in enumerate((paths.touches, paths.users, paths.converted_users)):
        np.add.at(counts[row], to, values)
    if OTHER in place and np.count_nonzero(to == rest) > 1:
        counts[1:, rest] = -1
    group, code = np.divmod(paths.cells, max(len(paths.words), 1))
    return replace(
        paths,
        words=tuple(names),
        flat=to[paths.flat].astype(np.int32),
        cells=group * len(names) + to[code],
        touches=counts[0],
        users=counts[1],
        converted_users=counts[2],
    )


def shared_out(credit: Sequence[Fraction | float], total: int) -> list[int]:
    """Round credits to whole numbers that add up to the total: largest remainders go up.

    Examples
    --------
    >>> shared_out([Fraction(1, 3), Fraction(1, 3), Fraction(4, 3)], 2)
    [1, 0, 1]
    """
    exact = [Fraction(value) for value in credit]
    whole = [value.numerator // value.denominator for value in exact]
    order = sorted(range(len(exact)), key=lambda at: (whole[at] - exact[at], at))
    for at in order[: max(total - sum(whole), 0)]:
        whole[at] += 1
    for at in order[::-1][: max(sum(whole) - total, 0)]:  # floats may add up to a hair too much
        whole[at] -= 1
    return whole


@dataclass(frozen=True)
class _Credited:
    """One model's credit of each channel: exact or float, and that of each draw."""

    credit: Sequence[Fraction | float]
    drawn: npt.NDArray[np.float64]  # (draws, channels)


@dataclass(frozen=True)
class _Prepared:
    """The paths, and what conversions and money are both made from."""

    paths: Paths
    how: Crediting

    @cached_property
    def chain(self) -> Chain:
        return chain_of(self.paths, self.how.order)

    @cached_property
    def effects(self) -> npt.NDArray[np.float64]:
        return removal_effects(self.chain, np.ones(GROUPS) @ self.chain.counts, self.channels)

    @cached_property
    def met(self) -> Met:
        return met_sets(self.paths)

    @property
    def channels(self) -> int:
        return len(self.paths.words)


def _credited(made: _Prepared, model: str, weights: Array, *, money: bool) -> _Credited:
    """Credit conversions or money under one model."""
    paths = made.paths
    value = paths.money if money else paths.conversions
    if model == "time_decay":
        exact, groups = by_time(paths, money=money)
        return _Credited(exact, weights @ groups)
    if model == "markov":
        return _by_removal(made, value, weights)
    if model == "shapley":
        sets = sets_of(paths, value, made.met)
        whole = np.zeros(made.channels)
        if not sets.sets:
            return _Credited(whole.tolist(), np.zeros((len(weights), made.channels)))
        whole = shapley_values(sets, np.ones(GROUPS))
        drawn = [shapley_values(sets, row) for row in weights]
        return _Credited(whole.tolist(), np.array(drawn).reshape(len(weights), len(whole)))
    exact, groups = by_place(paths, value * (paths.lengths > 0), model, made.how.ends)
    return _Credited(exact, weights @ groups)


def _by_removal(made: _Prepared, value: Array, weights: Array) -> _Credited:
    touched = made.paths.lengths > 0
    totals = np.zeros(GROUPS, np.int64)
    np.add.at(totals, made.paths.group[touched], value[touched])

    def credit(effects: Array, total: float) -> npt.NDArray[np.float64]:
        whole = effects.sum()
        return effects / whole * total if whole > 0 else effects

    drawn = [
        credit(removal_effects(made.chain, row @ made.chain.counts, made.channels), row @ totals)
        for row in weights
    ]
    return _Credited(
        credit(made.effects, float(totals.sum())).tolist(),
        np.array(drawn).reshape(len(weights), made.channels),
    )


def _interval(drawn: Array, level: float) -> tuple[Array, Array]:
    """Give the middle part of the drawn shares."""
    totals = drawn.sum(axis=1, keepdims=True)
    known = totals[:, 0] > 0
    if not known.any():
        nothing = np.full(drawn.shape[1], np.nan)
        return nothing, nothing
    shares = drawn[known] / totals[known]
    low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def credit_table(paths: Paths, how: Crediting) -> pa.Table:
    """Make the table of credits: one row a channel and model, channels with most credit first."""
    rng = np.random.default_rng(how.seed)
    weights = rng.poisson(1.0, (how.draws, GROUPS)).astype(np.float64)
    none = np.zeros((0, GROUPS))
    made = _Prepared(paths, how)
    conversions, money, _, _ = total_of(paths)
    columns: dict[str, list[object]] = {name: [] for name in _SCHEMA.names}
    shares = np.zeros(len(paths.words))
    for model in how.models:
        counted = _credited(made, model, none if how.money else weights, money=False)
        paid = _credited(made, model, weights if how.money else none, money=True)
        asked, total = (paid, money) if how.money else (counted, conversions)
        share = [float(value / total) if total else 0.0 for value in asked.credit]
        shares += share
        low, high = _interval(asked.drawn, how.level)
        columns["channel"] += paths.words
        columns["model"] += [model] * len(paths.words)
        columns["credit"] += [float(value) for value in counted.credit]
        columns["credit_share"] += share
        columns["share_low"] += [None if np.isnan(value) else float(value) for value in low]
        columns["share_high"] += [None if np.isnan(value) else float(value) for value in high]
        columns["credit_minor"] += shared_out(paid.credit, money)
        columns["touches"] += paths.touches.tolist()
        columns["users"] += [count if count >= 0 else None for count in paths.users.tolist()]
        columns["converted_users"] += [
            count if count >= 0 else None for count in paths.converted_users.tolist()
        ]
    table = pa.table(columns, schema=_SCHEMA)
    # Sums of floats may differ in the last digit between machines: not the order of the rows.
    rank = np.lexsort((np.arange(len(shares)), -shares.round(9))).argsort()
    by_channel = np.tile(rank, len(how.models))
    return table.take(pa.array(np.argsort(by_channel, kind="stable")))


_SCHEMA = pa.schema(
    [
        ("channel", pa.string()),
        ("model", pa.string()),
        ("credit", pa.float64()),
        ("credit_share", pa.float64()),
        ("share_low", pa.float64()),
        ("share_high", pa.float64()),
        ("credit_minor", pa.int64()),
        ("touches", pa.int64()),
        ("users", pa.int64()),
        ("converted_users", pa.int64()),
    ]
)
