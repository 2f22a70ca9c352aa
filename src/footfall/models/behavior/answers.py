"""From states to tables: what each head says of each user."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from footfall.errors import OptionError
from footfall.features.event_codes import EventCodes
from footfall.models.behavior.future import OUTCOMES
from footfall.models.behavior.heads import EDGES_DAYS
from footfall.models.behavior.network import BehaviorNetwork

__all__ = ["answer_of", "best_items", "check_count", "check_wanted"]

BLOCK_NUMBERS = 8_000_000  # scores held at once
HOUR_DAYS = 1 / 24


@torch.no_grad()
def answer_of(
    network: BehaviorNetwork, head: str, states: Tensor, codes: EventCodes
) -> dict[str, npt.NDArray[np.float64]]:
    """Give the columns that a head says, all but the item's.

    Parameters
    ----------
    network : BehaviorNetwork
    head : str
    states : Tensor, shape (B, C)
    codes : EventCodes

    Returns
    -------
    dict of name to float64 array, shape (B,)
    """
    made = network.head(head)
    if head == "event_type":
        return _columns(codes.event_types, made.chances(states))
    if head in {"purchase", "churn"}:
        names = [f"{head}_{_shown(days)}" for days in made.days]
        return _columns(names, made.chances(states))
    if head == "order_time":
        names = [f"order_within_{_shown(days)}" for days in EDGES_DAYS]
        median = {"median_days": made.median_days(states).double().numpy()}
        return {**_columns(names, made.within(states)), **median}
    if head == "return":
        return {"return_probability": made.chances(states).double().numpy()}
    return {"order_value": made.value(states).numpy()}


@torch.no_grad()
def best_items(
    network: BehaviorNetwork,
    states: Tensor,
    ids: pa.StringArray,
    codes: EventCodes,
    *,
    k: int,
    wanted: Sequence[str],
) -> pa.Table:
    """Rank the items that come next.

    Parameters
    ----------
    network : BehaviorNetwork
    states : Tensor, shape (B, C)
    ids : pa.StringArray, length B
    codes : EventCodes
    k : int
        Items a user.
    wanted : sequence of str
        Outcomes to ask for: some of `OUTCOMES`.

    Returns
    -------
    pa.Table
        user_id, item_id, score (logarithm of the chance), rank.
    """
    table = network.core.table()
    size = min(k, len(table))
    told = torch.tensor([[1 if name in wanted else -1 for name in OUTCOMES]])
    found, scores = [], []
    for low in range(0, len(states), max(1, BLOCK_NUMBERS // len(table))):
        some = states[low : low + max(1, BLOCK_NUMBERS // len(table))]
        vectors = network.head("item").asked(some, told.expand(len(some), -1))
        chances = torch.log_softmax(vectors @ table.t(), 1)
        score, item = chances.topk(size, 1)
        found.append(item.numpy())
        scores.append(score.numpy())
    items = np.concatenate([np.empty((0, size), np.int64), *found])
    return pa.table(
        {
            "user_id": ids.take(pa.array(np.repeat(np.arange(len(items)), size))),
            "item_id": codes.item_ids.take(pa.array(items.ravel())),
            "score": np.concatenate([np.empty((0, size), np.float32), *scores]).ravel(),
            "rank": np.tile(np.arange(1, size + 1, dtype=np.int32), len(items)),
        }
    )


def check_count(k: object) -> None:
    """Check how many items are asked for.

    Raises
    ------
    OptionError
        If it is no whole number from 1.
    """
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 1:
        raise OptionError.of("k", "predict", "a whole number, 1 or more", k)


def check_wanted(wanted: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read the outcomes that are wanted.

    Raises
    ------
    OptionError
        If one of them is not known.
    """
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted or ())
    for name in names:
        if name not in OUTCOMES:
            raise OptionError.of("wanted", "predict", f"some of {OUTCOMES}", name)
    return names


def _columns(names: Sequence[str], chances: Tensor) -> dict[str, npt.NDArray[np.float64]]:
    return dict(zip(names, chances.double().numpy().T, strict=True))


def _shown(days: float) -> str:
    """Write a horizon: 7d, 4h.

    Examples
    --------
    >>> [_shown(days) for days in (1 / 24, 0.5, 7.0)]
    ['1h', '12h', '7d']
    """
    return f"{days:g}d" if days >= 1 else f"{round(days / HOUR_DAYS)}h"
