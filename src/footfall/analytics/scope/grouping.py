"""Breakdowns: a field's values as groups of rows, the large ones by name, the rest as one."""

import dataclasses
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.scope.fields import Field, field_named
from footfall.analytics.scope.split import first_known, users_of_groups
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of
from footfall.store.view import LogView

__all__ = ["NONE", "OTHER", "Grain", "Grouping", "grouping_by"]

Grain = Literal["event", "session", "user"]
NONE = "(none)"
OTHER = "(other)"
_GRAINS = {
    "event": "each event is in the group of its own value",
    "session": "each session is in the group of the first value its events have",
    "user": "each user is in the group of the first value the user's events have",
}


@dataclass(frozen=True)
class Grouping:
    """Groups of a chunk's rows.

    Parameters
    ----------
    by : str
        The field asked for.
    field : Field
    grain : "event", "session" or "user"
        How a row gets its group: by its own value, or by the first known one of its session or
        user.
    gap : int
        Microseconds of silence that end a session.
    names : tuple of str
        Names of the groups, most users first, then "(other)", then "(none)".
    """

    by: str
    field: Field
    grain: Grain
    gap: int
    names: tuple[str, ...] = ()
    _kept: pa.Array = dataclasses.field(
        default_factory=lambda: pa.array([], pa.string()), compare=False
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        sessions = SESSION_COLUMNS if self.grain == "session" else ()
        return (*self.field.columns, *sessions)

    @property
    def definition(self) -> str:
        """What the groups are, in words."""
        whose = "each user is in one group" if self.field.of_user else _GRAINS[self.grain]
        return f"{self.by}; {whose}"

    def groups(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        """Give the group of each row, shape (N,); -1: in none."""
        codes = self._codes(chunk)
        values = texts(self.field.values(chunk))
        place = {name: at for at, name in enumerate(self.names)}
        rest = place.get(OTHER, -1)
        found = pc.index_in(values, value_set=self._kept).fill_null(rest)
        table = np.append(found.to_numpy(zero_copy_only=False), place.get(NONE, -1))
        return table.astype(np.int32)[codes]

    def _codes(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        codes = np.ascontiguousarray(self.field.codes(chunk), np.int32)
        if self.grain == "event" or self.field.of_user:
            return codes
        if self.grain == "session":
            run = sessions_of(chunk, self.gap)
            return first_known(run, codes, int(run.max(initial=-1)) + 1)
        users = len(chunk.users)
        run = np.repeat(np.arange(users, dtype=np.int32), np.diff(chunk.offsets))
        return first_known(run, codes, users)

    def counted(self, chunk: UserChunk) -> pa.Table:
        """Count a chunk's users by value: columns value (null: none) and users."""
        codes = self._codes(chunk)
        values = texts(self.field.values(chunk))
        missing = len(values)
        users = users_of_groups(chunk, np.where(codes < 0, missing, codes), missing + 1)
        names = pa.concat_arrays([values, pa.array([None], pa.string())])
        used = users > 0
        return pa.table({"value": names.filter(pa.array(used)), "users": users[used]})

    def largest(self, users: pa.Table, top: int) -> "Grouping":
        """Name the groups with most users; "(none)" is always apart, and last.

        Parameters
        ----------
        users : pa.Table
            Columns value (a value once, null for none) and users.
        top : int
        """
        given = users.filter(pc.is_valid(users.column("value")))
        order = [("users", "descending"), ("value", "ascending")]
        values = given.sort_by(order).column("value").to_pylist()
        named = [value for value in values if value not in {NONE, OTHER}]
        names = named[:top]
        names += [OTHER] if len(values) > len(names) else []
        names += [NONE] if users.num_rows > given.num_rows else []
        kept = pa.array(named[:top], pa.string())
        return replace(self, names=tuple(names), _kept=kept)


def texts(values: pa.Array) -> pa.Array:
    """Write values as the names of groups: 3 rather than 3.0."""
    if pa.types.is_floating(values.type):
        return pa.array([f"{value:.15g}" for value in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def grouping_by(
    log: LogView,
    by: str,
    *,
    top: int,
    grain: Grain,
    gap: int,
    owner: str,
    time_zone: str = "UTC",
) -> Grouping:
    """Find the groups of a breakdown in a log: those with most users keep their name.

    Raises
    ------
    OptionError
        If there is no such field, or ``top`` is below 1.
    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise OptionError.of("top", owner, "an int of at least 1", top)
    found = field_named(log, by, owner=owner, option="by", time_zone=time_zone)
    grouping = Grouping(by, found, grain, gap)
    users = log.map(
        partial(Grouping.counted, grouping),
        _summed,
        columns=tuple(dict.fromkeys(grouping.columns)),
        label=f"{owner}: groups",
    )
    return grouping.largest(users, top)


def _summed(parts: list[pa.Table]) -> pa.Table:
    empty = pa.table({"value": pa.array([], pa.string()), "users": pa.array([], pa.int64())})
    whole = pa.concat_tables([empty, *parts]).group_by("value").aggregate([("users", "sum")])
    return whole.rename_columns({"users_sum": "users"})
