"""The index of event ids: which events the log already holds.

Sorted runs of (key, print) pairs in memory-mapped files, merged as they grow, so that looking up
ten thousand events in a log of millions costs ten thousand look-ups. It can be deleted at any
time: what it lacks is read from the log again.
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import StoreError
from footfall.kernels import Array, kernel, u64

__all__ = ["Run", "SeenIndex"]

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Run:
    """Sorted keys and their prints.

    Parameters
    ----------
    keys : ndarray of uint64, shape (N,)
        Hash of the event's id, or of its content; ascending.
    prints : ndarray of uint64, shape (N,)
        A second hash of the content: the same key with another print is a changed event.
    """

    keys: Keys
    prints: Keys

    def find(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Give each key's place in the run, -1 where it is not there."""
        if len(self.keys) == 0:
            return np.full(len(keys), -1, np.int64)
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        return np.where(self.keys[places] == keys, places, -1)


class SeenIndex:
    """The runs on disk and how many arrivals of the log they cover."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._runs: list[Run] = []
        self.covered = 0
        self._load()

    def _load(self) -> None:
        try:
            manifest = json.loads((self._folder / "manifest.json").read_text())
            runs = [self._open(name) for name in manifest["runs"]]
        except FileNotFoundError:
            return  # a new log, or a cache somebody deleted: it covers nothing yet
        except (json.JSONDecodeError, KeyError, ValueError, EOFError):
            shutil.rmtree(self._folder, ignore_errors=True)  # damaged: rebuilt from the log
            return
        self._names, self._runs, self.covered = manifest["runs"], runs, int(manifest["covered"])

    def _open(self, name: str) -> Run:
        return Run(
            np.load(self._folder / f"{name}.keys.npy", mmap_mode="r"),
            np.load(self._folder / f"{name}.prints.npy", mmap_mode="r"),
        )

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._names, self._runs, self.covered = [], [], 0

    def look_up(self, keys: Keys) -> tuple[npt.NDArray[np.bool_], Keys]:
        """Say which keys the log holds, and the prints of those.

        Parameters
        ----------
        keys : ndarray of uint64, shape (N,)
            Fastest when ascending.

        Returns
        -------
        found : ndarray of bool, shape (N,)
        prints : ndarray of uint64, shape (N,)
            0 where not found.
        """
        found = np.zeros(len(keys), np.bool_)
        prints = np.zeros(len(keys), np.uint64)
        for run in self._runs:
            places = run.find(keys)
            hit = places >= 0
            found |= hit
            prints[hit] = run.prints[places[hit]]
        return found, prints

    def extend(self, parts: Iterable[Run], *, covered: int) -> None:
        """Add one run (in sorted parts) and remember how many arrivals are covered now.

        Raises
        ------
        StoreError
            If the cache folder cannot be written.
        """
        pieces = [part for part in parts if len(part.keys)]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if pieces:
                self._append(sum(len(part.keys) for part in pieces), partial(_join, pieces))
                self._merge_small()
            self.covered = covered
            self._save_manifest()
        except OSError as error:
            raise StoreError(f"Cannot write the index in {self._folder}: {error}") from error

    def _append(self, size: int, fill: Callable[[Run], None]) -> None:
        """Add a run that is filled in place, in files: its keys need not fit in memory."""
        name = uuid.uuid4().hex[:12]
        keys, prints = (
            _room_for(self._folder / f"{name}.{kind}.npy", size) for kind in ("keys", "prints")
        )
        fill(Run(keys, prints))
        del keys, prints  # closes the files: what was filled is written
        self._names.append(name)
        self._runs.append(self._open(name))

    def _merge_small(self) -> None:
        """Merge the newest runs while the older of the two is less than twice the newer."""
        while len(self._runs) > 1 and len(self._runs[-2].keys) < 2 * len(self._runs[-1].keys):
            first, second = self._runs[-2:]
            del self._names[-2:], self._runs[-2:]
            size = len(first.keys) + len(second.keys)
            self._append(size, partial(_merge, first, second))

    def _save_manifest(self) -> None:
        temporary = self._folder / f"manifest.{os.getpid()}"
        temporary.write_text(json.dumps({"runs": self._names, "covered": self.covered}))
        temporary.replace(self._folder / "manifest.json")
        for file in self._folder.glob("*.npy"):
            if file.name.split(".")[0] not in self._names:
                file.unlink(missing_ok=True)


def _room_for(path: Path, size: int) -> Keys:
    """Make a file for an array and map it; a full disk is an error here, not a signal later."""
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint64, shape=(size,))
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, array.offset + array.nbytes)
    return array


def _join(parts: Sequence[Run], out: Run) -> None:
    """Put runs behind each other: the parts of one append, ascending from part to part."""
    at = 0
    for part in parts:
        end = at + len(part.keys)
        out.keys[at:end], out.prints[at:end] = part.keys, part.prints
        at = end


def _merge(first: Run, second: Run, out: Run) -> None:
    _merge_sorted(first.keys, first.prints, second.keys, second.prints, out.keys, out.prints)


@kernel(types.void(u64, u64, u64, u64, types.uint64[::1], types.uint64[::1]))
def _merge_sorted(
    keys: Array, prints: Array, more_keys: Array, more_prints: Array, out: Array, out_prints: Array
) -> None:
    """Merge two ascending runs; of equal keys the first run's come first."""
    one, two = 0, 0
    for at in range(len(out)):
        if two == len(more_keys) or (one < len(keys) and keys[one] <= more_keys[two]):
            out[at], out_prints[at] = keys[one], prints[one]
            one += 1
        else:
            out[at], out_prints[at] = more_keys[two], more_prints[two]
            two += 1
