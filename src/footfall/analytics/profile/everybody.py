"""Profiles of all users: a table of tags, each with its confidence, and how common each is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.profile.tagging import Tagged, tag_users
from footfall.analytics.profile.words import KINDS, VALUES
from footfall.analytics.scope import Between, Scope, nothing_in, scoped
from footfall.analytics.scope.segments import Segment
from footfall.errors import OptionError
from footfall.events.moments import Moment, shown_moment
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Profiles", "definition_of", "group_users", "profiles"]

_SHOWN = 8  # values of a tag in the printed table


@dataclass(frozen=True, kw_only=True, repr=False)
class Profiles(Answer):
    """The answer of :func:`profiles`.

    Attributes
    ----------
    frame : pa.Table
        One row a tag and value, the most common first within a kind: tag, tag_zh, value, value_zh
        (string), users (int64), share (of all users), confidence (mean of those who have it).
    table : pa.Table
        One row a user, in order of user_id: user_id, then for each kind its value (string, null:
        nothing sure enough) and ``<kind>_confidence``.
    total : int
        Users.
    absent : mapping of str to str
        Kinds of tags the log cannot give, and why.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    total: int
    absent: Mapping[str, str]
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    @property
    def table(self) -> pa.Table:
        """One row a user."""
        return self._question.table()

    def users(self, tag: str, value: str | None = None, *, group: str | None = None) -> list[str]:
        """List the users that have a tag, as many as the table says.

        Parameters
        ----------
        tag : str
            Its kind, such as "hours".
        value : str, optional
            Such as "night"; None: any.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such tag, value or group.
        """
        return self._question.users(tag, value, group)

    def to_json(self) -> dict[str, Any]:
        """Give how common each tag is, and the definition; the users are in ``table``."""
        answer: dict[str, Any] = {
            "total": self.total,
            "tags": self.frame.to_pylist(),
            "absent": dict(self.absent),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw how common the values of each tag are: a bar a kind."""
        from footfall.analytics.profile.charts import draw_profiles

        return draw_profiles(self)

    def __str__(self) -> str:
        shown = ["tag", "value", "users", "share", "confidence"]
        kept, seen = [], dict.fromkeys(KINDS, 0)
        for row, kind in enumerate(self.frame.column("tag").to_pylist()):
            seen[kind] += 1
            if seen[kind] <= _SHOWN:
                kept.append(row)
        text = text_table(self.frame.select(shown).take(pa.array(kept, pa.int64())),
                          formats=self.FORMATS)  # fmt: skip
        missing = [f"no tag {kind}: {why}" for kind, why in self.absent.items()]
        return "\n".join([f"{self.total:,} users", text, *missing])


def definition_of(tagged: Tagged, *, time_zone: str, least: float) -> dict[str, str]:
    """Say what tags mean, for the definition of an answer."""
    return {
        "unit": "users with an event in scope",
        "window": f"events up to {shown_moment(tagged.measures.at)}",
        "order": "timestamp",
        "ties": "of values met equally often, the first in the alphabet",
        "time_zone": f"{time_zone}, for hours and weekends",
        "confidence": f"at least {least:g} that the user's share lies above that of all users"
        " (score test with continuity correction), from five observations on; life stage and"
        " tempo: the most likely class, at least 0.5",
        "life_stage": "silence against the user's own mean gap between visits, mixed with one"
        " usual gap: active to 2 gaps, slipping to 4, dormant to 8, then lost",
        "value": "money of purchases: the first fifth of buyers, the next three tenths, the rest",
    }


def profiles(
    log: LogView,
    *,
    at: Moment | None = None,
    least: float = 0.9,
    new_days: float = 14,
    gap_minutes: float = 30,
    discount: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Profiles:
    """Tag every user: life stage, value, tempo, tastes, hours, each with its confidence.

    Parameters
    ----------
    log : LogView
    at : str, datetime or int, optional
        The moment to look from; later events do not count. None: the last event in scope.
    least : float, default=0.9
        Confidence below which nothing is said of tastes, hours, prices and discounts.
    new_days : float, default=14
        Users first seen at most so long ago are new.
    gap_minutes : float, default=30
        Silence that ends a session where none is given.
    discount : str, optional
        The property of purchases that names a discount: see
        :func:`footfall.analytics.segment.measures.measure_users`.
    by, where, between, segment, top, time_zone
        Break down, and count only a part of the log: see
        :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    Profiles

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows(
    ...     [("ann", f"2026-01-{day:02}T23:00", "view", "kettle") for day in range(1, 21)]
    ...     + [("bob", f"2026-01-{day:02}T09:00", "view", "kettle") for day in range(1, 16)]
    ... )
    >>> answer = profiles(log)
    >>> answer.users("hours", "evening"), answer.users("life_stage", "dormant")
    (['ann'], ['bob'])
    """
    owner = "profiles"
    scope = scoped(
        log, owner=owner, where=where, between=between, segment=segment, by=by, top=top,
        time_zone=time_zone,
    )  # fmt: skip
    tagged = tag_users(
        scope.log, at=at, time_zone=time_zone, gap_minutes=gap_minutes, discount=discount,
        new_days=new_days, least=least, owner=owner,
    )  # fmt: skip
    definition = definition_of(tagged, time_zone=time_zone, least=least) | scope.definition
    definition |= nothing_in(scope.log, len(tagged.users))
    return _Question(scope, tagged, group_users(scope)).answer(definition)


def _codes(chunk: UserChunk) -> npt.NDArray[np.int32]:
    return chunk.users[np.diff(chunk.offsets) > 0]


def _joined(parts: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    return np.sort(np.concatenate([np.zeros(0, np.int32), *parts]))


def group_users(scope: Scope) -> dict[str, npt.NDArray[np.int32]]:
    """Give the codes of the users of each group of a breakdown, ascending."""
    if scope.grouping is None:
        return {}
    return dict(scope.ask(_codes, _joined, columns=("timestamp",), label="groups").groups)


@dataclass(frozen=True)
class _Question:
    scope: Scope
    tagged: Tagged
    groups: dict[str, npt.NDArray[np.int32]]

    def answer(self, definition: dict[str, str]) -> Profiles:
        everybody = np.ones(len(self.tagged.users), np.bool_)
        return Profiles(
            frame=self._frame(everybody),
            total=len(self.tagged.users),
            absent=self.tagged.absent,
            groups=stacked({name: self._frame(self._inside(name)) for name in self.groups}),
            definition=definition,
            _question=self,
        )

    def _inside(self, group: str | None) -> npt.NDArray[np.bool_]:
        if group is None:
            return np.ones(len(self.tagged.users), np.bool_)
        if group not in self.groups:
            allowed = (
                f"one of {list(self.groups)}" if self.groups else "None: there is no breakdown"
            )
            raise OptionError.of("group", "Profiles", allowed, group)
        return np.isin(self.tagged.users, self.groups[group])

    def _frame(self, inside: npt.NDArray[np.bool_]) -> pa.Table:
        total = max(int(inside.sum()), 1)
        rows: list[tuple[str, str, str, str, int, float, float]] = []
        for kind, tag in self.tagged.tags.items():
            mine = inside & (tag.codes >= 0)
            counts = np.bincount(tag.codes[mine], minlength=len(tag.words))
            sure = np.bincount(tag.codes[mine], tag.confidence[mine], minlength=len(tag.words))
            for place in sorted(np.flatnonzero(counts).tolist(), key=lambda at: (-counts[at], at)):
                value = tag.words[place]
                rows.append(
                    (kind, KINDS[kind], value, VALUES.get((kind, value), value),
                     int(counts[place]), counts[place] / total, sure[place] / counts[place])
                )  # fmt: skip
        names = ("tag", "tag_zh", "value", "value_zh", "users", "share", "confidence")
        types = [*[pa.string()] * 4, pa.int64(), pa.float64(), pa.float64()]
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})

    def table(self) -> pa.Table:
        ids = self.scope.base.user_ids.strings(self.tagged.users)
        columns: dict[str, Any] = {"user_id": ids}
        for kind, tag in self.tagged.tags.items():
            columns[kind] = self.tagged.column(kind)
            sure = tag.confidence
            columns[f"{kind}_confidence"] = pa.array(sure, mask=np.isnan(sure))
        return pa.table(columns).sort_by("user_id")

    def users(self, kind: str, value: str | None, group: str | None) -> list[str]:
        mine = self.tagged.holders(kind, value, owner="Profiles") & self._inside(group)
        return sorted(self.scope.base.user_ids.strings(self.tagged.users[mine]).to_pylist())
