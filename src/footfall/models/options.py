"""Checks of the options of training that need no torch: recommenders make them, too."""

from collections.abc import Sequence
from typing import Literal

from footfall.errors import OptionError

__all__ = ["AUGMENTATIONS", "Precision", "check_device", "checked_augmentations"]

Precision = Literal["auto", "float32", "bf16"]
PRECISIONS = ("auto", "float32", "bf16")
AUGMENTATIONS = ("crop", "reorder", "mask")  # in the order in which they are applied


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
