"""How two groups of users or two times differ, measure by measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from footfall.analytics.answer import stacked
from footfall.analytics.compare.answer import Comparison
from footfall.analytics.compare.judging import CORRECTIONS, Judging, judged, user_counts
from footfall.analytics.compare.measures import MEASURES, measures_named
from footfall.analytics.compare.pairing import (
    Sided,
    arms_named,
    periods_named,
    segments_named,
)
from footfall.analytics.compare.sides import Plan, measure_sides, merge_sides, users_of_side
from footfall.analytics.compare.values import COLUMNS
from footfall.analytics.compare.words import definition_of
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.significance import sample_ratio
from footfall.analytics.significance.proportions import checked_level
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.events.durations import parse_duration
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.analytics.segment import Segment

__all__ = ["Question", "compare"]

_EVER = 1 << 62


def compare(
    log: LogView,
    *,
    arms: str | None = None,
    segments: "Sequence[str | Segment] | None" = None,
    periods: Sequence[Between] | None = None,
    sides: Sequence[str] | None = None,
    exposure: str | None = None,
    expected: Sequence[float] = (0.5, 0.5),
    measures: Sequence[str] | str = MEASURES,
    conversion: str = "purchase",
    pre: str | timedelta | None = None,
    retention_day: int = 7,
    sequential: bool = False,
    planned_users: int = 2_000,
    correction: str = "holm",
    level: float = 0.95,
    gap_minutes: float = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Comparison:
    """Compare two arms of an experiment, two segments, or two periods.

    The unit is the user, whatever the measure: a user's events are not independent of one another,
    and a test that takes them so finds differences that are not there.

    Parameters
    ----------
    log : LogView
    arms : str, optional
        A field whose value says the arm, of events (``variant``) or users (``users.variant``). One
        of ``arms``, ``segments`` and ``periods`` is given.
    segments : pair of str or Segment, optional
        Saved segments, or rules.
    periods : pair of str or of moments, optional
        Such as ("2026-01", "2026-02").
    sides : pair of str, optional
        Which two values of ``arms`` are A and B; by default the two there are, in alphabetical
        order. For periods and segments: what to call them.
    exposure : str, optional
        Event types that put a user into an arm; by default any event that has the field. What a
        user does counts from the first such event on.
    expected : pair of float, default=(0.5, 0.5)
        The split of users that was meant.
    measures : sequence of str, or str with commas
        Some of "conversion", "events_per_user", "sessions_per_user", "orders_per_user",
        "revenue_per_user", "orders_per_session", "average_order_value", "retention", and
        "conversion:EVENT_TYPE".
    conversion : str, default="purchase"
        Event types that convert; those of one session are one order.
    pre : str or timedelta, optional
        Take away what the same measure in this long before explains (CUPED).
    retention_day : int, default=7
    sequential : bool, default=False
        Intervals and verdict hold however often one looks at a running test.
    planned_users : int, default=2_000
        Users of both sides at which sequential intervals are narrowest.
    correction : "holm", "bh" or "none", default="holm"
        Of the p-values for the number of measures (and groups).
    level : float, default=0.95
    gap_minutes : float, default=30
        Silence that ends a session where none is given.
    by, where, between, segment, top, time_zone
        What counts, as in every question. Groups are of users.

    Returns
    -------
    Comparison

    Raises
    ------
    OptionError
        If an option is not as above, or names what the log has never seen.

    References
    ----------
    A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of online controlled
    experiments by utilizing pre-experiment data", 2013 (CUPED). A. Deng, U. Knoblich, J. Lu,
    "Applying the delta method in metric analytics", 2018.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows(
    ...     [(f"u{n}", f"2026-01-{1 + n % 20:02d}", "view") for n in range(200)]
    ...     + [(f"u{n}", "2026-01-25", "purchase") for n in range(200) if n % 20 > 9 or n % 3]
    ... )
    >>> answer = compare(log, periods=("2026-01-01..2026-01-10", "2026-01-11..2026-01-31"),
    ...                  measures=["conversion"])
    >>> answer.frame["value_a"].to_pylist(), answer.user_counts
    ([0.0], (100, 166))
    """
    names = measures.split(",") if isinstance(measures, str) else measures
    names = [name.strip() for name in names]
    found, kinds = measures_named(names, conversion=conversion, day=retention_day)
    _check(retention_day, correction, planned_users)
    scope = scoped(
        log,
        owner="compare",
        where=where,
        between=between,
        segment=segment,
        by=by,
        top=top,
        time_zone=time_zone,
    )
    given = {"arms": arms, "segments": segments, "periods": periods}
    if sum(option is not None for option in given.values()) != 1:
        allowed = "given, or segments= or periods=, one of the three"
        got = [name for name, option in given.items() if option is not None]
        raise OptionError.of("arms", "compare", allowed, got or None)
    if arms is not None:
        sided = arms_named(scope, arms, sides, exposure, time_zone=time_zone)
    elif segments is not None:
        sided = segments_named(log, segments, sides, time_zone=time_zone)
    else:
        sided = periods_named(scope, periods or (), sides, time_zone=time_zone)
    before = 0 if pre is None else parse_duration(pre, option="pre", owner="compare")
    start, end = (scope.period.start, scope.period.end) if scope.period else (-_EVER, _EVER)
    if before and (sided.windows or (sided.at_start and start <= -_EVER)):
        allowed = "left out, or between= given: there is nothing before the beginning"
        raise OptionError.of("pre", "compare", allowed, pre)
    span = scope.before.span
    plan = Plan(
        field=sided.field,
        values=sided.values,
        exposure=sided.exposure,
        members=sided.members,
        windows=sided.windows or ((start, end),),
        pre=before,
        bits_of=_bits(log, kinds),
        kinds=len(kinds),
        day=retention_day,
        gap=gap_microseconds(gap_minutes, owner="compare"),
        watched=min(span[1] + 1, end) if span else end,
    )
    how = Judging(
        measures=found,
        columns=COLUMNS + len(kinds),
        pre=bool(before),
        level=checked_level(level, owner="compare"),
        correction=correction,
        sequential=sequential,
        planned_users=planned_users,
    )
    return Question(scope, plan, how, sided, tuple(expected)).answer()


def _check(day: int, correction: str, planned_users: int) -> None:
    if isinstance(day, bool) or not isinstance(day, int) or not 1 <= day <= 3650:
        raise OptionError.of("retention_day", "compare", "an int in [1, 3650]", day)
    if correction not in CORRECTIONS:
        raise OptionError.of("correction", "compare", f"one of {[*CORRECTIONS]}", correction)
    if isinstance(planned_users, bool) or not isinstance(planned_users, int) or planned_users < 2:
        raise OptionError.of("planned_users", "compare", "an int of at least 2", planned_users)


def _bits(log: LogView, kinds: Sequence[str]) -> npt.NDArray[np.int64]:
    bits = np.zeros(len(log.event_types), np.int64)
    for kind, name in enumerate(kinds):
        bits[codes_of(log, name)] |= 1 << kind
    return bits


@dataclass(frozen=True)
class Question:
    """What was asked: enough to ask for users later."""

    scope: Scope
    plan: Plan
    how: Judging
    sided: Sided
    expected: tuple[float, ...]

    def answer(self) -> Comparison:
        """Ask the log, and judge what it found."""
        periods = len(self.plan.windows) == 2
        width = self.how.columns * (2 if periods or self.plan.pre else 1)
        asked = self.scope.ask(
            partial(measure_sides, self.plan),
            partial(merge_sides, width, 1 if periods else 2),
            columns=self.plan.columns,
            label="compare",
            log=self.scope.before,
        )
        counts = user_counts(asked.total, self.how.columns)
        both = len(self.users(2, None)) if periods else asked.total.both
        groups = judged(dict(asked.groups), self.how)
        split = sample_ratio(counts, self.expected) if self.sided.kind == "arms" else None
        return Comparison(
            sides=self.sided.names,
            frame=judged({"": asked.total}, self.how)[""],
            groups=stacked(groups) if self.scope.grouping else None,
            user_counts=counts,
            both_users=both,
            split_p_value=split,
            definition=definition_of(self.plan, self.how, self.sided, self.expected)
            | dict(self.scope.definition)
            | dict(asked.note),
            _question=self,
        )

    def users(self, side: int, group: str | None) -> list[str]:
        """List the users of a side: 0, 1, or 2 for both."""
        codes = self.scope.of(group, owner="Comparison").before.map(
            partial(users_of_side, self.plan, side),
            joined,
            columns=self.plan.columns,
            label="compare: users",
        )
        return sorted(self.scope.log.user_ids.strings(codes).to_pylist())
