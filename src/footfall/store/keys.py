"""Which keys the properties of a log have, file by file, since a file never changes."""

import contextlib
import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from footfall.events.columns import PROPERTIES
from footfall.store.delta import DataFile
from footfall.store.files import read_rows
from footfall.store.properties import keys_of

__all__ = ["property_keys"]


def property_keys(
    files: Iterable[DataFile], *, folder: Path, filesystem: pafs.FileSystem
) -> list[str]:
    """Name the keys of the properties of some data files.

    Parameters
    ----------
    files : iterable of DataFile
    folder : Path
        Where the keys of each file are remembered, if it can be written.
    filesystem : pyarrow.fs.FileSystem
        Rooted at the workspace.

    Returns
    -------
    list of str
        Sorted.

    Raises
    ------
    StoreError
        If a file is missing or damaged.
    """
    keys: set[str] = set()
    for file in files:
        keys.update(_of_file(file, folder, filesystem))
    return sorted(keys)


def _of_file(file: DataFile, folder: Path, filesystem: pafs.FileSystem) -> list[str]:
    path = folder / f"{hashlib.sha256(file.path.encode()).hexdigest()[:20]}.json"
    try:
        known = json.loads(path.read_text())
        if known["file"] == file.path:
            return [str(key) for key in known["keys"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or not what was written: it is read again and written anew
    rows = read_rows(file, columns=[PROPERTIES], filesystem=filesystem, dictionaries=[PROPERTIES])
    found: set[str] = set()
    for piece in rows.column(PROPERTIES).chunks:
        found.update(keys_of(piece.dictionary.cast(pa.string())))
    with contextlib.suppress(OSError):  # a cache: without it only the next question is slower
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{path.name}.{uuid.uuid4().hex}.tmp"
        temporary.write_text(json.dumps({"file": file.path, "keys": sorted(found)}))
        temporary.replace(path)
    return sorted(found)
