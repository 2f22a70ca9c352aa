"""What comes of each search: a click, another query, a purchase, or nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.kernels import Array, bool1, i32, i64, kernel, out_i8, out_i32
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of

__all__ = [
    "STATES",
    "SearchPlan",
    "measure_searches",
    "merge_searches",
    "normalized",
    "users_of_query",
]

STATES = ("searches", "no_results", "no_click", "reformulated", "exits", "purchases")
_GAP = gap_microseconds(30)
# What came of a search: bits of one number.
_CLICKED, _RETRIED, _BOUGHT, _LAST = 1, 2, 4, 8


@kernel(types.void(i64, i64, i32, bool1, bool1, bool1, i32, types.int64, out_i8, out_i32))
def _outcomes(
    offsets: Array,
    timestamp: Array,
    session: Array,
    searching: Array,
    clicking: Array,
    buying: Array,
    query: Array,
    within: int,
    outcome: Array,
    following: Array,
) -> None:
    """Write what came of each search, backwards through each session; -1 where none was made."""
    for user in range(len(offsets) - 1):
        run = -1
        click, retry = np.int64(-1), np.int64(-1)
        bought, last = 0, True
        next_query = np.int32(-1)
        for row in range(offsets[user + 1] - 1, offsets[user] - 1, -1):
            now = timestamp[row]
            if session[row] != run:
                run, bought, last = session[row], 0, True
                click, retry, next_query = np.int64(-1), np.int64(-1), np.int32(-1)
            if searching[row] and query[row] >= 0:
                found = 0
                if click >= 0 and click - now <= within:
                    found |= _CLICKED
                elif 0 <= retry <= now + within and next_query != query[row]:
                    found |= _RETRIED
                    following[row] = next_query
                outcome[row] = found | (_BOUGHT * bought) | (_LAST if last else 0)
                click, retry, next_query = np.int64(-1), now, query[row]
            elif clicking[row]:
                click = now
            if buying[row]:
                bought = 1
            last = False


@dataclass(frozen=True)
class SearchPlan:
    """What searches ask of a chunk.

    Parameters
    ----------
    search, click, purchase : ndarray of bool, shape (types,)
        What searches, shows that something was found, and buys.
    within : int
        Microseconds after a search in which a click or another query counts.
    results : str or None
        Column of the number of results.
    """

    search: npt.NDArray[np.bool_]
    click: npt.NDArray[np.bool_]
    purchase: npt.NDArray[np.bool_]
    within: int
    results: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that are read."""
        names = (*SESSION_COLUMNS, "event_type", "query")
        return names if self.results is None else (*names, self.results)


@dataclass(frozen=True)
class _Found:
    """The searches of a chunk, one row each."""

    words: pa.Array
    query: npt.NDArray[np.int32]
    following: npt.NDArray[np.int32]
    user: npt.NDArray[np.int64]
    states: npt.NDArray[np.bool_]  # (searches, states)


def normalized(words: pa.Array) -> pa.Array:
    """Write queries alike that mean the same: half-width, small letters, single blanks.

    Examples
    --------
    >>> normalized(pa.array(["  Ｒed   Kettle", "水壶"])).to_pylist()
    ['red kettle', '水壶']
    """
    plain = pc.utf8_lower(pc.utf8_normalize(words.cast(pa.string()), form="NFKC"))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"\s+", " "))


def _found(plan: SearchPlan, chunk: UserChunk) -> _Found:
    coded = normalized(chunk.words["query"]).dictionary_encode()
    words = coded.dictionary
    table = np.append(coded.indices.to_numpy(zero_copy_only=False), -1).astype(np.int32)
    blank = pc.index(words, "").as_py()
    query = table[chunk["query"]]
    query[query == blank] = -1
    code = chunk["event_type"]
    outcome = np.full(chunk.events, -1, np.int8)
    following = np.full(chunk.events, -1, np.int32)
    _outcomes(
        chunk.offsets, chunk["timestamp"], sessions_of(chunk, _GAP), plan.search[code],
        plan.click[code], plan.purchase[code], query, plan.within, outcome, following,
    )  # fmt: skip
    rows = np.flatnonzero(outcome >= 0)
    found = outcome[rows]
    nothing = np.zeros(len(rows), np.bool_)
    if plan.results is not None:
        zero = np.append(_zeros(chunk.words[plan.results]), [False])
        nothing = zero[chunk[plan.results][rows]]
    states = np.stack(
        [
            np.ones(len(rows), np.bool_),
            nothing,
            (found & _CLICKED) == 0,
            (found & _RETRIED) > 0,
            (found & _LAST) > 0,
            (found & _BOUGHT) > 0,
        ],
        axis=1,
    )
    user = np.searchsorted(chunk.offsets, rows, side="right") - 1
    return _Found(words, query[rows], following[rows], user, states)


def _zeros(words: pa.Array) -> npt.NDArray[np.bool_]:
    """Say which texts are the number 0."""
    texts = pc.utf8_trim_whitespace(words.cast(pa.string()))
    return np.asarray(
        pc.match_substring_regex(texts, r"^[+-]?0+(\.0*)?$").to_numpy(zero_copy_only=False),
        np.bool_,
    )


def measure_searches(plan: SearchPlan, chunk: UserChunk) -> tuple[pa.Table, pa.Table, int]:
    """Count searches by query and what came of them, what was tried next, and users."""
    found = _found(plan, chunk)
    size = len(found.words)
    cells: dict[str, Any] = {"query": found.words}
    for at, name in enumerate(STATES):
        cells[name] = np.bincount(found.query[found.states[:, at]], minlength=size)
    pairs = np.unique(found.user * max(size, 1) + found.query)
    cells["users"] = np.bincount(pairs % max(size, 1), minlength=size)
    counts = pa.table(cells)
    retried = found.following >= 0
    keys, times = np.unique(
        found.query[retried].astype(np.int64) * max(size, 1) + found.following[retried],
        return_counts=True,
    )
    following = pa.table(
        {
            "query": found.words.take(pa.array(keys // max(size, 1))),
            "next_query": found.words.take(pa.array(keys % max(size, 1))),
            "searches": pa.array(times, pa.int64()),
        }
    )
    return counts.filter(pc.greater(counts["searches"], 0)), following, len(np.unique(found.user))


def merge_searches(parts: list[tuple[pa.Table, pa.Table, int]]) -> tuple[pa.Table, pa.Table, int]:
    """Add up the counts of chunks, by query."""
    names = (*STATES, "users")
    schema = pa.schema([("query", pa.string()), *((name, pa.int64()) for name in names)])
    counts = pa.concat_tables([schema.empty_table(), *(part[0].cast(schema) for part in parts)])
    added = counts.group_by("query").aggregate([(name, "sum") for name in names])
    added = added.select(["query", *(f"{name}_sum" for name in names)])
    pairs = pa.schema(
        [("query", pa.string()), ("next_query", pa.string()), ("searches", pa.int64())]
    )
    following = pa.concat_tables([pairs.empty_table(), *(part[1] for part in parts)])
    tried = following.group_by(["query", "next_query"]).aggregate([("searches", "sum")])
    tried = tried.select([*pairs.names[:2], "searches_sum"]).rename_columns(pairs.names)
    order = [("searches", "descending"), ("query", "ascending"), ("next_query", "ascending")]
    people = sum(part[2] for part in parts)
    return added.rename_columns(schema.names).sort_by("query"), tried.sort_by(order), people


def users_of_query(plan: SearchPlan, query: str, state: str, chunk: UserChunk) -> Array:
    """Give the chunk's users with a search that came to a state."""
    found = _found(plan, chunk)
    place = pc.index(found.words, query).as_py()
    mine = (found.query == place) & found.states[:, STATES.index(state)]
    return chunk.users[np.unique(found.user[mine])]
