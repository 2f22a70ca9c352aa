"""Embeddings on disk: ``embedding.json`` says what it is, ``vectors.npz`` holds the numbers.

Neither can run code when read. The JSON is written last and names the digest of the arrays, so a
folder is either whole or refused.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.errors import InputError

__all__ = ["read_vectors", "write_vectors"]

FORMAT = 1
CARD, ARRAYS = "embedding.json", "vectors.npz"
TEXT, ENDS = ".text", ".ends"


def write_vectors(folder: Path, *, card: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write an embedding; one that was in the folder is replaced.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    card : mapping
        Plain values.
    arrays : mapping of name to array
        NumPy arrays, and Arrow arrays of strings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain: dict[str, Any] = {}
    for name, array in arrays.items():
        if isinstance(array, pa.Array):
            text = [str(each).encode() for each in array.to_pylist()]
            plain[name + TEXT] = np.frombuffer(b"".join(text), dtype=np.uint8)
            plain[name + ENDS] = np.cumsum([len(each) for each in text], dtype=np.int64)
        else:
            plain[name] = array
    buffer = io.BytesIO()
    np.savez(buffer, **plain)
    data = buffer.getvalue()
    whole = {"format": FORMAT, **card, "arrays_sha256": hashlib.sha256(data).hexdigest()}
    _replace(folder / ARRAYS, data)
    _replace(folder / CARD, json.dumps(whole, indent=2, ensure_ascii=False).encode())


def read_vectors(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the card and the arrays that `write_vectors` wrote.

    Raises
    ------
    InputError
        When the folder holds none, damaged ones or those of a newer version.
    """
    card = _read_card(folder)
    try:
        data = (folder / ARRAYS).read_bytes()
    except OSError as error:
        raise InputError(f"{folder / ARRAYS} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != card["arrays_sha256"]:
        raise InputError(f"{folder / ARRAYS} is damaged or not of this card. Save it again.")
    arrays: dict[str, Any] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        for name in stored.files:
            if name.endswith(TEXT):
                inner = name.removesuffix(TEXT)
                arrays[inner] = _strings(stored[name], stored[inner + ENDS])
            elif not name.endswith(ENDS):
                arrays[name] = stored[name]
    return card, arrays


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{folder} holds no embedding: {CARD} cannot be read.") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged: it is no JSON. Save the embedding again.") from error
    if not isinstance(card, dict) or not {"format", "kind", "made", "arrays_sha256"} <= card.keys():
        raise InputError(f"{path} is not the card of an embedding.")
    if card["format"] != FORMAT:
        raise InputError(
            f"{folder} was written in format {card['format']}, this footfall reads {FORMAT}. "
            "Make the embedding again, or install the footfall that wrote it."
        )
    return card


def _strings(text: Any, ends: Any) -> pa.StringArray:
    offsets = np.concatenate(([0], ends)).astype(np.int64)
    large = pa.LargeStringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))
    )
    return large.cast(pa.string())


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file and move into place, so that no reader meets half of it."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
