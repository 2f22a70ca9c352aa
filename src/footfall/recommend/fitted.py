"""What one fit leaves behind, and how histories are found in it."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.features.sequences import Sequences
from footfall.store.ids import UNKNOWN, IdMap

__all__ = ["STATES", "Fitted", "Slot", "popularity_of"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

STATES = "states"  # name of an array with a row a user, which goes with the histories
GRID = 1 << 20  # sums are of whole multiples of 1 / GRID: exact whatever the order of users


class Fitted:
    """Sequences of the fit, the popularity of items, and the arrays a recommender learned.

    Parameters
    ----------
    sequences : Sequences
        What was learned from: the histories of known users.
    popularity : float32 array, shape (V,)
        Scores for somebody without history.
    learned : dict of arrays
        The recommender's own.
    """

    def __init__(
        self, sequences: Sequences, popularity: Float32, learned: dict[str, Array]
    ) -> None:
        self.sequences = sequences
        self.popularity = popularity
        self.learned = learned
        self.made: dict[str, Any] = {}  # from what was learned, on first use
        self._user_codes = IdMap(sequences.user_ids)
        self._item_codes = IdMap(sequences.item_ids)

    @property
    def size_mb(self) -> float:
        """Size of what was learned, in MB of 2**20 bytes, without anything kept a user."""
        arrays = self.learned.items()
        return sum(a.nbytes for name, a in arrays if name.rpartition(".")[2] != STATES) / 2**20

    def item_codes(self, ids: pa.StringArray) -> npt.NDArray[np.int32]:
        """Return the column of each item; -1 for an unknown one."""
        return self._item_codes.codes(ids)

    def user_codes(self, ids: pa.StringArray) -> npt.NDArray[np.int32]:
        """Return the position of each user in the sequences of the fit; -1 for an unknown one."""
        return self._user_codes.codes(ids)

    def histories_of(self, ids: pa.StringArray) -> Sequences:
        """Return the histories of users; an unknown one's is empty."""
        codes = self._user_codes.codes(ids)
        histories = self.sequences.select(codes, self.sequences.offsets[codes + 1])
        return replace(histories, user_ids=ids)

    def unchanged(self, histories: Sequences) -> npt.NDArray[np.int32]:
        """Return the position in the fit of users whose history is still the same; -1 of others.

        Parameters
        ----------
        histories : Sequences
            ``B`` users, items in the codes of this catalogue.
        """
        mine = self.sequences
        codes = self._user_codes.codes(histories.user_ids)
        lengths = np.diff(histories.offsets)
        codes[(codes >= 0) & (np.diff(mine.offsets)[codes] != lengths)] = UNKNOWN
        rows = np.flatnonzero(np.repeat(codes >= 0, lengths))
        known = mine.select(codes[codes >= 0], mine.offsets[codes[codes >= 0] + 1])
        differs = histories.items[rows] != known.items
        if histories.timestamps is not None and known.timestamps is not None:
            differs |= histories.timestamps[rows] != known.timestamps
        codes[np.repeat(np.arange(len(codes)), lengths)[rows[differs]]] = UNKNOWN
        return codes

    def same_items(self, sequences: Sequences) -> Sequences:
        """Put sequences into the codes of this catalogue; items that are new are added to it."""
        ids = self.sequences.item_ids
        if sequences.item_ids.equals(ids):
            return sequences
        every = pa.chunked_array([ids, sequences.item_ids]).unique()
        return sequences.coded_by(every)

    def recoded(self, histories: Sequences) -> Sequences:
        """Put given histories into the codes of this catalogue; unknown items drop out."""
        ids = self.sequences.item_ids
        if histories.item_ids is ids or histories.item_ids.equals(ids):
            return histories
        codes = self.item_codes(histories.item_ids)[histories.items]
        known = codes >= 0
        total = np.concatenate(([0], np.cumsum(known)))
        times, weights = histories.timestamps, histories.weights
        return replace(
            histories,
            offsets=total[histories.offsets],
            items=codes[known],
            item_ids=ids,
            timestamps=None if times is None else times[known],
            weights=None if weights is None else weights[known],
        )


class Slot:
    """Where a fit is kept: options are frozen, and a new fit replaces the old one in one step."""

    fitted: Fitted | None = None


def popularity_of(sequences: Sequences, fade: npt.NDArray[np.float64] | None = None) -> Float32:
    """Add up the rows of each item.

    Parameters
    ----------
    sequences : Sequences
        Rows, with their weights if they have any.
    fade : float64 array, shape (N,), or None
        What each row counts for besides; None: 1.

    Returns
    -------
    float32 array, shape (V,)
        The same whatever the order of users.

    Examples
    --------
    >>> popularity_of(Sequences.from_arrays([0, 2, 3], [0, 1, 1], n_items=3))
    array([1., 2., 0.], dtype=float32)
    """
    each = np.ones(len(sequences.items)) if fade is None else fade
    if sequences.weights is not None:
        each = each * sequences.weights
    total = np.bincount(sequences.items, np.rint(each * GRID), minlength=sequences.n_items)
    return np.asarray(total / GRID, dtype=np.float32)
