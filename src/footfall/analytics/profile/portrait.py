"""The portrait of a segment: what sets it apart from the whole base, with significance and TGI."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.profile.everybody import definition_of, group_users
from footfall.analytics.profile.tagging import Tagged, tag_users
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.fields import property_columns
from footfall.analytics.scope.segments import Segment, members_of, segment_named
from footfall.analytics.segment.measures import MEASURES
from footfall.analytics.segment.naming import evidence_of
from footfall.analytics.significance import benjamini_hochberg, two_proportions
from footfall.errors import NotEnoughDataError, OptionError
from footfall.events.columns import USER_ID
from footfall.events.moments import Moment
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Portrait", "portrait"]

Mask = npt.NDArray[np.bool_]
_MOST_VALUES = 50  # of a user column: with more it is an id, not a property
_FEWEST = 5  # users in the segment or outside who have a value: below, chance speaks
_SHOWN = 20


@dataclass(frozen=True, kw_only=True, repr=False)
class Portrait(Answer):
    """The answer of :func:`portrait`.

    Attributes
    ----------
    segment : str
    frame : pa.Table
        One row a measure, tag or property, the most telling first: kind ("measure", "tag",
        "property"), name, value (string; null for measures), segment_users, base_users (int64:
        with the value, or with something to measure), segment_value, base_value (share of users,
        or mean; money in major units), lift (their ratio less 1), tgi (100 times their ratio),
        effect (in standard deviations: of the scaled measure, or Cohen's h of two shares),
        effect_low, effect_high
        (95 %), p_value, p_adjusted (Benjamini-Hochberg), significant (bool: p_adjusted < 0.05).
    size, total : int
        Users of the segment, and of the base.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"lift": "share"}

    segment: str
    frame: pa.Table
    size: int
    total: int
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, name: str, value: str | None = None, *, group: str | None = None) -> list[str]:
        """List the users of the segment behind a row: as many as its segment_users.

        Parameters
        ----------
        name : str
            Of a measure, tag or property.
        value : str, optional
            Of the tag or property.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such row or group.
        """
        return self._question.users(name, value, group)

    def to_json(self) -> dict[str, Any]:
        """Give the rows and the definition as plain values."""
        answer: dict[str, Any] = {
            "segment": self.segment,
            "size": self.size,
            "total": self.total,
            "rows": _plain(self.frame),
        }
        if self.groups is not None:
            answer["groups"] = _plain(self.groups)
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the most telling differences, each with its interval and TGI."""
        from footfall.analytics.profile.charts import draw_portrait

        return draw_portrait(self)

    def __str__(self) -> str:
        shown = ["name", "value", "segment_value", "base_value", "tgi", "effect", "p_adjusted"]
        clear = self.frame.filter(self.frame.column("significant")).select(shown)
        head = (
            f"{self.segment}: {self.size:,} of {self.total:,} users;"
            f" {clear.num_rows:,} of {self.frame.num_rows:,} differences are significant"
        )
        return f"{head}\n{text_table(clear.slice(0, _SHOWN))}" if clear.num_rows else head


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    return [
        {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()}
        for row in table.to_pylist()
    ]


def portrait(
    log: LogView,
    segment: str | Segment,
    *,
    at: Moment | None = None,
    least: float = 0.9,
    new_days: float = 14,
    gap_minutes: float = 30,
    discount: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Portrait:
    """Compare a segment with the whole base in every measure, tag and property of users.

    Parameters
    ----------
    log : LogView
    segment : str or Segment
        A str is the name of a saved one.
    at : str, datetime or int, optional
        The moment to look from. None: the last event in scope.
    least, new_days, gap_minutes, discount
        Of tags: as in :func:`footfall.analytics.profile.profiles`.
    by, where, between, top, time_zone
        Break down, and count only a part of the log: see
        :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    Portrait

    Raises
    ------
    OptionError
        If the segment or an option cannot be understood.
    NotEnoughDataError
        If nobody is in the segment, or everybody.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> rows = [
    ...     (f"u{user}", f"2026-01-{day:02}T{'23' if user < 10 else '09'}:00", "view", "kettle")
    ...     for user in range(40) for day in range(1 + user % 5, 12 + user % 4)
    ... ]
    >>> answer = portrait(
    ...     MemoryLog.from_rows(rows), Segment("late", users=[f"u{n}" for n in range(10)])
    ... )
    >>> row = answer.frame.to_pylist()[0]
    >>> row["name"], round(row["tgi"])
    ('evening_share', 408)
    """
    owner = "portrait"
    scope = scoped(
        log, owner=owner, where=where, between=between, by=by, top=top, time_zone=time_zone
    )
    found = segment_named(log, segment) if isinstance(segment, str) else segment
    tagged = tag_users(
        scope.log, at=at, time_zone=time_zone, gap_minutes=gap_minutes, discount=discount,
        new_days=new_days, least=least, owner=owner,
    )  # fmt: skip
    members = members_of(scope.log, found, tagged.measures.at, time_zone=time_zone)
    inside = members[tagged.users]
    if not inside.any() or inside.all():
        who = "everybody" if inside.any() else "nobody"
        raise NotEnoughDataError(
            f"A portrait compares a segment with the others; {who} is in {found.name!r}."
        )
    definition = definition_of(tagged, time_zone=time_zone, least=least) | {
        "unit": "users with an event in scope; tests compare the segment with all other users,"
        " lift and TGI with all users, the segment among them",
        "segment": f"{found.name}: {found.rule or 'a list of users'}",
    }
    question = _Question(scope, tagged, inside, group_users(scope), _properties(log, tagged))
    return question.answer(found.name, definition | scope.definition)


def _properties(
    log: LogView, tagged: Tagged
) -> dict[str, tuple[tuple[str, ...], npt.NDArray[np.int32]]]:
    """Give the columns of the user table that have few values: words, and a code a user."""
    table = log.users
    found: dict[str, tuple[tuple[str, ...], npt.NDArray[np.int32]]] = {}
    if table is None:
        return found
    codes = log.user_ids.codes(table.column(USER_ID).cast(pa.string()))
    for name in property_columns(table, USER_ID):
        text = table.column(name).combine_chunks().cast(pa.string()).to_pylist()
        words = tuple(sorted({word for word in text if word and word.strip()}))
        if not 1 < len(words) <= _MOST_VALUES:
            continue
        places = {word: place for place, word in enumerate(words)}
        of_user = np.full(len(log.user_ids), -1, np.int32)
        of_row = np.array([places.get(word, -1) for word in text], np.int32)
        of_user[codes[codes >= 0]] = of_row[codes >= 0]
        found[name] = (words, of_user[tagged.users])
    return found


@dataclass(frozen=True)
class _Question:
    scope: Scope
    tagged: Tagged
    inside: Mask
    groups: dict[str, npt.NDArray[np.int32]]
    properties: dict[str, tuple[tuple[str, ...], npt.NDArray[np.int32]]]

    def answer(self, name: str, definition: dict[str, str]) -> Portrait:
        everybody = np.ones(len(self.inside), np.bool_)
        return Portrait(
            segment=name,
            frame=self._frame(everybody),
            size=int(self.inside.sum()),
            total=len(self.inside),
            groups=stacked({group: self._frame(self._base(group)) for group in self.groups}),
            definition=definition,
            _question=self,
        )

    def _base(self, group: str | None) -> Mask:
        if group is None:
            return np.ones(len(self.inside), np.bool_)
        if group not in self.groups:
            allowed = (
                f"one of {list(self.groups)}" if self.groups else "None: there is no breakdown"
            )
            raise OptionError.of("group", "Portrait", allowed, group)
        return np.isin(self.tagged.users, self.groups[group])

    def _coded(self) -> list[tuple[str, str, tuple[str, ...], npt.NDArray[np.int32]]]:
        """List what users have one value of: kind, name, words and a code a user."""
        tags = [("tag", name, tag.words, tag.codes) for name, tag in self.tagged.tags.items()]
        return tags + [("property", name, *pair) for name, pair in self.properties.items()]

    def _frame(self, base: Mask) -> pa.Table:
        rows = [*self._measure_rows(base), *self._share_rows(base)]
        adjusted = benjamini_hochberg([row["p_value"] for row in rows])
        for row, p_adjusted in zip(rows, adjusted, strict=True):
            row["p_adjusted"] = float(p_adjusted)
            row["significant"] = bool(p_adjusted < 0.05)
        rows.sort(key=lambda row: (-_weight(row), row["name"], row["value"] or ""))
        words = ("kind", "name", "value")
        types = dict.fromkeys(words, pa.string()) | {"significant": pa.bool_()}
        types |= dict.fromkeys(("segment_users", "base_users"), pa.int64())
        return pa.table(
            {n: pa.array([row[n] for row in rows], types.get(n, pa.float64())) for n in _NAMES}
        )

    def _measure_rows(self, base: Mask) -> list[dict[str, Any]]:
        measures = self.tagged.measures
        names = [name for name in measures.names if np.any(measures.scaled(name) != 0)]
        rows = []
        for each in evidence_of(measures, self.inside, names, base=base):
            known = ~np.isnan(measures.raw[each.measure]) & base
            ratio = each.mean / each.base if each.base else np.nan
            scale = 100.0 if each.measure in _MONEY else 1.0
            rows.append(
                {
                    "kind": "measure", "name": each.measure, "value": None,
                    "segment_users": int((known & self.inside).sum()),
                    "base_users": int(known.sum()),
                    "segment_value": each.mean / scale, "base_value": each.base / scale,
                    "lift": ratio - 1, "tgi": 100 * ratio,
                    "effect": each.difference, "effect_low": each.low, "effect_high": each.high,
                    "p_value": each.p_value,
                }
            )  # fmt: skip
        return rows

    def _share_rows(self, base: Mask) -> list[dict[str, Any]]:
        mine, rest = base & self.inside, base & ~self.inside
        n1, n2 = int(mine.sum()), int(rest.sum())
        rows = []
        for kind, name, words, codes in self._coded():
            s1 = np.bincount(codes[mine & (codes >= 0)], minlength=len(words))
            s2 = np.bincount(codes[rest & (codes >= 0)], minlength=len(words))
            rows += [
                _share_row(kind, name, words[at], int(s1[at]), n1, int(s2[at]), n2)
                for at in np.flatnonzero(s1 + s2 >= _FEWEST).tolist()
            ]
        return rows

    def users(self, name: str, value: str | None, group: str | None) -> list[str]:
        mine = self.inside & self._base(group)
        coded = {each: (words, codes) for _, each, words, codes in self._coded()}
        if name in self.tagged.measures.raw and value is None:
            mine &= ~np.isnan(self.tagged.measures.raw[name])
        elif name in coded and (value is None or value in coded[name][0]):
            words, codes = coded[name]
            mine &= codes >= 0 if value is None else codes == words.index(value)
        else:
            known = [*self.tagged.measures.raw, *coded]
            raise OptionError.of("name", "Portrait", f"one of {known}", (name, value))
        return sorted(self.scope.base.user_ids.strings(self.tagged.users[mine]).to_pylist())


_MONEY = frozenset(measure.name for measure in MEASURES if measure.kind == "money")
_NAMES = (
    "kind", "name", "value", "segment_users", "base_users", "segment_value", "base_value", "lift",
    "tgi", "effect", "effect_low", "effect_high", "p_value", "p_adjusted", "significant",
)  # fmt: skip


def _weight(row: dict[str, Any]) -> float:
    """How telling: the part of the effect that is beyond doubt."""
    low, high = row["effect_low"], row["effect_high"]
    if not np.isfinite(low) or not np.isfinite(high):
        return 0.0
    return max(low, -high, 0.0) + 1e-6 * abs(row["effect"])


def _share_row(
    kind: str, name: str, value: str, s1: int, n1: int, s2: int, n2: int
) -> dict[str, Any]:
    """Compare the share of a value in the segment with that of the others and of the base."""
    share, everybody = s1 / max(n1, 1), (s1 + s2) / max(n1 + n2, 1)
    ratio = share / everybody if everybody else np.nan
    # Cohen's h; half an observation either way keeps shares of 0 and 1 from infinite certainty.
    near = [(s + 0.5) / (n + 1) for s, n in ((s1, n1), (s2, n2))]
    effect = 2 * float(np.arcsin(np.sqrt(near[0])) - np.arcsin(np.sqrt(near[1])))
    error = float(np.sqrt(1 / max(n1, 1) + 1 / max(n2, 1)))
    p_value = float(two_proportions(s1, n1, s2, n2)[3]) if n1 and n2 else 1.0
    return {
        "kind": kind, "name": name, "value": value,
        "segment_users": s1, "base_users": s1 + s2,
        "segment_value": share, "base_value": everybody, "lift": ratio - 1, "tgi": 100 * ratio,
        "effect": effect, "effect_low": effect - 1.96 * error, "effect_high": effect + 1.96 * error,
        "p_value": p_value,
    }  # fmt: skip
