"""Checks of the options of training that need no torch: recommenders make them, too."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import Any, Literal

from footfall.errors import MissingExtraError, OptionError

__all__ = [
    "AUGMENTATIONS",
    "ENCODERS",
    "Precision",
    "StepOptions",
    "check_device",
    "check_encoder",
    "check_torch",
    "checked_augmentations",
    "is_number",
]

Precision = Literal["auto", "float32", "bf16"]
PRECISIONS = ("auto", "float32", "bf16")
ENCODERS = ("transformer", "ligr", "hstu", "gru", "lstm", "rnn", "cnn")
AUGMENTATIONS = ("crop", "reorder", "mask")  # in the order in which they are applied


@dataclass(frozen=True, kw_only=True)
class StepOptions:
    """How steps follow each other: options of the trainer and of a model that hands them on.

    Parameters
    ----------
    schedule : {"cosine", "constant"}
        How the learning rate goes on after `warmup_steps`: down to 0 at the last epoch, or level.
    warmup_steps : int
        Steps in which it rises from 0; a tenth of all, at most.
    clip : float
        Longest gradient, as one vector.
    average : float or None
        Decay of the averaged weights that are kept in the end (EMA); None: the last ones are.
    patience : int
        Epochs without gain on the validation after which training stops.
    """

    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_steps: int = 100
    clip: float = 5.0
    average: float | None = 0.998
    patience: int = 3

    def steps(self) -> dict[str, Any]:
        """Give these options by name, to hand them on."""
        return {each.name: getattr(self, each.name) for each in fields(StepOptions)}

    def check_steps(self, owner: str) -> None:
        """Check these options.

        Parameters
        ----------
        owner : str
            Whose they are.

        Raises
        ------
        OptionError
            If one has a value that is not allowed.

        Examples
        --------
        >>> StepOptions(clip=0).check_steps("train")
        Traceback (most recent call last):
        footfall.errors.OptionError: The 'clip' option of train must be a number above 0. Got 0 ...
        """
        if self.schedule not in ("cosine", "constant"):  # a list has no hash
            raise OptionError.of("schedule", owner, "'cosine' or 'constant'", self.schedule)
        for option, least in (("warmup_steps", 0), ("patience", 1)):
            value = getattr(self, option)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise OptionError.of(option, owner, f"a whole number from {least}", value)
        if not (is_number(self.clip) and self.clip > 0):
            raise OptionError.of("clip", owner, "a number above 0", self.clip)
        if self.average is not None and not (is_number(self.average) and 0 < self.average < 1):
            raise OptionError.of("average", owner, "None, or between 0 and 1", self.average)


def is_number(value: object) -> bool:
    """Say whether an option is a finite number, and no yes or no."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def check_encoder(encoder: object, owner: str) -> None:
    """Check the name of an encoder.

    Raises
    ------
    OptionError
        If there is none of this name.
    """
    if encoder not in ENCODERS:
        raise OptionError.of("encoder", owner, f"one of {', '.join(ENCODERS)}", encoder)


def check_torch() -> None:
    """Check that torch is installed, without loading it.

    Raises
    ------
    MissingExtraError
        If it is not.
    """
    if find_spec("torch") is None:
        raise MissingExtraError.of("torch", "models", "The behaviour model")


def check_device(device: str, precision: str, owner: str) -> None:
    """Check the names of a device and of a precision.

    Parameters
    ----------
    device : str
        auto, cpu, cuda, or cuda:0 and on.
    precision : str
    owner : str
        Whose options they are.

    Raises
    ------
    OptionError
        If there is none of the name.

    Examples
    --------
    >>> check_device("gpu", "bf16", "train")
    Traceback (most recent call last):
    footfall.errors.OptionError: The 'device' option of train must be 'auto', 'cpu', 'cuda' or ...
    """
    kind, colon, number = device.partition(":") if isinstance(device, str) else ("", "", "")
    known = device in {"auto", "cpu", "cuda"} or (kind == "cuda" and bool(colon))
    if not known or (colon and not number.isdecimal()):
        raise OptionError.of("device", owner, "'auto', 'cpu', 'cuda' or 'cuda:0'", device)
    if precision not in PRECISIONS:
        raise OptionError.of("precision", owner, "'auto', 'float32' or 'bf16'", precision)


def checked_augmentations(names: Sequence[str] | str, owner: str) -> tuple[str, ...]:
    """Check names of augmentations.

    Parameters
    ----------
    names : sequence of str, or str
        A text holds names parted by commas.
    owner : str
        Whose option it is.

    Raises
    ------
    OptionError
        If one is unknown, or there twice.

    Examples
    --------
    >>> checked_augmentations("crop,mask", "sequential")
    ('crop', 'mask')
    """
    allowed = f"some of {', '.join(AUGMENTATIONS)}, each once"
    if isinstance(names, str):
        names = [part.strip() for part in names.split(",") if part.strip()]
    if not isinstance(names, Sequence):
        raise OptionError.of("augment", owner, allowed, names)
    if any(name not in AUGMENTATIONS for name in names) or len(set(names)) < len(names):
        raise OptionError.of("augment", owner, allowed, names)
    return tuple(names)
