"""Which channels bring conversions: one set of paths, seven models, intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from footfall.analytics.answer import stacked
from footfall.analytics.attribution.answer import NO_TOUCH, Attribution
from footfall.analytics.attribution.credit import (
    MODELS,
    Crediting,
    credit_table,
    folded,
    top_channels,
)
from footfall.analytics.attribution.journeys import Journeys, measure_paths, users_of_channels
from footfall.analytics.attribution.options import (
    checked_models,
    checked_numbers,
    ends_of,
    touch_of,
)
from footfall.analytics.attribution.paths import Paths, merge_paths, total_of
from footfall.analytics.attribution.words import definition_of
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.fields import field_named
from footfall.analytics.scope.grouping import OTHER
from footfall.analytics.significance.proportions import checked_level
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.events.durations import parse_duration
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.analytics.segment import Segment

__all__ = ["Question", "attribution"]

_EVER = -(1 << 62)
_VALUES = ("conversions", "money")
_PER = ("session", "event")


def attribution(
    log: LogView,
    *,
    conversion: str = "purchase",
    touch: str | None = None,
    by: str = "channel",
    model: str | Sequence[str] = MODELS,
    lookback: str | timedelta = "30d",
    half_life: str | timedelta = "7d",
    position: Sequence[float | Fraction] = (0.4, 0.2, 0.4),
    order: int = 1,
    value: Literal["conversions", "money"] = "conversions",
    per: Literal["session", "event"] = "session",
    since_previous: bool = True,
    direct: str | None = None,
    longest: int = 50,
    gap_minutes: float = 30,
    draws: int = 200,
    level: float = 0.95,
    seed: int = 0,
    breakdown: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 12,
    time_zone: str = "UTC",
) -> Attribution:
    """Share out conversions among the channels whose touches came before them.

    All models see the same paths: the touches of a user within the lookback before a conversion.
    What a model says is credit, not cause: see the page docs/attribution.md.

    Parameters
    ----------
    log : LogView
    conversion : str, default="purchase"
        Event types ("checkout|purchase") that convert.
    touch : str, optional
        Which events are touches: event types ("view|click"), or an expression about events
        ("channel != 'direct'"). By default every event that has the field of ``by``.
    by : str, default="channel"
        What gets the credit: any field of events, items or users; "ad" is the ad shown.
    model : str or sequence of str
        One or several of "last", "first", "linear", "time_decay", "position", "markov", "shapley".
    lookback : str or timedelta, default="30d"
        How long before a conversion touches count, inclusive.
    half_life : str or timedelta, default="7d"
        "time_decay": a touch this much older than the last one weighs half.
    position : three numbers, default=(0.4, 0.2, 0.4)
        "position": shares of the first touch, all between, and the last; they add up to 1.
    order : 1, 2 or 3, default=1
        "markov": touches a state remembers.
    value : "conversions" or "money", default="conversions"
        What the shares are of. The table has both credits anyway.
    per : "session" or "event", default="session"
        Conversion events of one session are one conversion (an order), or each is one.
    since_previous : bool, default=True
        A conversion uses up the touches before it; otherwise later ones may count them again.
    direct : str, optional
        Channels ("direct|organic") that count only where no other is in the path.
    longest : int, default=50
        Of a longer path only the last so many touches count.
    gap_minutes : float, default=30
        Silence that ends a session where none is given.
    draws : int, default=200
        Draws behind the intervals; 0 leaves them out.
    level : float, default=0.95
        Of the intervals.
    seed : int, default=0
        Of the draws.
    breakdown : str, optional
        A field whose values are groups of users.
    where, between, segment
        What counts. With ``between``, paths that end in the period; their touches may be older.
    top : int, default=12
        Channels (and groups) that keep their name; the rest is "(other)".
    time_zone : str, default="UTC"
        Of days in ``between`` and in expressions.

    Returns
    -------
    Attribution

    Raises
    ------
    OptionError
        If an option is not as above, or names what the log has never seen.

    Examples
    --------
    >>> from footfall.events.simulate import SimulateOptions, simulate
    >>> from footfall.store.memory import MemoryLog
    >>> shop = simulate(SimulateOptions(users=150, days=40, seed=4))
    >>> log = MemoryLog.from_events(shop.events)
    >>> answer = attribution(log, model="last", draws=0)
    >>> sum(answer.frame["credit"].to_pylist()) == answer.conversions
    True
    """
    models, ends = checked_models(model), ends_of(position)
    checked_numbers(order=order, longest=longest, draws=draws, top=top, seed=seed)
    for name, got, words in (("value", value, _VALUES), ("per", per, _PER)):
        if got not in words:
            raise OptionError.of(name, "attribution", f"one of {[*words]}", got)
    scope = scoped(
        log,
        owner="attribution",
        where=where,
        between=between,
        segment=segment,
        by=breakdown,
        top=top,
        time_zone=time_zone,
    )
    by = "action" if by == "ad" and "ad" not in log.property_keys() else by
    sale = np.zeros(len(log.event_types), bool)
    sale[codes_of(log, conversion)] = True
    touched, types = touch_of(log, touch, time_zone)
    journeys = Journeys(
        field=field_named(log, by, owner="attribution", option="by", time_zone=time_zone),
        touch=touched,
        touch_types=types,
        sale=sale,
        each_event=per == "event",
        gap=gap_microseconds(gap_minutes, owner="attribution"),
        direct=tuple(name.strip() for name in direct.split("|")) if direct else (),
        lookback=parse_duration(lookback, option="lookback", owner="attribution", least=0),
        half_life=parse_duration(half_life, option="half_life", owner="attribution"),
        since_previous=since_previous,
        longest=longest,
        start=scope.period.start if scope.period else _EVER,
        seed=seed,
    )
    how = Crediting(
        models=models,
        ends=ends,
        order=order,
        money=value == "money",
        draws=draws,
        level=checked_level(level, owner="attribution"),
        seed=seed,
    )
    said = {"conversion": conversion, "touch": touch or "", "by": by}
    return Question(scope, journeys, how, said, top).answer()


@dataclass(frozen=True)
class Question:
    """What was asked: enough to ask for users later."""

    scope: Scope
    journeys: Journeys
    how: Crediting
    said: Mapping[str, str]
    top: int
    names: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()  # channels that keep their name
    every: frozenset[str] = frozenset()  # all channels

    def answer(self) -> Attribution:
        """Ask the log, and credit what it found."""
        asked = self.scope.ask(
            partial(measure_paths, self.journeys),
            merge_paths,
            columns=self.journeys.columns,
            label="attribution",
            log=self.scope.before,
        )
        names = top_channels(asked.total, self.top)
        mine = replace(
            self, names=names, named=frozenset(names), every=frozenset(asked.total.words)
        )
        paths = mine.complete(folded(asked.total, names), None)
        frames = {
            group: credit_table(mine.complete(folded(found, names), group), self.how)
            for group, found in asked.groups.items()
        }
        conversions, money, untouched, untouched_money = total_of(paths)
        note = dict(asked.note)
        if not note and conversions + untouched == 0:
            note = {"note": "no conversion is in scope: all credit is 0"}
        return Attribution(
            frame=credit_table(paths, self.how),
            groups=stacked(frames) if self.scope.grouping else None,
            conversions=conversions,
            money_minor=money,
            untouched_conversions=untouched,
            untouched_money_minor=untouched_money,
            definition=definition_of(self.journeys, self.how, self.said, len(names))
            | dict(self.scope.definition)
            | note,
            _found=paths,
            _question=mine,
        )

    def complete(self, paths: Paths, group: str | None) -> Paths:
        """Count the users of "(other)": they are not the sum of its channels' users."""
        if OTHER not in self.names or paths.users[self.names.index(OTHER)] >= 0:
            return paths
        users, converted = paths.users.copy(), paths.converted_users.copy()
        at = self.names.index(OTHER)
        users[at] = len(self.users(OTHER, converted=False, group=group))
        converted[at] = len(self.users(OTHER, converted=True, group=group))
        return replace(paths, users=users, converted_users=converted)

    def users(self, channel: str, *, converted: bool, group: str | None) -> list[str]:
        """List the users with a touch of a channel; see :meth:`.answer.Attribution.users`."""
        wanted: frozenset[str] | None = frozenset([channel])
        if channel == OTHER:
            wanted = (self.every - self.named) | {OTHER}
        elif channel == NO_TOUCH:
            wanted = None
        scope = self.scope.of(group, owner="Attribution")
        codes = scope.before.map(
            partial(users_of_channels, self.journeys, wanted, converted),
            joined,
            columns=self.journeys.columns,
            label="attribution: users",
        )
        return sorted(scope.log.user_ids.strings(codes).to_pylist())
