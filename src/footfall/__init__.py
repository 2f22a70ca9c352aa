"""Footfall turns a shop's event log into what happened, will happen, to show and to do.

Importing it is light: rooms are loaded when a name is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from footfall.errors import (
    ConflictError,
    FootfallError,
    InputError,
    MappingError,
    MissingExtraError,
    NotFittedError,
    OptionError,
    StoreError,
)

if TYPE_CHECKING:
    from footfall.store.memory import MemoryLog as MemoryLog

__all__ = [
    "ConflictError",
    "FootfallError",
    "InputError",
    "MappingError",
    "MemoryLog",
    "MissingExtraError",
    "NotFittedError",
    "OptionError",
    "StoreError",
]

_HOMES = {
    "MemoryLog": "footfall.store.memory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'footfall' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
