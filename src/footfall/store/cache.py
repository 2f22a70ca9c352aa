"""The chunk cache: a bucket's columns as memory-mapped arrays, keyed by the files they came from.

A bucket's files are sorted runs. The large, old ones are merged once and cached as the base; what
was appended since is a small tail, read from its files and merged in when a chunk is opened, so
that an append never costs the whole log. When the tail outgrows the base, a new base is built.
"""

import hashlib
import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
from numba import types

from footfall.errors import StoreError
from footfall.kernels import Array, bool1, i64, kernel, out_i64
from footfall.store.chunk import CHUNK_COLUMNS, UserChunk, read_only
from footfall.store.coding import TABLE_COLUMN, chunk_column
from footfall.store.delta import DataFile
from footfall.store.files import log_order, read_rows
from footfall.store.words import (
    Words,
    joined,
    open_words,
    save_words,
    source_column,
    word_columns,
    word_file,
)

__all__ = ["BucketCache", "read_chunk"]

_TAIL_ROWS = 20_000
_TAIL_SHARE = 0.2
_TAIL_FILES = 64
_BASES_KEPT = 2
_TRIES = 8
_FRAME = ("users", "offsets")


@dataclass(frozen=True)
class BucketCache:
    """The cached chunk of one bucket of one log.

    Parameters
    ----------
    folder : Path
        The bucket's own folder in the cache.
    filesystem : pyarrow.fs.FileSystem
        Rooted at the workspace.
    """

    folder: Path
    filesystem: pafs.FileSystem

    def chunk(self, files: Sequence[DataFile], columns: Sequence[str]) -> UserChunk:
        """Give the bucket's events, as the given files hold them.

        Parameters
        ----------
        files : sequence of DataFile
            The bucket's files at the version asked for, oldest first.
        columns : sequence of str
            Chunk columns, text among them.

        Raises
        ------
        StoreError
            If a file is missing or damaged, or the cache cannot be written.
        """
        problem: Exception | None = None
        for _ in range(_TRIES):
            try:
                return self._chunk(files, columns)
            except FileNotFoundError as error:  # another process replaced this base just now
                problem = error
            except (EOFError, ValueError) as error:  # not what was written: build it again
                problem = error
                shutil.rmtree(self.folder, ignore_errors=True)
            except OSError as error:
                problem = error
                break
        raise StoreError(f"Cannot keep the cache in {self.folder}: {problem}") from problem

    def _chunk(self, files: Sequence[DataFile], columns: Sequence[str]) -> UserChunk:
        base, tail = self._split(files)
        chunk = self._open(base, columns)
        if not tail:
            return chunk
        times = chunk if "timestamp" in columns else self._open(base, ["timestamp"])
        wanted = [*dict.fromkeys(["timestamp", *columns])]
        added = read_chunk(tail, wanted, filesystem=self.filesystem)
        return _merge(chunk, times["timestamp"], added, columns)

    def _split(self, files: Sequence[DataFile]) -> tuple[list[DataFile], list[DataFile]]:
        """Choose the cached base that covers most of the files; the rest is the tail."""
        best: list[DataFile] = []
        for meta in self.folder.glob("*/files.json"):
            try:
                cached = set(json.loads(meta.read_text()))
            except (FileNotFoundError, json.JSONDecodeError):
                continue  # being written or removed by another process: not a base for us
            base = [file for file in files if file.path in cached]
            if len(base) == len(cached) and _rows(base) > _rows(best):
                best = base
        tail = [file for file in files if file not in best]
        most = max(_TAIL_ROWS, _TAIL_SHARE * _rows(best))
        if best and _rows(tail) <= most and len(tail) <= _TAIL_FILES:
            return best, tail
        self._write_meta(files)
        return list(files), []

    def _write_meta(self, base: Sequence[DataFile]) -> None:
        home = self._home(base)
        home.mkdir(parents=True, exist_ok=True)
        temporary = home / f"files.{uuid.uuid4().hex}"
        temporary.write_text(json.dumps([file.path for file in base]))
        temporary.replace(home / "files.json")
        others = [p for p in self.folder.iterdir() if p != home and (p / "files.json").exists()]
        others.sort(key=_modified, reverse=True)
        for old in others[_BASES_KEPT - 1 :]:
            shutil.rmtree(old, ignore_errors=True)  # those who have it mapped keep it mapped

    def _home(self, base: Sequence[DataFile]) -> Path:
        names = "\n".join(file.path for file in base)
        return self.folder / hashlib.sha256(names.encode()).hexdigest()[:20]

    def _open(self, base: Sequence[DataFile], columns: Sequence[str]) -> UserChunk:
        """Map the base's columns, building those that are not there yet."""
        home = self._home(base)
        missing = [n for n in ["users", "offsets", *columns] if not _file(home, n).exists()]
        if missing:
            self._build(base, home, [n for n in missing if n not in _FRAME])
        users, offsets = self._map(home, "users"), self._map(home, "offsets")
        found: dict[str, Array] = {}
        words = {}
        for name in columns:
            if name in CHUNK_COLUMNS:
                found[name] = self._map(home, name)
            else:
                mapped = open_words(_file(home, name))
                found[name], words[name] = mapped.codes, mapped.strings
        # It was verified when it was built.
        return UserChunk(users, offsets, found, verify=False, words=words)

    @staticmethod
    def _map(home: Path, name: str) -> Array:
        return np.load(_file(home, name), mmap_mode="r")

    def _build(self, base: Sequence[DataFile], home: Path, columns: list[str]) -> None:
        wanted = [*dict.fromkeys(["timestamp", *columns])]
        chunk = read_chunk(base, wanted, filesystem=self.filesystem)
        arrays: dict[str, Array] = {"users": chunk.users, "offsets": chunk.offsets}
        arrays.update(chunk.columns)
        for name, array in arrays.items():
            path = _file(home, name)
            if path.exists():
                continue
            temporary = home / f"{path.name}.{uuid.uuid4().hex}.tmp"
            try:
                if name in chunk.words:
                    save_words(temporary, Words(array, chunk.words[name]))
                else:
                    with temporary.open("wb") as file:
                        np.save(file, array)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)


def read_chunk(
    files: Sequence[DataFile], columns: Sequence[str], *, filesystem: pafs.FileSystem
) -> UserChunk:
    """Read files whole, without a cache, and bring their rows into log order.

    Parameters
    ----------
    files : sequence of DataFile
        Of one bucket.
    columns : sequence of str
        Chunk columns, text among them.
    filesystem : pyarrow.fs.FileSystem
        Rooted at the workspace.

    Raises
    ------
    StoreError
        If a file is missing or damaged.
    """
    plain = [name for name in columns if name in CHUNK_COLUMNS]
    text = [name for name in columns if name not in CHUNK_COLUMNS]
    sources = [*dict.fromkeys(source_column(name) for name in text)]
    wanted = dict.fromkeys(
        ["user_code", "timestamp", *(TABLE_COLUMN[name] for name in plain), *sources]
    )
    if len(files) > 1:
        wanted["arrival"] = None
    parts = [
        read_rows(f, columns=[*wanted], filesystem=filesystem, dictionaries=sources) for f in files
    ]
    rows = pa.concat_tables(parts)
    user = rows.column("user_code").to_numpy()
    arrays: dict[str, Array] = {name: chunk_column(rows, name) for name in plain}
    coded = word_columns(rows, text)
    arrays.update({name: coded[name].codes for name in text})
    if len(files) > 1:
        arrival = rows.column("arrival").to_numpy()
        by_arrival = np.argsort(arrival, kind="stable")
        times: Array = chunk_column(rows, "timestamp")
        order = by_arrival[log_order(user[by_arrival], times[by_arrival])]
        user, arrays = user[order], {name: array[order] for name, array in arrays.items()}
    return UserChunk.from_rows(user, arrays, {n: w.strings for n, w in coded.items()})


def _file(home: Path, name: str) -> Path:
    """Give the file of one column; codes and words share theirs."""
    plain = name in CHUNK_COLUMNS or name in _FRAME
    return home / (f"{name}.npy" if plain else word_file(name))


def _rows(files: Sequence[DataFile]) -> int:
    return sum(file.rows for file in files)


def _modified(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # another process removed it just now
        return 0.0


@kernel(types.void(i64, i64, i64, bool1, i64, i64, out_i64))
def _find_places(
    offsets: Array,
    times: Array,
    places: Array,
    old: Array,
    tail_offsets: Array,
    tail_times: Array,
    at: Array,
) -> None:
    """Find the base row each tail row is put before: after all that are not later."""
    for index in range(len(places)):
        row = offsets[places[index]]
        stop = offsets[places[index] + 1] if old[index] else row
        for mine in range(tail_offsets[index], tail_offsets[index + 1]):
            end = stop
            while row < end:
                middle = (row + end) // 2
                if times[middle] <= tail_times[mine]:
                    row = middle + 1
                else:
                    end = middle
            at[mine] = row


def _merge(base: UserChunk, times: Array, tail: UserChunk, columns: Sequence[str]) -> UserChunk:
    """Merge a small sorted tail into a base without touching more than the copies need.

    Tail events arrived later, so that among equal timestamps they come after the base's.
    """
    places = np.searchsorted(base.users, tail.users)
    old = places < len(base.users)
    old[old] = base.users[places[old]] == tail.users[old]
    at = np.empty(tail.events, np.int64)
    _find_places(base.offsets, times, places, old, tail.offsets, tail["timestamp"], at)
    counts = np.diff(base.offsets)
    counts[places[old]] += np.diff(tail.offsets)[old]
    users = np.insert(base.users, places[~old], tail.users[~old])
    counts = np.insert(counts, places[~old], np.diff(tail.offsets)[~old])
    merged, words = {}, {}
    for name in columns:
        old_rows, new_rows = base[name], tail[name]
        if name in tail.words:
            known = Words(old_rows[:0], base.words[name])  # base rows keep their codes
            both = joined([known, Words(new_rows, tail.words[name])])
            new_rows, words[name] = both.codes, both.strings
        merged[name] = np.insert(old_rows, at, new_rows)
    return UserChunk(users, np.append(0, np.cumsum(counts)), read_only(merged), words=words)
