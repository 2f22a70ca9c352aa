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
    NotEnoughDataError,
    NotFittedError,
    OptionError,
    StoreError,
)

if TYPE_CHECKING:
    from footfall.analytics.funnel import funnel as funnel
    from footfall.analytics.path import paths as paths
    from footfall.analytics.sessions import sessions as sessions
    from footfall.analytics.value.repeats import repeats as repeats
    from footfall.events.simulate import SimulateOptions as SimulateOptions, simulate as simulate
    from footfall.features import user_features as user_features
    from footfall.predict import (
        Purchase as Purchase,
        Recency as Recency,
        evaluate_purchase as evaluate_purchase,
    )
    from footfall.recommend import (
        BuyAgain as BuyAgain,
        Popular as Popular,
        Rules as Rules,
        evaluate_model as evaluate_model,
    )
    from footfall.store.ingest import ingest as ingest
    from footfall.store.log import Log as Log, open_log as open  # noqa: A004  # footfall.open
    from footfall.store.memory import MemoryLog as MemoryLog
    from footfall.store.quality import quality as quality

__all__ = [
    "BuyAgain",
    "ConflictError",
    "FootfallError",
    "InputError",
    "Log",
    "MappingError",
    "MemoryLog",
    "MissingExtraError",
    "NotEnoughDataError",
    "NotFittedError",
    "OptionError",
    "Popular",
    "Purchase",
    "Recency",
    "Rules",
    "SimulateOptions",
    "StoreError",
    "evaluate_model",
    "evaluate_purchase",
    "funnel",
    "ingest",
    "open",
    "paths",
    "quality",
    "repeats",
    "sessions",
    "simulate",
    "user_features",
]

# Public name -> where it lives, loaded when it is first used.
_HOMES = {
    "BuyAgain": ("footfall.recommend", "BuyAgain"),
    "Log": ("footfall.store.log", "Log"),
    "MemoryLog": ("footfall.store.memory", "MemoryLog"),
    "Popular": ("footfall.recommend", "Popular"),
    "Purchase": ("footfall.predict", "Purchase"),
    "Recency": ("footfall.predict", "Recency"),
    "Rules": ("footfall.recommend", "Rules"),
    "SimulateOptions": ("footfall.events.simulate", "SimulateOptions"),
    "evaluate_model": ("footfall.recommend", "evaluate_model"),
    "evaluate_purchase": ("footfall.predict", "evaluate_purchase"),
    "funnel": ("footfall.analytics.funnel", "funnel"),
    "ingest": ("footfall.store.ingest", "ingest"),
    "open": ("footfall.store.log", "open_log"),
    "paths": ("footfall.analytics.path", "paths"),
    "quality": ("footfall.store.quality", "quality"),
    "repeats": ("footfall.analytics.value.repeats", "repeats"),
    "sessions": ("footfall.analytics.sessions", "sessions"),
    "simulate": ("footfall.events.simulate", "simulate"),
    "user_features": ("footfall.features", "user_features"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'footfall' has no attribute {name!r}")
    module, inner = _HOMES[name]
    return getattr(importlib.import_module(module), inner)


def __dir__() -> list[str]:
    return [*__all__]
