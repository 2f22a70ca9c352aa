"""JSON lines: one object a line, nested values kept as structs and lists."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from footfall.errors import InputError
from footfall.events.columns import ROW
from footfall.events.raw import Broken, FormatOptions, RawBatch, checked_names
from footfall.events.sniff import Sample, detect_encoding
from footfall.events.streams import TextStream, has_marks, unmark

__all__ = ["column_of", "read_json_lines"]

_BLOCK_BYTES = 8 << 20
_LONGEST_LINE = 64 << 20
# Above this a float no longer holds every whole number, and Arrow reads huge ids as floats.
_EXACT_FLOAT = 2.0**53


def read_json_lines(sample: Sample, options: FormatOptions) -> Iterator[RawBatch]:
    """Read a file of JSON objects, one a line.

    Batches are typed one by one: a column may be whole numbers in one and text in the next. A
    column of mixed types in one batch comes as text, with JSON for what is not text.

    Yields
    ------
    RawBatch
        Lines that are no JSON object are in `broken`. Blank lines are not counted.

    Raises
    ------
    InputError
        When the file is one JSON array, or is cut off.
    """
    if sample.head.lstrip().startswith(b"["):
        raise InputError(
            f"{sample.file} is one JSON array. Write one object a line, "
            "for example with: jq -c '.[]' FILE > FILE.jsonl"
        )
    row = 1
    with TextStream(sample.file, options.encoding or detect_encoding(sample)) as stream:
        for block in _blocks(stream):
            lines = block.count(b"\n")
            table = _parsed_fast(block, lines)
            broken: list[Broken] = []
            if table is None:
                table, broken, lines = _parsed_slowly(block, row)
            else:
                numbers = pa.array(np.arange(row, row + lines))
                table = table.append_column(ROW, numbers)
            names = checked_names(sample.file, table.column_names[:-1])
            table = table.rename_columns([*names, ROW])
            row += lines
            for start in range(0, max(table.num_rows, 1), options.batch_rows):
                yield RawBatch(sample.file, table.slice(start, options.batch_rows), broken)
                broken = []


def _blocks(stream: TextStream) -> Iterator[bytes]:
    """Cut the text at ends of lines."""
    carry: list[bytes] = []
    size = 0
    while data := stream.read(_BLOCK_BYTES):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield b"".join([*carry, data[:cut]])
            carry, size = [], 0
        carry.append(data[cut:])
        size += len(data) - cut
        if size > _LONGEST_LINE:
            raise InputError(
                f"{stream.path} has a line longer than {_LONGEST_LINE >> 20} MB. JSON lines must "
                "hold one object a line."
            )
    if size:
        yield b"".join(carry)


def _parsed_fast(block: bytes, lines: int) -> pa.Table | None:
    """Let Arrow read a block; None when that fails or could lose something."""
    if b"\0" in block or has_marks(block):
        return None
    try:
        table = _arrow(block, None)
        if (schema := _with_times_as_text(table.schema)) is not None:
            table = _arrow(block, schema)
    except pa.ArrowInvalid:
        return None
    # A blank line, or two objects on a line, would shift the numbers of the rows.
    if table.num_rows != lines or not all(_is_exact(column) for column in table.columns):
        return None
    return table


def _arrow(block: bytes, schema: pa.Schema | None) -> pa.Table:
    return pj.read_json(
        pa.BufferReader(block),
        pj.ReadOptions(use_threads=False, block_size=len(block)),
        pj.ParseOptions(explicit_schema=schema, newlines_in_values=False),
    )


def _with_times_as_text(schema: pa.Schema) -> pa.Schema | None:
    """Undo Arrow's guess that text is a time: an id may look like one. None: there is no guess."""
    fields = [pa.field(field.name, _time_as_text(field.type)) for field in schema]
    asked = pa.schema(fields)
    return None if asked.equals(schema) else asked


def _time_as_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(part.name, _time_as_text(part.type)) for part in kind])
    if pa.types.is_list(kind):
        return pa.list_(_time_as_text(kind.value_type))
    return kind


def _is_exact(column: pa.ChunkedArray | pa.Array) -> bool:
    """Say that no whole number was squeezed into a float that cannot hold it."""
    kind = column.type
    if pa.types.is_floating(kind):
        largest = pc.max(pc.abs(column)).as_py()
        return largest is None or largest < _EXACT_FLOAT
    if pa.types.is_list(kind):
        return _is_exact(pc.list_flatten(column))
    if pa.types.is_struct(kind):
        return all(_is_exact(pc.struct_field(column, place)) for place in range(kind.num_fields))
    return True


def _parsed_slowly(block: bytes, row: int) -> tuple[pa.Table, list[Broken], int]:
    """Read a block line by line, so that only the wrong lines are lost."""
    objects: list[dict[str, Any]] = []
    numbers: list[int] = []
    broken: list[Broken] = []
    lines = [line for line in block.decode("utf-8").split("\n") if line.strip()]
    for number, line in enumerate(lines, start=row):
        found = None if has_marks(line.encode()) else _object_in(line)
        if found is None:
            broken.append(Broken.of(number, unmark(line.rstrip("\r"))))
        else:
            objects.append(found)
            numbers.append(number)
    names = list(dict.fromkeys(name for found in objects for name in found))
    columns = [column_of([found.get(name) for found in objects]) for name in names]
    table = pa.Table.from_arrays([*columns, pa.array(numbers, pa.int64())], names=[*names, ROW])
    return table, broken, len(lines)


def _object_in(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line, strict=False)
        if "\\ud" in line.lower():  # half of a pair of surrogates is no text
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # what cannot be encoded is a ValueError too
        return None
    return found if isinstance(found, dict) else None


def column_of(values: list[Any]) -> pa.Array:
    """Make a column of Python values; mixed types become text, JSON for what is not text.

    Examples
    --------
    >>> column_of([1, "two", [3]]).to_pylist()
    ['1', 'two', '[3]']
    """
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([_as_text(value) for value in values], pa.string())


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
