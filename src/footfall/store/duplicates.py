"""Which arriving events are new, which the log knows, and which repeat or contradict another."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.store.files import PARTITION
from footfall.store.seen import Keys, Run, SeenIndex
from footfall.store.spill import Spill

__all__ = [
    "CHANGED",
    "CHANGED_DUPLICATE",
    "EXACT",
    "EXACT_DUPLICATE",
    "KNOWN",
    "NEW",
    "Arrivals",
    "Duplicates",
]

NEW, KNOWN, EXACT, CHANGED = 0, 1, 2, 3
EXACT_DUPLICATE, CHANGED_DUPLICATE = "exact_duplicate", "changed_duplicate"  # rules of rejects
_KEYS_IN_MEMORY = 1 << 18


class Arrivals:
    """The keys of arriving events, parted by their first bits so that each part fits in memory.

    Parameters
    ----------
    folder : Path
        Where parts go when they outgrow memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spill = Spill(folder)
        self._runs: list[Run] = []

    def __enter__(self) -> "Arrivals":
        self._spill.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spill.__exit__(kind, error, trace)

    def add(self, keys: Keys, prints: Keys, places: npt.NDArray[np.int64]) -> None:
        """Take a batch.

        Parameters
        ----------
        keys, prints : ndarray of uint64, shape (N,)
            Identity of each event and the second hash of its content.
        places : ndarray of int64, shape (N,)
            Place of each event in this append, from 0 on.
        """
        part = (keys >> np.uint64(60)).astype(np.int32)
        self._spill.add(
            pa.table({PARTITION: part, "key": keys, "print": prints, "arrival": places})
        )

    def judge(self, index: SeenIndex) -> npt.NDArray[np.int8]:
        """Say of each event whether it is NEW, KNOWN, an EXACT repeat, or CHANGED.

        Among events with one key the log's stands, or else the first. One that says the same as
        the log's is KNOWN, one that repeats the first of this append is EXACT; any other is
        CHANGED.

        Returns
        -------
        ndarray of int8, shape (number of events added,)
        """
        verdict = np.empty(self._spill.rows, np.int8)
        for part in self._spill.parts():
            rows = self._spill.read(part)
            keys, prints = rows.column("key").to_numpy(), rows.column("print").to_numpy()
            order = np.argsort(keys, kind="stable")
            keys, prints = keys[order], prints[order]
            judged = _judge_sorted(keys, prints, index)
            verdict[rows.column("arrival").to_numpy()[order]] = judged
            new = judged == NEW
            self._runs.append(self._kept(part, Run(keys[new], prints[new])))
        return verdict

    def _kept(self, part: int, run: Run) -> Run:
        """Keep a long run on disk until the index takes it."""
        if len(run.keys) < _KEYS_IN_MEMORY:
            return run
        self._folder.mkdir(parents=True, exist_ok=True)
        arrays = {"keys": run.keys, "prints": run.prints}
        paths = {kind: self._folder / f"run-{part}.{kind}.npy" for kind in arrays}
        for kind, array in arrays.items():
            np.save(paths[kind], array)
        return Run(*(np.load(path, mmap_mode="r") for path in paths.values()))

    def runs(self) -> Iterator[Run]:
        """Give the new events' keys, ascending, for the index."""
        yield from self._runs


def _judge_sorted(keys: Keys, prints: Keys, index: SeenIndex) -> npt.NDArray[np.int8]:
    first = np.append(True, keys[1:] != keys[:-1])
    leader = np.maximum.accumulate(np.where(first, np.arange(len(keys)), 0))
    found, known = index.look_up(keys)
    verdict = np.where(first & ~found, NEW, CHANGED).astype(np.int8)
    verdict[found & (prints == known)] = KNOWN
    verdict[~first & (prints == prints[leader])] = EXACT
    return verdict


@dataclass(frozen=True)
class Duplicates:
    """Places (from 0, in order of reading) of events that were not kept.

    Parameters
    ----------
    exact, changed : ndarray of int64
    """

    exact: npt.NDArray[np.int64]
    changed: npt.NDArray[np.int64]
