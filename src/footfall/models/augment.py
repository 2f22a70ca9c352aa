"""Changes to what a network reads while it learns, so that it sees a history in more than one way.

What is drawn depends on a key and on the place of a token in the data alone: how users are laid
out, and how many processes share them, changes nothing.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from footfall.models.options import AUGMENTATIONS
from footfall.models.packed import Batch
from footfall.store.hashing import scrambled

__all__ = ["augment", "uniform"]

Array = npt.NDArray[np.generic]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

LEAST_KEPT = 0.5  # of a history, by crop
MASKED = 0.2  # of the tokens
REORDERED = 0.25  # of a history, at most
TIMES = "seconds"  # stay where they are when items change places


def augment(batch: Batch, wanted: Tensor, names: Sequence[str], key: int) -> tuple[Batch, Tensor]:
    """Change a batch.

    Parameters
    ----------
    batch : Batch
        With a field ``item``.
    wanted : Tensor of int64, shape (B, T)
        The item after each token.
    names : sequence of str
        ``crop``: a part of each history, half of it at least. ``reorder``: a short part of each
        history, up to a quarter, in another order; what comes next is what comes next there.
        ``mask``: a fifth of the items is missing.
    key : int
        Same key, same changes.

    Returns
    -------
    batch : Batch
        Its rows are those of the data that each token came from.
    wanted : Tensor of int64, shape (B, T)

    References
    ----------
    Xie, X. et al. (2022). Contrastive learning for sequential recommendation (CL4SRec). ICDE.

    Examples
    --------
    >>> from footfall.models.packed import Packed
    >>> packed = Packed(offsets=np.array([0, 4]), fields={"item": np.array([5, 6, 7, 8])})
    >>> batch, wanted = packed.batch(np.array([0])), torch.tensor([[6, 7, 8, 9]])
    >>> some, after = augment(batch, wanted, ["crop"], key=4)
    >>> some.fields["item"].tolist(), after.tolist()
    ([[6, 7, 8]], [[7, 8, 9]])
    """
    if not batch.there.any():
        return batch, wanted
    for name in AUGMENTATIONS:
        if name in names:
            change = {"crop": _cropped, "reorder": _reordered, "mask": _masked}[name]
            # Each is drawn by itself: what one does, does not depend on the others.
            batch, wanted = change(batch, wanted, key + AUGMENTATIONS.index(name))
    return batch, wanted


def _cropped(batch: Batch, wanted: Tensor, key: int) -> tuple[Batch, Tensor]:
    """Keep a part of each history."""
    lengths = batch.there.sum(1).numpy()
    of_length, of_start = (uniform(batch.rows[:, 0].numpy(), key, draw) for draw in (0, 1))
    least = np.ceil(LEAST_KEPT * lengths).astype(np.int64)
    kept = least + (of_length * (lengths - least + 1)).astype(np.int64)  # least .. all
    start = (of_start * (lengths - kept + 1)).astype(np.int64)
    place = np.arange(kept.max(initial=0))
    taken = start[:, None] + np.minimum(place, np.maximum(kept[:, None] - 1, 0))
    return _taken(batch, wanted, taken, torch.from_numpy(place < kept[:, None]))


def _reordered(batch: Batch, wanted: Tensor, key: int) -> tuple[Batch, Tensor]:
    """Shuffle a short part of each history."""
    lengths = batch.there.sum(1).numpy()
    of_length, of_start = (uniform(batch.rows[:, 0].numpy(), key, draw) for draw in (0, 1))
    most = np.maximum(np.floor(REORDERED * lengths), 2).astype(np.int64)
    size = np.minimum(2 + (of_length * (most - 1)).astype(np.int64), lengths)  # 2 .. most
    start = (of_start * (lengths - size + 1)).astype(np.int64)
    place = np.arange(batch.there.shape[1])[None]
    inside = (place >= start[:, None]) & (place < (start + size)[:, None])
    drawn = start[:, None] + size[:, None] * uniform(batch.rows.numpy(), key, 2)
    taken = np.argsort(np.where(inside, drawn, place), axis=1, kind="stable")
    changed, _ = _taken(batch, wanted, taken, batch.there)
    fields = dict(changed.fields)
    if TIMES in fields:
        fields[TIMES] = batch.fields[TIMES]
    # Wanted is the item after each token as they stand now; after the part it is as it was.
    after = wanted.clone()
    before_one = torch.from_numpy(inside[:, 1:])
    after[:, :-1][before_one] = fields["item"][:, 1:][before_one].to(after.dtype)
    return Batch(fields, batch.there, changed.rows), after


def _masked(batch: Batch, wanted: Tensor, key: int) -> tuple[Batch, Tensor]:
    """Make some items missing."""
    hidden = torch.from_numpy(uniform(batch.rows.numpy(), key, 0) < MASKED)
    items = batch.fields["item"].masked_fill(hidden, -1)
    return Batch({**batch.fields, "item": items}, batch.there, batch.rows), wanted


def _taken(batch: Batch, wanted: Tensor, taken: Int64, there: Tensor) -> tuple[Batch, Tensor]:
    """Take other places of each history, (B, T')."""
    users, places = torch.arange(len(taken))[:, None], torch.from_numpy(taken)
    fields = {name: values[users, places] for name, values in batch.fields.items()}
    return Batch(fields, there, batch.rows[users, places]), wanted[users, places]


def uniform(rows: Array, key: int, draw: int) -> Float64:
    """Draw a number from 0 to 1 for each row: the bits of row, key and draw, well mixed.

    Parameters
    ----------
    rows : int array, any shape
        Places of tokens in the data.
    key : int
        Of the step.
    draw : int
        Which of the numbers that a row needs: 0 to 3.

    References
    ----------
    Steele, G. L. et al. (2014). Fast splittable pseudorandom number generators. OOPSLA.
    """
    odd = np.uint64(0x9E3779B97F4A7C15)
    mixed = np.array([(key * 4 + draw) % 2**64], np.uint64)
    for part in (rows.astype(np.uint64), np.uint64(0)):
        mixed = scrambled((mixed ^ part) * odd + odd)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
