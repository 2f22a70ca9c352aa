"""Lists of users for marketing tools: CSV, JSON or JSON lines."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.scope.segments import Segment, members_of, segment_named
from footfall.analytics.segment.measures import MEASURES, Measures, measure_users
from footfall.errors import OptionError, StoreError
from footfall.events.columns import USER_ID
from footfall.events.moments import Moment
from footfall.store.view import LogView

__all__ = ["Exported", "Format", "export_segment", "write_table"]

Format = Literal["csv", "json", "jsonl"]
# A spreadsheet takes a cell that begins so for a formula (full-width signs, too).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MEASURES = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : str
    users : int
        Rows.
    columns : tuple of str
    guarded : int
        Text cells of a CSV file that got an apostrophe before them, so that no spreadsheet takes
        them for a formula.
    """

    path: str
    users: int
    columns: tuple[str, ...]
    guarded: int

    def __str__(self) -> str:
        note = f"; {self.guarded:,} cells guarded against formulas" if self.guarded else ""
        return f"{self.users:,} users in {self.path} ({', '.join(self.columns)}){note}"

    def to_json(self) -> dict[str, Any]:
        """Give the same as plain values."""
        return {
            "path": self.path, "users": self.users, "columns": list(self.columns),
            "guarded": self.guarded,
        }  # fmt: skip


def export_segment(
    log: LogView,
    segment: str | Segment,
    path: str | Path,
    *,
    format: Format = "csv",  # noqa: A002  # the word people use
    columns: Sequence[str] = (),
    bom: bool = False,
    guard: bool = True,
    at: Moment | None = None,
    time_zone: str = "UTC",
) -> Exported:
    """Write the users of a segment to a file, sorted by id.

    Parameters
    ----------
    log : LogView
    segment : str or Segment
        A str is the name of a saved one.
    path : str or Path
        Replaced if it is there.
    format : "csv", "json" or "jsonl", default="csv"
    columns : sequence of str
        What to write beside user_id: columns of the user table ("region", "users.region"), or
        measures ("orders", "spend": see :data:`footfall.analytics.segment.measures.MEASURES`).
        Money is in major units.
    bom : bool, default=False
        Begin a CSV file with a byte order mark: Excel then reads it as UTF-8.
    guard : bool, default=True
        Put an apostrophe before text cells of a CSV file that a spreadsheet would run as a
        formula ("=...", "+...", "-...", "@..."). Turn it off for tools that match ids exactly.
    at : str, datetime or int, optional
        The moment a rule looks from. None: the last event of the log.
    time_zone : str, default="UTC"

    Returns
    -------
    Exported

    Raises
    ------
    OptionError
        If the segment, the format or a column is unknown.
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("=bob", 1, "view"), ("ann", 2, "purchase", "tea", 1, 990)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     everybody = Segment("all", rule="count() > 0")
    ...     _ = export_segment(log, everybody, f"{folder}/all.csv", columns=["spend"])
    ...     print(Path(f"{folder}/all.csv").read_text().replace(chr(13), ""))
    user_id,spend
    '=bob,0.0
    ann,9.9
    """
    owner = "export_segment"
    if format not in get_args(Format):
        raise OptionError.of("format", owner, f"one of {get_args(Format)}", format)
    if isinstance(segment, str):
        segment = segment_named(log, segment)
    codes = np.flatnonzero(members_of(log, segment, at, time_zone=time_zone)).astype(np.int32)
    ids = log.user_ids.strings(codes)
    order = pc.sort_indices(ids).to_numpy()
    codes = codes[order]
    table = {USER_ID: ids.take(pa.array(order)).to_pylist()}
    measures: Measures | None = None
    for name in columns:
        if name in _MEASURES:
            measures = measures or measure_users(log, at=at, time_zone=time_zone, owner=owner)
            table[name] = _measured(measures, name, codes)
        else:
            table[name] = _of_table(log, name, codes, owner)
    rows = _Rows(tuple(table), [*zip(*table.values(), strict=True)], guard=guard)
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            if bom and format == "csv":
                file.write("\ufeff")
            writers: dict[str, Callable[[TextIO], int]] = {
                "csv": rows.csv, "json": rows.json, "jsonl": rows.jsonl,
            }  # fmt: skip
            guarded = writers[format](file)
    except OSError as error:
        raise StoreError(f"Cannot write {path}: {error.strerror}.") from error
    return Exported(str(path), len(codes), rows.names, guarded)


def write_table(table: pa.Table, file: TextIO, *, guard: bool = True) -> int:
    """Write a table as CSV, guarded as :func:`export_segment` does; give the cells guarded."""
    columns = [column.to_pylist() for column in table.columns]
    return _Rows(tuple(table.column_names), [*zip(*columns, strict=True)], guard=guard).csv(file)


@dataclass(frozen=True)
class _Rows:
    """Rows to be written."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    guard: bool = True

    def csv(self, file: TextIO) -> int:
        writer = csv.writer(file)
        writer.writerow(self.names)
        guarded = 0
        for row in self.rows:
            risky = [self.guard and isinstance(c, str) and c.startswith(_FORMULA) for c in row]
            guarded += sum(risky)
            cells = zip(row, risky, strict=True)
            writer.writerow([f"'{cell}" if guard else cell for cell, guard in cells])
        return guarded

    def json(self, file: TextIO) -> int:
        file.write("[\n")
        file.write(",\n".join(self._objects()))
        file.write("\n]\n")
        return 0

    def jsonl(self, file: TextIO) -> int:
        file.writelines(f"{line}\n" for line in self._objects())
        return 0

    def _objects(self) -> Iterator[str]:
        for row in self.rows:
            yield json.dumps(
                dict(zip(self.names, row, strict=True)), ensure_ascii=False, default=str
            )


def _measured(measures: Measures, name: str, codes: Any) -> list[Any]:
    if name not in measures.raw:
        reason = f"a measure this log has: {measures.absent[name]}"
        raise OptionError.of("columns", "export_segment", reason, name)
    place = np.searchsorted(measures.users, codes)
    place[place == len(measures.users)] = 0
    values = measures.raw[name][place] if len(measures.users) else np.full(len(codes), np.nan)
    known = np.isin(codes, measures.users) & ~np.isnan(values)
    if _MEASURES[name].kind == "money":
        values = values / 100
    return [float(v) if k else None for v, k in zip(values, known, strict=True)]


def _of_table(log: LogView, name: str, codes: Any, owner: str) -> list[Any]:
    table = log.users
    column = name.removeprefix("users.")
    if table is None or column not in table.column_names or column == USER_ID:
        known = [] if table is None else [n for n in table.column_names if n != USER_ID]
        allowed = f"among columns of the users {known} and measures {sorted(_MEASURES)}"
        raise OptionError.of("columns", owner, allowed, name)
    rows = np.full(len(log.user_ids), -1, np.int64)
    mine = log.user_ids.codes(table.column(USER_ID).cast(pa.string()))
    rows[mine[mine >= 0]] = np.flatnonzero(mine >= 0)
    wanted = rows[codes]
    return table.column(column).combine_chunks().take(
        pa.array(wanted, mask=wanted < 0)
    ).to_pylist()  # fmt: skip
