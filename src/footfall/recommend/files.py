"""Recommenders on disk: ``model.json`` says which, ``arrays.npz`` holds the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.errors import InputError
from footfall.features.sequences import Sequences
from footfall.store.card_folder import CardFolder, part_of

__all__ = ["Stored", "model_name", "read_model", "write_model"]

Array = npt.NDArray[Any]

LEARNED = "learned"
FOLDER = CardFolder(
    what="a model", again="Fit the model again", card="model.json", arrays="arrays.npz",
    marks=("model",), says={"options": dict},
)  # fmt: skip


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
    card = {"model": stored.model, "options": dict(stored.options)}
    FOLDER.write(folder, card=card, arrays=_arrays_of(stored))


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
    card, arrays = FOLDER.read(folder)
    if card["model"] != model:
        raise InputError(f"{folder} holds a {card['model']!r} model, not {model!r}.")
    return _stored_of(card, arrays)


def model_name(folder: Path) -> str:
    """Return the name of the model in a folder.

    Raises
    ------
    InputError
        When it holds none, or a newer one.
    """
    return str(FOLDER.read_card(folder)["model"])


def _arrays_of(stored: Stored) -> dict[str, Any]:
    sequences = stored.sequences
    columns = {"timestamps": sequences.timestamps, "weights": sequences.weights}
    return {
        "offsets": sequences.offsets,
        "items": sequences.items,
        "user_ids": sequences.user_ids,
        "item_ids": sequences.item_ids,
        "popularity": stored.popularity,
        **{f"{LEARNED}.{name}": array for name, array in stored.learned.items()},
        **{name: column for name, column in columns.items() if column is not None},
    }


def _stored_of(card: dict[str, Any], arrays: dict[str, Any]) -> Stored:
    names = ("offsets", "items", "user_ids", "item_ids")
    return Stored(
        model=card["model"],
        options=card["options"],
        sequences=Sequences(
            **{name: arrays[name] for name in names},
            timestamps=arrays.get("timestamps"),
            weights=arrays.get("weights"),
        ),
        popularity=arrays["popularity"],
        learned=part_of(arrays, LEARNED),
    )
