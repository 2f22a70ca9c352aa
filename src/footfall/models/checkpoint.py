"""Trainings on disk: one npz of numbers and their names; nothing in it can run."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from footfall.errors import InputError
from footfall.store.card_folder import part_of, replaced
from footfall.store.hashing import scrambled

__all__ = [
    "Checkpoint",
    "Fact",
    "checksum",
    "fingerprint",
    "read_checkpoint",
    "write_checkpoint",
]

Fact = Any  # an array, or a plain value whose repr says all of it

FORMAT = 3  # 1 did not say what it was a training on, 2 said it of one process
FILE = "training.npz"
ODD = np.uint64(0x9E3779B97F4A7C15)  # so that rows of zeros differ by their places


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A training between two epochs.

    Parameters
    ----------
    seed, step, best_epoch : int
    fingerprint : str
        Of what was learned from, and how: see `fingerprint`.
    best : float
        Quality of the weights that are kept.
    epochs : list of dict
        What was told of each epoch.
    weights, kept : dict of Tensor
        As they are now, and the best so far.
    average : list of Tensor
        Averaged parameters, in the network's order.
    moments : dict of place to dict of Tensor
        The optimizer's, by the same places; parameters without a gradient have none.
    """

    seed: int
    fingerprint: str
    step: int
    best: float
    best_epoch: int
    epochs: list[dict[str, Any]]
    weights: dict[str, Tensor]
    kept: dict[str, Tensor]
    average: list[Tensor]
    moments: dict[int, dict[str, Tensor]]


def checksum(places: npt.NDArray[np.int64], columns: Iterable[npt.NDArray[Any]]) -> int:
    """Give a number that differs when a row does: the sum of the rows' numbers, whoever has them.

    Parameters
    ----------
    places : int64 array, shape (N,)
        Of each row among all.
    columns : iterable of arrays, shape (N,)
        Numbers of 64 bits, or fewer.

    Returns
    -------
    int
        Of 64 bits; sums of them are to be taken modulo 2**64.

    References
    ----------
    Steele, G. L. et al. (2014). Fast splittable pseudorandom number generators. OOPSLA.

    Examples
    --------
    >>> places, items = np.arange(3), np.array([7, 8, 9])
    >>> parts = [checksum(places[some], [items[some]]) for some in (slice(1), slice(1, 3))]
    >>> sum(parts) % 2**64 == checksum(places, [items])
    True
    >>> checksum(places, [items]) == checksum(places, [items[::-1]])
    False
    """
    mixed = places.astype(np.uint64)
    for column in columns:
        wide = column.astype(np.float64 if column.dtype.kind == "f" else np.int64)
        mixed = scrambled((mixed ^ wide.view(np.uint64)) * ODD) + places.astype(np.uint64)
    return int(mixed.sum(dtype=np.uint64))


def fingerprint(facts: Iterable[Fact]) -> str:
    """Give a text that differs when any of some facts does.

    Parameters
    ----------
    facts : iterable of arrays and of plain values
        In an order of their own.

    Returns
    -------
    str
        Hexadecimal SHA-256.

    Examples
    --------
    >>> one, other = np.array([1, 2]), np.array([2, 1])
    >>> fingerprint([one, "all"]) == fingerprint([one.copy(), "all"]) != fingerprint([other, "all"])
    True
    """
    digest = hashlib.sha256()
    for fact in facts:
        if isinstance(fact, np.ndarray):
            digest.update(f"{fact.dtype}{fact.shape}\n".encode())
            digest.update(np.ascontiguousarray(fact).reshape(-1).view(np.uint8).data)
        else:
            digest.update(f"{fact!r}\n".encode())
    return digest.hexdigest()


def write_checkpoint(folder: Path, found: Checkpoint) -> None:
    """Write a training; an older one is replaced in one step.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    found : Checkpoint
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"weights.{name}": value for name, value in found.weights.items()}
    arrays |= {f"kept.{name}": value for name, value in found.kept.items()}
    arrays |= {f"average.{place}": value for place, value in enumerate(found.average)}
    for place, moments in found.moments.items():
        arrays |= {f"moments.{place}.{name}": value for name, value in moments.items()}
    card = {"format": FORMAT, "seed": found.seed, "step": found.step, "best": repr(found.best)}
    card |= {"best_epoch": found.best_epoch, "epochs": found.epochs}
    card["fingerprint"] = found.fingerprint
    text = np.frombuffer(json.dumps(card).encode(), np.uint8)
    with replaced(folder / FILE) as file:
        np.savez(file, card=text, **{name: value.numpy() for name, value in arrays.items()})  # type: ignore[arg-type]  # names come from a dict


def read_checkpoint(folder: Path, *, network: dict[str, Tensor]) -> Checkpoint | None:
    """Read a training; None when there is none.

    Parameters
    ----------
    folder : Path
    network : dict of Tensor
        The weights that it has to fit.

    Raises
    ------
    InputError
        If the file is damaged, of another version, or of a network of another shape.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            card = json.loads(bytes(file["card"]).decode())
            arrays = {name: torch.from_numpy(file[name]) for name in file.files if name != "card"}
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged. Remove it to train from the start.") from error
    if card.get("format") != FORMAT:
        raise InputError(
            f"{path} was written in format {card.get('format')}, this footfall reads {FORMAT}."
            " Name another folder, or remove the file to train from the start."
        )
    weights, kept = part_of(arrays, "weights"), part_of(arrays, "kept")
    if {k: v.shape for k, v in weights.items()} != {k: v.shape for k, v in network.items()}:
        raise InputError(
            f"{path} is a training of another network or other data. Name another folder."
        )
    average, moments = part_of(arrays, "average"), part_of(arrays, "moments")
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in moments.items():
        place, _, slot = name.partition(".")
        slots.setdefault(int(place), {})[slot] = value
    return Checkpoint(
        seed=card["seed"],
        fingerprint=card["fingerprint"],
        step=card["step"],
        best=float(card["best"]),
        best_epoch=card["best_epoch"],
        epochs=card["epochs"],
        weights=weights,
        kept=kept,
        average=[average[str(place)] for place in range(len(average))],
        moments=slots,
    )
