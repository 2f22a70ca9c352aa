"""The profile of one user: tags with what stands behind them, measures, and the last events."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, text_table
from footfall.analytics.profile.everybody import definition_of
from footfall.analytics.profile.tagging import Tagged, tag_users
from footfall.analytics.profile.words import KINDS, VALUES
from footfall.analytics.scope import Between, scoped
from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Profile", "profile"]

_COLUMNS = ("event_type", "item", "quantity", "amount")


@dataclass(frozen=True, kw_only=True, repr=False)
class Profile(Answer):
    """The answer of :func:`profile`.

    Attributes
    ----------
    user_id : str
    frame : pa.Table
        One row a tag: tag, tag_zh, value, value_zh (string), confidence (float64), hits, trials
        (float64: the counts behind), base (share of the value over all users), evidence (string).
    measures : pa.Table
        One row a measure: measure (string), value (the user's), base (mean of all users);
        money in minor units, null where the user has nothing to measure.
    timeline : pa.Table
        The last events, in log order: timestamp, session (int64, 1 is the user's first),
        event_type, item_id, quantity, amount_minor.
    events : int
        All events of the user in scope.
    absent : mapping of str to str
        Tags that are not there, and why.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {}

    user_id: str
    frame: pa.Table
    measures: pa.Table
    timeline: pa.Table
    events: int
    absent: Mapping[str, str]
    groups: None = None
    definition: Mapping[str, str]

    def users(self) -> list[str]:
        """Give the user's id, as the one behind all numbers here."""
        return [self.user_id]

    def to_json(self) -> dict[str, Any]:
        """Give tags, measures, timeline and the definition as plain values."""
        rows = [
            {key: None if isinstance(v, float) and np.isnan(v) else v for key, v in row.items()}
            for row in self.frame.to_pylist()
        ]
        return {
            "user_id": self.user_id,
            "events": self.events,
            "tags": rows,
            "measures": self.measures.to_pylist(),
            "timeline": [
                row | {"timestamp": row["timestamp"].isoformat()}
                for row in self.timeline.to_pylist()
            ],
            "absent": dict(self.absent),
            "definition": dict(self.definition),
        }

    def plot(self) -> "go.Figure":
        """Draw the user's events over time, a line a type, with the tags above."""
        from footfall.analytics.profile.charts import draw_profile

        return draw_profile(self)

    def __str__(self) -> str:
        tags = text_table(self.frame.select(["tag", "value", "confidence", "evidence"]))
        when = [
            f"{moment:%Y-%m-%d %H:%M:%S}"
            for moment in self.timeline.column("timestamp").to_pylist()
        ]
        events = text_table(self.timeline.set_column(0, "timestamp", pa.array(when, pa.string())))
        missing = [f"no tag {kind}: {why}" for kind, why in self.absent.items()]
        return "\n".join(
            [f"{self.user_id}, {self.events:,} events", tags, *missing, "",
             f"last {self.timeline.num_rows:,} events", events]
        )  # fmt: skip


def profile(
    log: LogView,
    user_id: str,
    *,
    last: int = 20,
    at: Moment | None = None,
    least: float = 0.9,
    new_days: float = 14,
    gap_minutes: float = 30,
    discount: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    time_zone: str = "UTC",
) -> Profile:
    """Say what is known of one user, how sure it is, and what the user did last.

    Tags compare the user with all users, so all of the log in scope is read.

    Parameters
    ----------
    log : LogView
    user_id : str
    last : int, default=20
        Events of the timeline.
    at, least, new_days, gap_minutes, discount
        As in :func:`footfall.analytics.profile.profiles`.
    where, between, time_zone
        Count only a part of the log: see :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    Profile

    Raises
    ------
    OptionError
        If the log has never seen the user, or an option cannot be understood.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows(
    ...     [("ann", f"2026-01-{day:02}T23:00", "view", "kettle") for day in range(1, 21)]
    ...     + [("bob", f"2026-01-{day:02}T09:00", "view", "kettle") for day in range(1, 16)]
    ... )
    >>> ann = profile(log, "ann", last=1)
    >>> print(ann.frame.select(["tag", "value", "evidence"]).to_pylist()[3])
    {'tag': 'hours', 'value': 'evening', 'evidence': '20 of 20 sessions (100%); all users 57%'}
    """
    owner = "profile"
    if isinstance(last, bool) or not isinstance(last, int) or not 0 <= last <= 100_000:
        raise OptionError.of("last", owner, "an int in [0, 100,000]", last)
    scope = scoped(log, owner=owner, where=where, between=between, time_zone=time_zone)
    code = int(log.user_ids.codes([str(user_id)])[0])
    tagged = tag_users(
        scope.log, at=at, time_zone=time_zone, gap_minutes=gap_minutes, discount=discount,
        new_days=new_days, least=least, owner=owner,
    )  # fmt: skip
    place = int(np.searchsorted(tagged.users, code))
    if code < 0 or place >= len(tagged.users) or tagged.users[place] != code:
        raise _unseen(log, str(user_id))
    gap = gap_microseconds(gap_minutes, owner=owner)
    rows = scope.log.map(
        partial(_events_of, code, gap, tagged.measures.at),
        _found,
        columns=tuple(dict.fromkeys((*SESSION_COLUMNS, *_COLUMNS))),
        label=owner,
    )
    return Profile(
        user_id=str(user_id),
        frame=_tags(tagged, place),
        measures=_measures(tagged, place),
        timeline=_timeline(log, {name: column[len(column) - last :] for name, column in
                                 rows.items()} if last else {n: c[:0] for n, c in rows.items()}),
        events=len(rows["timestamp"]),
        absent=_absent(tagged, place),
        definition=definition_of(tagged, time_zone=time_zone, least=least) | scope.definition,
    )  # fmt: skip


def _unseen(log: LogView, user_id: str) -> OptionError:
    allowed = "a user with an event in scope"
    error = OptionError.of("user_id", "profile", allowed, user_id)
    if len(log.user_ids) > 50_000:  # comparing with everybody would take long
        return error
    near = difflib.get_close_matches(user_id, log.user_ids.strings().to_pylist(), n=3)
    return OptionError(f"{error} Did you mean {', '.join(map(repr, near))}?") if near else error


def _events_of(code: int, gap: int, at: int, chunk: UserChunk) -> dict[str, Array] | None:
    place = int(np.searchsorted(chunk.users, code))
    if place >= len(chunk.users) or chunk.users[place] != code:
        return None
    rows = slice(int(chunk.offsets[place]), int(chunk.offsets[place + 1]))
    rows = slice(
        rows.start,
        rows.start + int(np.searchsorted(chunk["timestamp"][rows], at, side="right")),
    )
    session = sessions_of(chunk, gap)[rows].astype(np.int64)
    session = session - session[:1].sum() + 1
    return {name: np.array(chunk[name][rows]) for name in ("timestamp", *_COLUMNS)} | {
        "session": session
    }


def _found(parts: list[dict[str, Array] | None]) -> dict[str, Array]:
    """Give the one part that has the user; no chunk has another."""
    nothing = {name: np.zeros(0, np.int64) for name in ("timestamp", "session", *_COLUMNS)}
    return next((part for part in parts if part is not None), nothing)


def _timeline(log: LogView, rows: Mapping[str, Array]) -> pa.Table:
    types = pa.array(log.event_types, pa.string())
    item = rows["item"]
    return pa.table(
        {
            "timestamp": pa.array(rows["timestamp"], pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            "session": pa.array(rows["session"], pa.int64()),
            "event_type": types.take(pa.array(rows["event_type"])),
            "item_id": log.item_ids.strings(item),
            "quantity": pa.array(rows["quantity"], pa.int64(), mask=rows["quantity"] == 0),
            "amount_minor": pa.array(rows["amount"], pa.int64(), mask=rows["amount"] == 0),
        }
    )


def _tags(tagged: Tagged, place: int) -> pa.Table:
    rows = []
    for kind, tag in tagged.tags.items():
        code = int(tag.codes[place])
        if code < 0:
            continue
        value = tag.words[code]
        rows.append(
            {
                "tag": kind,
                "tag_zh": KINDS[kind],
                "value": value,
                "value_zh": VALUES.get((kind, value), value),
                "confidence": float(tag.confidence[place]),
                "hits": float(tag.hits[place]),
                "trials": float(tag.trials[place]),
                "base": None if np.isnan(tag.base[place]) else float(tag.base[place]),
                "evidence": tag.evidence(place),
            }
        )
    numbers = ("confidence", "hits", "trials", "base")
    names = ("tag", "tag_zh", "value", "value_zh", *numbers, "evidence")
    return pa.table(
        {
            name: pa.array(
                [row[name] for row in rows], pa.float64() if name in numbers else pa.string()
            )
            for name in names
        }
    )


def _absent(tagged: Tagged, place: int) -> dict[str, str]:
    absent = dict(tagged.absent)
    for kind, tag in tagged.tags.items():
        if tag.codes[place] < 0:
            sure = tag.confidence[place]
            absent[kind] = "nothing to go by" if np.isnan(sure) else f"not sure enough ({sure:.2f})"
    return absent


def _measures(tagged: Tagged, place: int) -> pa.Table:
    names = tagged.measures.names
    values = [float(tagged.measures.raw[name][place]) for name in names]
    bases = [_mean(tagged.measures.raw[name]) for name in names]
    return pa.table(
        {
            "measure": pa.array(names, pa.string()),
            "value": pa.array(values, pa.float64(), mask=np.isnan(values)),
            "base": pa.array(bases, pa.float64(), mask=np.isnan(bases)),
        }
    )


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
