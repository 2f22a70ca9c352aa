"""What the shop says of its items, as bags of codes: categories, brands, price levels, words."""

import re
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.store.hashing import hash_strings

__all__ = ["Bag", "bags_among", "item_bags"]

Int64 = npt.NDArray[np.int64]

# Several models learn from one table, one after the other: the latest is not read again.
_LATEST: "dict[str, tuple[weakref.ref[pa.Table], list[Bag]]]" = {}

LEVELS = 10  # of a number, with as many items in each
LEAST = 2  # items a value must be said of, to say anything of them
# A word is letters and digits; Chinese, Japanese and Korean have no spaces: pairs of characters.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\W_]+")
WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, kw_only=True, eq=False)
class Bag:
    """Codes of each item, of one column of the item table.

    Parameters
    ----------
    name : str
        The column.
    offsets : int64 array, shape (V + 1,)
    codes : int64 array, shape (N,)
        Codes of item ``v``: ``codes[offsets[v]:offsets[v + 1]]``, ascending, each once.
    words : tuple of str
        What the codes stand for.
    """

    name: str
    offsets: Int64
    codes: Int64
    words: tuple[str, ...]

    @property
    def keys(self) -> Int64:
        """Hashes of the words, shape (K,): the same in every table, and other columns' differ."""
        words = pa.array([f"{self.name}\n{word}" for word in self.words], pa.string())
        return hash_strings(words).view(np.int64)


def item_bags(table: pa.Table | None) -> list[Bag]:
    """Make a bag of each column of an item table that tells items apart or together.

    A list is a bag as it is. A number becomes one of ten levels. Texts often with ``/`` or ``>``
    are paths and give all their beginnings; texts that are mostly different give their words; any
    others are values. Values of a single item say nothing of others and are left out.

    Parameters
    ----------
    table : pa.Table or None
        Row ``v`` of item ``v``; see `Sequences.item_table`.

    Returns
    -------
    list of Bag
        Without columns that have nothing to say.

    Examples
    --------
    >>> table = pa.table({"brand": ["a", "a", None], "category": ["home/tea", "home/tea", "home/"]})
    >>> [(bag.name, bag.words, bag.codes.tolist()) for bag in item_bags(table)]
    [('brand', ('a',), [0, 0]), ('category', ('home', 'home/tea'), [0, 1, 0, 1, 0])]
    """
    if table is None:
        return []
    latest = _LATEST.get("bags")
    if latest is not None and latest[0]() is table:
        return list(latest[1])
    bags = _bags_of(table)
    _LATEST["bags"] = (weakref.ref(table), bags)
    return list(bags)


def bags_among(weights: Mapping[str, Any], lead: str) -> list[Bag]:
    """Find the bags that an item table was made with among a network's weights.

    Parameters
    ----------
    weights : mapping of name to array
        With ``{lead}codes_0``, ``{lead}offsets_0`` and so on.
    lead : str
        What the item table's names begin with.

    Returns
    -------
    list of Bag
        Without names and words: weights do not have them.
    """
    bags: list[Bag] = []
    while f"{lead}codes_{len(bags)}" in weights:
        both = (weights[f"{lead}{name}_{len(bags)}"] for name in ("codes", "offsets"))
        codes, offsets = (np.asarray(each) for each in both)
        bags.append(Bag(name="", offsets=offsets, codes=codes, words=()))
    return bags


def _bags_of(table: pa.Table) -> list[Bag]:
    made = (_bag_of(name, table.column(name).combine_chunks()) for name in table.column_names)
    return [bag for bag in made if bag is not None]


def _bag_of(name: str, column: pa.Array) -> Bag | None:
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values = [_plain(each) for each in column.to_pylist()]
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = _levels(column)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        values = _texts(column.cast(pa.string()))
    elif pa.types.is_boolean(kind):
        values = [_plain([each]) for each in column.to_pylist()]
    else:
        return None
    return _coded(name, values)


def _plain(values: list[object] | None) -> list[str]:
    return [str(value) for value in values or [] if value is not None and str(value).strip()]


def _levels(column: pa.Array) -> list[list[str]]:
    """Give each number the tenth of all numbers it lies in."""
    numbers = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    known = np.isfinite(numbers)
    if not known.any():
        return [[] for _ in numbers]
    bounds = np.unique(np.quantile(numbers[known], np.arange(1, LEVELS) / LEVELS))
    level = np.searchsorted(bounds, numbers, side="right")
    return [[f"level {at}"] if there else [] for at, there in zip(level, known, strict=True)]


def _texts(column: pa.Array) -> list[list[str]]:
    texts = [(text or "").strip().casefold() for text in column.to_pylist()]
    known = [text for text in texts if text]
    if known and sum("/" in text or ">" in text for text in known) > len(known) / 4:
        return [_beginnings(text) for text in texts]
    if len(set(known)) > len(known) / 2:
        return [_words(text) for text in texts]
    return [[text] if text else [] for text in texts]


def _words(text: str) -> list[str]:
    found: list[str] = []
    for word in WORD.findall(text):
        if WITHOUT_SPACES.match(word) and len(word) > 1:
            found += [word[at : at + 2] for at in range(len(word) - 1)]
        else:
            found.append(word)
    return found


def _beginnings(path: str) -> list[str]:
    parts = [part.strip() for part in re.split("[/>]", path) if part.strip()]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _coded(name: str, values: list[list[str]]) -> Bag | None:
    """Give codes to the values that two items or more have, in the order of their text."""
    bags = [sorted(set(each)) for each in values]
    counts: dict[str, int] = {}
    for bag in bags:
        for word in bag:
            counts[word] = counts.get(word, 0) + 1
    words = tuple(sorted(word for word, count in counts.items() if count >= LEAST))
    if not words or (len(words) == 1 and counts[words[0]] == len(bags)):
        return None
    code_of = {word: code for code, word in enumerate(words)}
    coded = [[code_of[word] for word in bag if word in code_of] for bag in bags]
    return Bag(
        name=name,
        offsets=np.concatenate(([0], np.cumsum([len(each) for each in coded]))).astype(np.int64),
        codes=np.array([code for each in coded for code in each], np.int64),
        words=words,
    )
