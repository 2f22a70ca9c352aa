"""Chooses a file's reader: the one named, the one its columns belong to, or a guess to confirm."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, ROW
from footfall.events.formats import read_raw
from footfall.events.mapping import MappedReader, guess_mapping, parse_map
from footfall.events.raw import FormatOptions
from footfall.events.readers import Reader, detect_reader, reader_named
from footfall.events.sniff import detect_delimiter, detect_encoding, detect_format, take_sample

__all__ = ["Choice", "choose_reader"]


@dataclass(frozen=True)
class Choice:
    """A reader and how it was found.

    Parameters
    ----------
    reader : Reader
    lines : tuple of str
        What to tell the user; of a guess, what was guessed from what.
    guessed : mapping of str to str
        Our column for theirs when the reader is a guess that the user must confirm; empty
        otherwise.
    """

    reader: Reader
    lines: tuple[str, ...] = ()
    guessed: Mapping[str, str] | None = None


def choose_reader(
    file: str,
    *,
    name: str | None = None,
    mapping: str | None = None,
    event_type: str | None = None,
    format: FormatOptions | None = None,  # noqa: A002  # the word users know
) -> Choice:
    """Choose how to read a file.

    Parameters
    ----------
    file : str
    name : str, optional
        A reader's name.
    mapping : str, optional
        What the user wrote after ``--map``. Columns that bear our own names need no mention.
    event_type : str, optional
        The type of every event, for files that hold one type only.
    format : FormatOptions, optional
        How the file is split.

    Returns
    -------
    Choice

    Raises
    ------
    OptionError
        If the reader or a column is unknown.
    InputError
        If the file cannot be read.
    """
    if mapping is not None:
        names = _peek(file, format)[0]
        pairs = parse_map(mapping, column_names=names)
        own = [n for n in EVENT_SCHEMA.names if n in names and n not in (*pairs, *pairs.values())]
        every = pairs | {name: name for name in own}
        rest = [name for name in names if name not in every.values()]
        line = (f"Kept in properties, as no column of ours: {', '.join(rest)}.",) if rest else ()
        return Choice(_mapped(every, event_type, format), line)
    if name is not None:
        return Choice(reader_named(name))
    headerless = _headerless_reader(file, format)
    if headerless is not None:
        return Choice(headerless, (_looks_like(headerless),))
    names, sample = _peek(file, format)
    detected = detect_reader(names)
    if detected is not None:
        reader = reader_named(detected)
        return Choice(reader, (_looks_like(reader),))
    guess = guess_mapping(names, sample)
    found = dict(guess.mapping)
    if event_type is not None:
        found.pop("event_type", None)
    return Choice(_mapped(found, event_type, format), guess.lines, found)


def _mapped(
    pairs: Mapping[str, str],
    event_type: str | None,
    format: FormatOptions | None,  # noqa: A002
) -> MappedReader:
    return MappedReader(mapping=pairs, event_type=event_type, format=format or FormatOptions())


def _peek(file: str, format: FormatOptions | None) -> tuple[list[str], pa.Table]:  # noqa: A002
    batch = next(iter(read_raw(file, format)))
    return [name for name in batch.table.column_names if name != ROW], batch.table


def _looks_like(reader: Reader) -> str:
    return f"This looks like {reader.description} (--reader {reader.name})."


def _headerless_reader(file: str, format: FormatOptions | None) -> Reader | None:  # noqa: A002
    """Find the export without a header whose rows look like the first line of a text file."""
    sample = take_sample(file)
    if (format and format.format) or detect_format(sample) != "csv":
        return None
    encoding = (format and format.encoding) or detect_encoding(sample)
    text = sample.head.decode(encoding, errors="replace")
    delimiter = (format and format.delimiter) or detect_delimiter(text)
    cells = text.splitlines()[0].split(delimiter) if text.strip() else []
    detected = detect_reader(cells)
    reader = reader_named(detected) if detected else None
    return reader if reader and reader.format.column_names else None
