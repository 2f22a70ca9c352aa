"""Models on disk: ``model.json`` says what it is, ``arrays.npz`` holds the numbers.

Neither can run code when read. The JSON is written last and names the digest of the arrays, so a
folder is either whole or refused.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import InputError
from footfall.features.sequences import Sequences

__all__ = ["Stored", "model_name", "read_model", "write_model"]

Array = npt.NDArray[Any]

FORMAT = 1
CARD, ARRAYS = "model.json", "arrays.npz"
LEARNED = "learned."
SAID = {"format", "model", "options", "arrays_sha256"}  # of every card


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """A recommender as it lies in a folder.

    Parameters
    ----------
    model : str
        Name of the recommender.
    options : mapping
        Plain values.
    sequences : Sequences
        Histories and catalogue of the fit.
    popularity : float32 array, shape (V,)
        Scores for somebody without history.
    learned : dict of arrays
        The recommender's own.
    """

    model: str
    options: Mapping[str, Any]
    sequences: Sequences
    popularity: npt.NDArray[np.float32]
    learned: dict[str, Array]


def write_model(folder: Path, stored: Stored) -> None:
    """Write a model; one that was in the folder is replaced.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    stored : Stored
        What to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, **_arrays_of(stored))  # type: ignore[arg-type]  # names come from a dict
    data = buffer.getvalue()
    card = {
        "format": FORMAT,
        "model": stored.model,
        "options": dict(stored.options),
        "arrays_sha256": hashlib.sha256(data).hexdigest(),
    }
    _replace(folder / ARRAYS, data)
    _replace(folder / CARD, json.dumps(card, indent=2, ensure_ascii=False).encode())


def read_model(folder: Path, *, model: str) -> Stored:
    """Read a model of a given name.

    Parameters
    ----------
    folder : Path
        Where `write_model` wrote.
    model : str
        Name the folder has to hold.

    Raises
    ------
    InputError
        When it holds none, another, a newer or a damaged one.
    """
    card = _read_card(folder)
    if card["model"] != model:
        raise InputError(f"{folder} holds a {card['model']!r} model, not {model!r}.")
    try:
        data = (folder / ARRAYS).read_bytes()
    except OSError as error:
        raise InputError(f"{folder / ARRAYS} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != card["arrays_sha256"]:
        raise InputError(f"{folder / ARRAYS} is damaged or not of this model. Save it again.")
    return _stored_of(card, io.BytesIO(data))


def model_name(folder: Path) -> str:
    """Return the name of the model in a folder.

    Raises
    ------
    InputError
        When it holds none, or a newer one.
    """
    return str(_read_card(folder)["model"])


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{folder} holds no model: {CARD} cannot be read.") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged: it is no JSON. Save the model again.") from error
    if not isinstance(card, dict) or "format" not in card or "model" not in card:
        raise InputError(f"{path} is not the card of a model.")
    if card["format"] != FORMAT:
        raise InputError(
            f"{folder} was written in format {card['format']}, this footfall reads {FORMAT}. "
            "Fit the model again, or install the footfall that wrote it."
        )
    if not card.keys() >= SAID or not isinstance(card["options"], dict):
        raise InputError(f"{path} is damaged: a part of it is missing. Save the model again.")
    return card


def _arrays_of(stored: Stored) -> dict[str, Array]:
    sequences = stored.sequences
    arrays: dict[str, Array] = {
        "offsets": sequences.offsets,
        "items": sequences.items,
        "popularity": stored.popularity,
        **{LEARNED + name: array for name, array in stored.learned.items()},
    }
    columns = {"timestamps": sequences.timestamps, "weights": sequences.weights}
    arrays |= {name: column for name, column in columns.items() if column is not None}
    for name, ids in (("user_ids", sequences.user_ids), ("item_ids", sequences.item_ids)):
        text = [str(each).encode() for each in ids.to_pylist()]
        arrays[name + ".text"] = np.frombuffer(b"".join(text), dtype=np.uint8)
        arrays[name + ".ends"] = np.cumsum([len(each) for each in text], dtype=np.int64)
    return arrays


def _stored_of(card: dict[str, Any], data: BinaryIO) -> Stored:
    with np.load(data, allow_pickle=False) as arrays:
        sequences = Sequences(
            offsets=arrays["offsets"],
            items=arrays["items"],
            user_ids=_strings(arrays["user_ids.text"], arrays["user_ids.ends"]),
            item_ids=_strings(arrays["item_ids.text"], arrays["item_ids.ends"]),
            timestamps=arrays.get("timestamps"),
            weights=arrays.get("weights"),
        )
        return Stored(
            model=card["model"],
            options=card["options"],
            sequences=sequences,
            popularity=arrays["popularity"],
            learned={
                name.removeprefix(LEARNED): arrays[name]
                for name in arrays.files
                if name.startswith(LEARNED)
            },
        )


def _strings(text: Array, ends: Array) -> pa.StringArray:
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
