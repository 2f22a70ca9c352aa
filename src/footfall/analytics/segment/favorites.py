"""Favorites: for each user the value met in most sessions (category, brand, channel, device)."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of
from footfall.store.view import LogView

__all__ = ["Favorites", "ItemValues", "PropertyValues", "favorites"]


@dataclass(frozen=True)
class ItemValues:
    """Values of a column of the item table.

    Parameters
    ----------
    words : tuple of str
        Ascending.
    of_item : ndarray of int32, shape (items,)
        Place in ``words`` of each item code; -1 unknown.
    """

    words: tuple[str, ...]
    of_item: npt.NDArray[np.int32]

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns read."""
        return ("item",)

    def values(self, chunk: UserChunk) -> tuple[tuple[str, ...], Array]:
        """Give the words and the code of each row."""
        return self.words, np.append(self.of_item, np.int32(-1))[chunk["item"]]


@dataclass(frozen=True)
class PropertyValues:
    """Values of a property of events."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns read."""
        return (f"properties.{self.name}",)

    def values(self, chunk: UserChunk) -> tuple[tuple[str, ...], Array]:
        """Give the words of the chunk, ascending, and the code of each row."""
        (column,) = self.columns
        words = chunk.words[column].to_pylist()
        order = sorted(range(len(words)), key=words.__getitem__)
        place = np.full(len(words) + 1, -1, np.int32)
        place[order] = np.arange(len(words), dtype=np.int32)
        return tuple(words[at] for at in order), place[chunk[column]]


@dataclass(frozen=True)
class Favorites:
    """Each user's favorite value.

    Parameters
    ----------
    words : tuple of str
        Ascending.
    users : ndarray of int32, shape (U,)
        Codes of users with events, ascending.
    favorite : ndarray of int32, shape (U,)
        Place in ``words``; -1: the user met no value. Of equals the first in the alphabet.
    sessions : ndarray of int32, shape (U,)
        The user's sessions with the favorite value.
    total : ndarray of int32, shape (U,)
        Pairs of a session of the user and a value in it.
    base : ndarray of int64, shape (words,)
        Such pairs of all users, by value.
    """

    words: tuple[str, ...]
    users: npt.NDArray[np.int32]
    favorite: npt.NDArray[np.int32]
    sessions: npt.NDArray[np.int32]
    total: npt.NDArray[np.int32]
    base: npt.NDArray[np.int64]


@kernel(
    types.void(
        i64, i64, i32, i32, types.int64, out_i32, out_i32, out_i32, out_i32, out_i32, out_i32,
        out_i64,
    )
)  # fmt: skip
def _count(
    offsets: Array,
    timestamp: Array,
    session: Array,
    value: Array,
    at: int,
    met: Array,
    stamp: Array,
    touched: Array,
    favorite: Array,
    best: Array,
    total: Array,
    base: Array,
) -> None:
    """Count pairs of session and value; ``met`` zeros, ``stamp`` -1, ``touched``: scratch."""
    for user in range(len(offsets) - 1):
        many = 0
        for row in range(offsets[user], offsets[user + 1]):
            if timestamp[row] > at:
                break
            mine = value[row]
            if mine < 0 or stamp[mine] == session[row]:
                continue
            stamp[mine] = session[row]
            if met[mine] == 0:
                touched[many] = mine
                many += 1
            met[mine] += 1
            base[mine] += 1
            total[user] += 1
        favorite[user] = -1
        for place in range(many):
            mine = touched[place]
            count = met[mine]
            if count > best[user] or (count == best[user] and mine < favorite[user]):
                favorite[user], best[user] = mine, count
            met[mine] = 0


def measure_favorites(
    source: ItemValues | PropertyValues, gap: int, at: int, chunk: UserChunk
) -> Favorites:
    """Find the favorites of one chunk's users."""
    words, value = source.values(chunk)
    users = len(chunk.users)
    met, stamp = np.zeros(len(words), np.int32), np.full(len(words), -1, np.int32)
    favorite, best, total = (np.zeros(users, np.int32) for _ in range(3))
    base = np.zeros(len(words), np.int64)
    _count(
        chunk.offsets, chunk["timestamp"], sessions_of(chunk, gap),
        np.ascontiguousarray(value, np.int32), at, met, stamp, np.zeros(len(words), np.int32),
        favorite, best, total, base,
    )  # fmt: skip
    seen = np.zeros(users, np.bool_)
    filled = np.flatnonzero(np.diff(chunk.offsets) > 0)
    seen[filled] = chunk["timestamp"][chunk.offsets[filled]] <= at
    return Favorites(words, chunk.users[seen], favorite[seen], best[seen], total[seen], base)


def merge_favorites(parts: list[Favorites]) -> Favorites:
    """Put chunks together under one list of words."""
    words = sorted({word for part in parts for word in part.words})
    places = {word: place for place, word in enumerate(words)}
    base = np.zeros(len(words), np.int64)
    favorite = [np.zeros(0, np.int32)]
    for part in parts:
        place = np.array([*(places[word] for word in part.words), -1], np.int32)
        base[place[:-1]] += part.base
        favorite.append(place[part.favorite])
    users = np.concatenate([np.zeros(0, np.int32), *(part.users for part in parts)])
    order = np.argsort(users)
    sessions = np.concatenate([np.zeros(0, np.int32), *(part.sessions for part in parts)])
    total = np.concatenate([np.zeros(0, np.int32), *(part.total for part in parts)])
    return Favorites(
        tuple(words), users[order], np.concatenate(favorite)[order], sessions[order],
        total[order], base,
    )  # fmt: skip


def favorites(
    log: LogView, source: ItemValues | PropertyValues, *, gap: int, at: int, label: str
) -> Favorites:
    """Find the value each user met in most sessions.

    Parameters
    ----------
    log : LogView
    source : ItemValues or PropertyValues
        Where values come from.
    gap : int
        Microseconds of silence that end a session.
    at : int
        Microseconds UTC; later events do not count.
    label : str
        What the progress bar says.
    """
    return log.map(
        partial(measure_favorites, source, gap, at),
        merge_favorites,
        columns=tuple(dict.fromkeys((*SESSION_COLUMNS, *source.columns))),
        label=label,
    )
