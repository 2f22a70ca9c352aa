"""What fitting leaves behind, in memory and as files: JSON, npz, Parquet, LightGBM's text."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.errors import InputError
from footfall.features import FEATURE_NAMES
from footfall.predict.calibration import Calibrator

__all__ = ["Known", "Learned", "Scorer", "load_learned", "save_learned"]

Float64 = npt.NDArray[np.float64]

_FORMAT = 1
_WORDS = "predictor.json"
_CALIBRATION = "calibration.npz"
_KNOWN = "known.parquet"


class Scorer(Protocol):
    """What a predictor learns besides calibration: higher score, more likely."""

    def score(self, values: Float64) -> Float64:
        """Give finite scores, shape (N,), of users' features (N, F)."""

    def save(self, folder: Path) -> None:
        """Write itself into the folder."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """Users as they stood at a moment: ids ascending, and their features (U, F)."""

    at: int
    user_ids: pa.StringArray
    values: Float64


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """All that fitting leaves behind.

    Parameters
    ----------
    scorer : Scorer
    calibrator : Calibrator
    cold : tuple of float
        Probability, low and high for a user of whom nothing is known.
    known : Known
        The users at the moment up to which the log was learned from.
    facts : dict
        Cutoff, users and positives of each sample trained on or calibrated with.
    """

    scorer: Scorer
    calibrator: Calibrator
    cold: tuple[float, float, float]
    known: Known
    facts: dict[str, Any]


def save_learned(
    learned: Learned, folder: Path, *, predictor: str, options: dict[str, Any]
) -> None:
    """Write everything into a folder; the JSON last, so that half a model is none.

    Parameters
    ----------
    learned : Learned
    folder : Path
        Made where it is missing.
    predictor : str
        Name of the class.
    options : dict of plain values
        What it was constructed with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _WORDS).unlink(missing_ok=True)
    words, arrays = learned.calibrator.state()
    learned.scorer.save(folder)
    np.savez_compressed(
        folder / _CALIBRATION,
        thresholds=arrays["thresholds"],
        low=arrays["low"],
        high=arrays["high"],
    )
    columns = [learned.known.user_ids, *np.ascontiguousarray(learned.known.values.T)]
    pq.write_table(pa.table(columns, names=["user_id", *FEATURE_NAMES]), folder / _KNOWN)
    description = {
        "format": _FORMAT,
        "predictor": predictor,
        "options": options,
        "at": learned.known.at,
        "calibrator": words,
        "cold": learned.cold,
        "facts": learned.facts,
    }
    (folder / _WORDS).write_text(json.dumps(description, indent=2), encoding="utf-8")


def load_learned(
    folder: Path, *, predictor: str, load_scorer: Callable[[Path], Scorer]
) -> tuple[dict[str, Any], Learned]:
    """Read what `save_learned` wrote.

    Returns
    -------
    options, learned : dict and Learned

    Raises
    ------
    InputError
        If the folder holds no such model.
    """
    try:
        description = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
        _check_kind(description, folder, predictor)
        with np.load(folder / _CALIBRATION, allow_pickle=False) as arrays:
            calibrator = Calibrator.from_state(description["calibrator"], dict(arrays))
        table = pq.read_table(folder / _KNOWN)
        known = Known(
            at=description["at"],
            user_ids=table.column("user_id").combine_chunks(),
            values=np.column_stack([table.column(name).to_numpy() for name in FEATURE_NAMES]),
        )
        learned = Learned(
            scorer=load_scorer(folder),
            calibrator=calibrator,
            cold=tuple(description["cold"]),
            known=known,
            facts=description["facts"],
        )
        return description["options"], learned
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{folder} holds no {predictor} that can be read: {error}") from error


def _check_kind(description: dict[str, Any], folder: Path, predictor: str) -> None:
    found = description["predictor"], description["format"]
    if found != (predictor, _FORMAT):
        raise InputError(
            f"{folder} must hold a {predictor} of format {_FORMAT}."
            f" It holds a {found[0]} of format {found[1]} instead."
        )
