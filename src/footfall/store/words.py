"""Text in chunks: one int32 code a row, and the words these codes stand for, chunk by chunk.

Unlike ids, the words of a query or a property have no codes of their own in the log: each chunk
numbers those that occur in it.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import StoreError
from footfall.events.columns import (
    ACTION,
    CURRENCY,
    POLICY,
    PROPERTIES,
    QUERY,
    SESSION_ID,
    TEXT,
)
from footfall.store.properties import values_of

__all__ = [
    "PROPERTY",
    "WORD_COLUMNS",
    "Words",
    "is_word_column",
    "joined",
    "no_words",
    "open_words",
    "save_words",
    "source_column",
    "word_columns",
    "word_file",
]

# Columns of text that a question may ask for. A key of `properties` is PROPERTY + key.
WORD_COLUMNS = (SESSION_ID, CURRENCY, QUERY, TEXT, ACTION, POLICY)
PROPERTY = f"{PROPERTIES}."

_NO_WORD = -1
_READABLE = 40


@dataclass(frozen=True)
class Words:
    """One text column of some rows.

    Parameters
    ----------
    codes : ndarray of int32, shape (N,)
        Places in ``strings``; -1 where a row says nothing.
    strings : pa.StringArray
        The different words.
    """

    codes: npt.NDArray[np.int32]
    strings: pa.StringArray


def is_word_column(name: str) -> bool:
    """Say whether a chunk column is text: one of WORD_COLUMNS, or a key of the properties."""
    return name in WORD_COLUMNS or (name.startswith(PROPERTY) and len(name) > len(PROPERTY))


def source_column(name: str) -> str:
    """Give the column of the log that a text column of chunks is read from."""
    return PROPERTIES if name.startswith(PROPERTY) else name


def no_words(rows: int) -> Words:
    """Give the words of rows that say nothing."""
    return Words(np.full(rows, _NO_WORD, np.int32), pa.array([], pa.string()))


def word_columns(rows: pa.Table, names: Sequence[str]) -> dict[str, Words]:
    """Code text columns of rows of the log, keys of their properties among them.

    Parameters
    ----------
    rows : pa.Table
        Columns it lacks say nothing. Columns may be dictionaries, as Parquet files keep them:
        then each different text is looked into once.
    names : sequence of str
        Of which :func:`is_word_column` is true.

    Raises
    ------
    StoreError
        If the different words of a column are more than 2 GB of text.
    """
    found = {}
    for name in names:
        source = source_column(name)
        if source not in rows.column_names:
            found[name] = no_words(rows.num_rows)
            continue
        pieces = _pieces(rows.column(source), name)
        try:
            found[name] = joined([*pieces])
        except pa.ArrowException as error:
            raise StoreError(
                f"The words of {name!r} do not fit into one part of the log ({error})."
                " Make the log with more buckets."
            ) from error
    return found


def _pieces(column: pa.ChunkedArray, name: str) -> Iterator[Words]:
    for piece in column.chunks:
        coded = piece if pa.types.is_dictionary(piece.type) else piece.dictionary_encode()
        codes, strings = _codes(coded), coded.dictionary.cast(pa.string())
        if name.startswith(PROPERTY):
            values = values_of(strings, name.removeprefix(PROPERTY)).dictionary_encode()
            codes = np.append(_codes(values), np.int32(_NO_WORD))[codes]  # -1 takes the last
            strings = values.dictionary
        yield Words(codes, strings)


def _codes(coded: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    codes: npt.NDArray[np.int32] = (
        coded.indices.cast(pa.int32()).fill_null(_NO_WORD).to_numpy(zero_copy_only=False)
    )
    return codes


def joined(pieces: Sequence[Words]) -> Words:
    """Put the rows of several pieces one after another, under the codes of one list of words.

    The words of the first piece keep their codes.

    Examples
    --------
    >>> one = Words(np.array([0, -1, 1], np.int32), pa.array(["mail", "ads"]))
    >>> two = Words(np.array([0, 1], np.int32), pa.array(["search", "ads"]))
    >>> both = joined([one, two])
    >>> both.codes.tolist(), both.strings.to_pylist()
    ([0, -1, 1, 2, 1], ['mail', 'ads', 'search'])
    """
    if not pieces:
        return no_words(0)
    strings, codes = pieces[0].strings, [pieces[0].codes]
    for piece in pieces[1:]:
        known = pc.index_in(piece.strings, value_set=strings)
        places = known.fill_null(_NO_WORD).to_numpy().astype(np.int32)
        new = places < 0
        places[new] = np.arange(len(strings), len(strings) + np.count_nonzero(new))
        strings = pa.concat_arrays([strings, piece.strings.filter(pa.array(new))])
        codes.append(np.append(places, np.int32(_NO_WORD))[piece.codes])
    return Words(np.concatenate(codes), strings)


def word_file(name: str) -> str:
    """Name the cache file of a text column: keys may hold any character, file names may not."""
    readable = re.sub("[^a-z0-9]+", "-", name.lower())[:_READABLE]
    return f"{readable}.{hashlib.sha256(name.encode()).hexdigest()[:16]}.words"


def save_words(path: Path, words: Words) -> None:
    """Write codes and words into one file, so that they can never be out of step."""
    codes, strings = pa.array(words.codes, pa.int32()), words.strings
    batch = pa.record_batch(
        {
            "codes": pa.LargeListArray.from_arrays(pa.array([0, len(codes)], pa.int64()), codes),
            "words": pa.LargeListArray.from_arrays(
                pa.array([0, len(strings)], pa.int64()), strings
            ),
        }
    )
    with path.open("wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def open_words(path: Path) -> Words:
    """Map what :func:`save_words` wrote.

    Raises
    ------
    ValueError
        If it is something else.
    """
    mapped = np.memmap(path, np.uint8, mode="r")
    try:
        batch = pa.ipc.open_file(pa.py_buffer(mapped)).get_batch(0)
        batch.validate()
        codes, strings = (batch.column(name).values for name in ("codes", "words"))
        return Words(codes.to_numpy(), strings)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
