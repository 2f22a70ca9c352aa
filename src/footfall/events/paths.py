"""From what a person names (files, folders, patterns) to the files to read."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from footfall.errors import InputError
from footfall.events.streams import why_not

__all__ = ["SUFFIXES", "expand_paths"]

# Endings of the files that are taken from a folder; .gz and .zst may follow them.
SUFFIXES = (".csv", ".dat", ".json", ".jsonl", ".ndjson", ".parquet", ".tsv", ".txt", ".xlsx")


def expand_paths(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """List the files that some paths stand for.

    Parameters
    ----------
    paths : iterable of path
        A file is taken whatever its name; a folder gives the data files in it and below, leaving
        out hidden ones; a pattern such as ``"2024-*/*.csv"`` gives what it matches.

    Returns
    -------
    list of str
        Each file once, sorted within each path.

    Raises
    ------
    InputError
        When a path is missing, may not be read, or stands for no file.
    """
    found: dict[str, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_files_of(os.fspath(path))))
    if not found:
        raise InputError("No file was named. Name at least one file, folder or pattern.")
    return list(found)


def _files_of(path: str) -> list[str]:
    if Path(path).is_dir():
        files = sorted(_data_files(path))
        if not files:
            raise InputError(f"The folder {path} holds no data file ({', '.join(SUFFIXES)}).")
        return files
    if Path(path).exists():
        return [path]
    if glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - the pattern may be absolute
        if not matches:
            raise InputError(f"No file matches {path!r}. Check the pattern.")
        return [
            file
            for match in matches
            for file in (_files_of(match) if _is_folder(match) else [match])
        ]
    raise why_not(path, FileNotFoundError())


def _is_folder(path: str) -> bool:
    return Path(path).is_dir()


def _data_files(folder: str) -> Iterator[str]:
    def complain(error: OSError) -> None:
        raise why_not(str(error.filename or folder), error) from error

    for place, folders, files in os.walk(folder, onerror=complain):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in files:
            stem = name.lower().removesuffix(".gz").removesuffix(".zst")
            if not name.startswith((".", "_")) and stem.endswith(SUFFIXES):
                yield str(Path(place) / name)
