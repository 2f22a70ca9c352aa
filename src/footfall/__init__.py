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
    from footfall.analytics.attribution import attribution as attribution
    from footfall.analytics.compare import compare as compare
    from footfall.analytics.funnel import (
        Step as Step,
        after_drop as after_drop,
        compare_funnels as compare_funnels,
        funnel as funnel,
        funnel_trend as funnel_trend,
        why_they_drop as why_they_drop,
    )
    from footfall.analytics.path import paths as paths
    from footfall.analytics.profile import (
        portrait as portrait,
        profile as profile,
        profiles as profiles,
        similar_users as similar_users,
    )
    from footfall.analytics.segment import (
        Segment as Segment,
        cluster_segments as cluster_segments,
        export_segment as export_segment,
        movement as movement,
        segments as segments,
    )
    from footfall.analytics.sessions import sessions as sessions
    from footfall.analytics.significance import sample_size as sample_size
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
    "Segment",
    "SimulateOptions",
    "Step",
    "StoreError",
    "after_drop",
    "attribution",
    "cluster_segments",
    "compare",
    "compare_funnels",
    "evaluate_model",
    "evaluate_purchase",
    "export_segment",
    "funnel",
    "funnel_trend",
    "ingest",
    "movement",
    "open",
    "paths",
    "portrait",
    "profile",
    "profiles",
    "quality",
    "repeats",
    "sample_size",
    "segments",
    "sessions",
    "similar_users",
    "simulate",
    "user_features",
    "why_they_drop",
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
    "Segment": ("footfall.analytics.segment", "Segment"),
    "SimulateOptions": ("footfall.events.simulate", "SimulateOptions"),
    "Step": ("footfall.analytics.funnel", "Step"),
    "after_drop": ("footfall.analytics.funnel", "after_drop"),
    "attribution": ("footfall.analytics.attribution", "attribution"),
    "cluster_segments": ("footfall.analytics.segment", "cluster_segments"),
    "compare": ("footfall.analytics.compare", "compare"),
    "compare_funnels": ("footfall.analytics.funnel", "compare_funnels"),
    "evaluate_model": ("footfall.recommend", "evaluate_model"),
    "evaluate_purchase": ("footfall.predict", "evaluate_purchase"),
    "export_segment": ("footfall.analytics.segment", "export_segment"),
    "funnel": ("footfall.analytics.funnel", "funnel"),
    "funnel_trend": ("footfall.analytics.funnel", "funnel_trend"),
    "ingest": ("footfall.store.ingest", "ingest"),
    "movement": ("footfall.analytics.segment", "movement"),
    "open": ("footfall.store.log", "open_log"),
    "paths": ("footfall.analytics.path", "paths"),
    "portrait": ("footfall.analytics.profile", "portrait"),
    "profile": ("footfall.analytics.profile", "profile"),
    "profiles": ("footfall.analytics.profile", "profiles"),
    "quality": ("footfall.store.quality", "quality"),
    "repeats": ("footfall.analytics.value.repeats", "repeats"),
    "sample_size": ("footfall.analytics.significance", "sample_size"),
    "segments": ("footfall.analytics.segment", "segments"),
    "sessions": ("footfall.analytics.sessions", "sessions"),
    "similar_users": ("footfall.analytics.profile", "similar_users"),
    "simulate": ("footfall.events.simulate", "simulate"),
    "user_features": ("footfall.features", "user_features"),
    "why_they_drop": ("footfall.analytics.funnel", "why_they_drop"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'footfall' has no attribute {name!r}")
    module, inner = _HOMES[name]
    return getattr(importlib.import_module(module), inner)


def __dir__() -> list[str]:
    return [*__all__]
