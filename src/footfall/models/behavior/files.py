"""Behaviour models on disk: ``behavior.json`` says what one is, ``arrays.npz`` holds the numbers.

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

__all__ = ["part_of", "read_arrays", "read_card", "write_folder"]

FORMAT = 1
CARD, ARRAYS = "behavior.json", "arrays.npz"
TEXT, ENDS = ".text", ".ends"


def write_folder(folder: Path, *, card: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write a model; one that was in the folder is replaced.

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


def read_card(folder: Path) -> dict[str, Any]:
    """Read what a folder says of its model.

    Raises
    ------
    InputError
        If it holds none, a damaged one or one of another version.
    """
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{folder} holds no behaviour model: {CARD} cannot be read.") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged: it is no JSON. Save the model again.") from error
    if not isinstance(card, dict) or not {"format", "options", "arrays_sha256"} <= card.keys():
        raise InputError(f"{path} is not the card of a behaviour model.")
    if card["format"] != FORMAT:
        raise InputError(
            f"{folder} was written in format {card['format']}, this footfall reads {FORMAT}. "
            "Fit the model again, or install the footfall that wrote it."
        )
    return card


def read_arrays(folder: Path, card: Mapping[str, Any]) -> dict[str, Any]:
    """Read the arrays that belong to a card.

    Raises
    ------
    InputError
        If they cannot be read, or are not those of the card.
    """
    path = folder / ARRAYS
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != card["arrays_sha256"]:
        raise InputError(f"{path} is damaged or not of this model. Save it again.")
    arrays: dict[str, Any] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        for name in stored.files:
            if name.endswith(TEXT):
                inner = name.removesuffix(TEXT)
                arrays[inner] = _strings(stored[name], stored[inner + ENDS])
            elif not name.endswith(ENDS):
                arrays[name] = stored[name]
    return arrays


def part_of(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the arrays of one part, by their names within it."""
    lead = f"{name}."
    return {key.removeprefix(lead): v for key, v in arrays.items() if key.startswith(lead)}


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
