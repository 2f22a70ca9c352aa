"""Asks a model for as many candidates as it takes to fill a slate."""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend.rerank.business import BusinessRules
from footfall.recommend.rerank.shop import ShopRules
from footfall.recommend.rerank.slates import Candidates, Slates
from footfall.recommend.top import top_items

__all__ = ["bind_to", "fill_slates", "moment_of"]

Float32 = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

MORE = 4  # times as many candidates, when too few are left
SPARE = 1.5  # times the candidates that would do if what may be shown were spread evenly


def bind_to(rules: BusinessRules | ShopRules, sequences: Sequences) -> ShopRules:
    """Bind rules to what a model was fitted on, unless they are bound already.

    Parameters
    ----------
    rules : BusinessRules or ShopRules
    sequences : Sequences
        Of the fit; its item table gets a column ``first_seen``, each item's first event.

    Raises
    ------
    OptionError
        When the rules are bound to another catalogue.
    """
    if isinstance(rules, ShopRules):
        ids = sequences.item_ids
        if rules.item_ids is not ids and not rules.item_ids.equals(ids):
            allowed = "bound to the model's catalogue, model.item_ids_"
            raise OptionError.of("rules", "recommend", allowed, f"{len(rules.item_ids)} others")
        return rules
    table = sequences.item_table
    if rules.freshness > 0 and sequences.timestamps is not None:
        first = np.full(sequences.n_items, np.iinfo(np.int64).max)
        np.minimum.at(first, sequences.items, sequences.timestamps)
        moments = pa.array(first, mask=first == np.iinfo(np.int64).max)
        if table is None:
            table = pa.table({"first_seen": moments})
        elif "first_seen" not in table.column_names:
            table = table.append_column("first_seen", moments)
    return rules.bind(sequences.item_ids, table)


def moment_of(shop: ShopRules, sequences: Sequences) -> int | None:
    """Return the moment of showing when none is given: the last event that is known.

    Parameters
    ----------
    shop : ShopRules
        With what was bought, which may go on after the fit.
    sequences : Sequences
        Of the fit.
    """
    known = [each.timestamps for each in (sequences, shop.bought) if each is not None]
    last = [int(times.max()) for times in known if times is not None and len(times)]
    return max(last, default=None)


def fill_slates(
    blocks: Iterable[tuple[Sequences, Float32]],
    shop: ShopRules,
    *,
    k: int,
    now: int | None,
    keep_seen: bool,
) -> Slates:
    """Choose what to show by the scores of all items.

    Parameters
    ----------
    blocks : iterable of (histories, scores)
        Some users at a time: their histories, and scores of shape (B, V).
    shop : ShopRules
        Bound to the catalogue of the scores.
    k : int
        Items a user, at most.
    now : int or None
        The moment of showing, microseconds UTC.
    keep_seen : bool
        Whether items of the histories are candidates, unless the rules say.

    Returns
    -------
    Slates
        Users in the order of the blocks.
    """
    keep = keep_seen or shop.rules.again_after_days is not None
    allowed = float(np.mean(shop.fates == 0)) if len(shop.fates) else 0.0
    least = max(k, shop.rules.candidates, math.ceil(SPARE * k / max(allowed, 1e-6)))
    enough = min(k, shop.most)

    def answer(histories: Sequences, scores: Float32, size: int) -> tuple[Slates, Bool]:
        offsets, seen = histories.offsets, histories.items
        if keep:
            offsets, seen = np.zeros_like(offsets), seen[:0]
        items, values = top_items(scores, k=size, seen_offsets=offsets, seen_items=seen)
        candidates = Candidates(user_ids=histories.user_ids, items=items, scores=values)
        slates = shop.rerank(candidates, histories, now=now, k=k)
        shown = (slates.items >= 0).sum(axis=1)
        return slates, (shown < enough) & (items >= 0).all(axis=1)

    parts = [shop.nothing(k)]
    for histories, scores in blocks:
        size = least
        slates, short = answer(histories, scores, size)
        users = np.flatnonzero(short)
        while len(users) and size < scores.shape[1]:
            size *= MORE
            fewer = histories.select(users, histories.offsets[users + 1])
            again, short = answer(fewer, scores[users], size)
            slates = slates.replaced(users, again)
            users = users[short]
        parts.append(slates)
    return Slates.joined(parts)
