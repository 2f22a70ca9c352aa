"""Search results in the order that suits the user, none dropped and none added."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_between, ids_of
from footfall.recommend.contract import Recommender
from footfall.recommend.rerank.relevance import relevance
from footfall.store.ids import IdMap

__all__ = ["rerank_search"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]

BLOCK_CELLS = 1 << 23  # scores held at once


def rerank_search(
    model: Recommender,
    users: Sequence[str] | pa.Array | Sequences,
    candidates: Sequence[Sequence[str]],
    *,
    weight: float,
    scores: Sequence[Sequence[float]] | None = None,
    at: Moment | None = None,
) -> pa.Table:
    """Mix the order of a search engine with what the user is likely to want.

    Each list is ordered by ``(1 - weight) * relevance of the engine's place + weight * relevance
    of the place by the user's scores``. An item that the model does not know keeps the relevance
    of the engine's place in both; so do all items of a user of whom nothing is known.

    Parameters
    ----------
    model : Recommender
        Fitted.
    users : sequence of user ids, or Sequences
        Who searched, one for each list; Sequences bring their own histories.
    candidates : sequence of sequences of item ids
        What the engine found, best first.
    weight : float
        From 0, the engine's order, to 1, the user's.
    scores : sequence of sequences of float, or None
        The engine's scores, higher is better, where lists are not in order yet.
    at : str, datetime, int or None
        The moment of the search: later events of a history are not used.

    Returns
    -------
    pa.Table
        ``user_id, item_id`` (string), ``rank``, ``engine_rank`` (int32), ``score`` (float32, the
        mix), lists in the order given.

    Raises
    ------
    OptionError
        When there is not one list for each user, or `weight` is not between 0 and 1.

    Examples
    --------
    >>> from footfall.recommend import Rules
    >>> shop = Sequences.from_arrays([0, 2, 3], [0, 1, 0], item_ids=["kettle", "teapot", "cup"])
    >>> model = Rules().fit(shop)
    >>> rerank_search(model, ["1"], [["cup", "spoon", "teapot"]], weight=0.8)["item_id"].to_pylist()
    ['teapot', 'cup', 'spoon']
    """
    check_between(weight, "weight", "rerank_search", low=0, high=1)
    histories = model._histories(users, at=at)  # noqa: SLF001  # of this very room
    found = [ids_of(each, "candidates", "rerank_search") for each in candidates]
    if len(found) != histories.n_users:
        allowed = f"one list for each of the {histories.n_users} users"
        raise OptionError.of("candidates", "rerank_search", allowed, len(found))
    counts = np.array([len(each) for each in found], dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    ids = pa.chunked_array(found, pa.string()).combine_chunks()
    who = np.repeat(np.arange(len(counts)), counts)
    engine = _places(who, offsets, -_flat(scores, counts))
    codes = np.asarray(IdMap(model.item_ids_).codes(ids), dtype=np.int32)
    own = _own_places(model, histories, offsets, codes, engine)
    mixed = (1 - weight) * relevance(engine) + weight * relevance(own)
    order = np.lexsort((engine, -mixed, who))
    return pa.table(
        {
            "user_id": histories.user_ids.take(pa.array(who)),
            "item_id": ids.take(pa.array(order)),
            "rank": (np.arange(len(who)) - offsets[who] + 1).astype(np.int32),
            "engine_rank": (engine[order] + 1).astype(np.int32),
            "score": mixed[order].astype(np.float32),
        }
    )


def _flat(scores: Sequence[Sequence[float]] | None, counts: Int64) -> Float64:
    """Return the engine's scores as one array; equal ones where there are none."""
    if scores is None:
        return np.zeros(int(counts.sum()))
    sizes = np.array([len(each) for each in scores], dtype=np.int64)
    if not np.array_equal(sizes, counts):
        allowed = "a score for each candidate"
        raise OptionError.of("scores", "rerank_search", allowed, sizes.tolist()[:10])
    flat = np.concatenate([np.zeros(0), *(np.asarray(each, dtype=np.float64) for each in scores)])
    if np.isnan(flat).any():
        raise OptionError.of("scores", "rerank_search", "numbers", "nan")
    return flat


def _places(who: Int64, offsets: Int64, keys: Float64) -> Int64:
    """Return the place of each row in its list by ascending keys; equals keep their order."""
    places = np.empty(len(who), dtype=np.int64)
    order = np.lexsort((keys, who))
    places[order] = np.arange(len(who)) - offsets[who]
    return places


def _own_places(
    model: Recommender, histories: Sequences, offsets: Int64, codes: Int32, engine: Int64
) -> Int64:
    """Return the place of each row by the user's scores, among the items the model knows.

    Items of equal score keep the engine's order; unknown items and all items of silent users
    keep the engine's place.
    """
    who = np.repeat(np.arange(histories.n_users), np.diff(offsets))
    own_score = np.zeros(len(codes), dtype=np.float32)
    asked = np.diff(histories.offsets) > 0
    known = (codes >= 0) & asked[who]
    users = np.flatnonzero(asked)
    size = max(1, BLOCK_CELLS // max(1, histories.n_items))
    for low in range(0, len(users), size):
        part = users[low : low + size]
        scores = model.scores(histories.select(part, histories.offsets[part + 1]))
        rows = np.flatnonzero(known & (who >= part[0]) & (who <= part[-1]))
        own_score[rows] = scores[np.searchsorted(part, who[rows]), codes[rows]]
    rows = np.flatnonzero(known)
    order = rows[np.lexsort((engine[rows], -own_score[rows], who[rows]))]
    starts = np.searchsorted(who[order], who[order])
    own = engine.copy()
    own[order] = np.arange(len(order)) - starts
    return own
