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
    from footfall.analytics.basket import (
        basket_rules as basket_rules,
        complements as complements,
        sequential_patterns as sequential_patterns,
    )
    from footfall.analytics.chinese import question as question
    from footfall.analytics.cohort.distribution import distribution as distribution
    from footfall.analytics.cohort.intervals import intervals as intervals
    from footfall.analytics.cohort.lifecycle import lifecycle as lifecycle
    from footfall.analytics.cohort.retention import retention as retention
    from footfall.analytics.cohort.stickiness import stickiness as stickiness
    from footfall.analytics.cohort.survival import survival as survival
    from footfall.analytics.compare import compare as compare
    from footfall.analytics.funnel import (
        Step as Step,
        after_drop as after_drop,
        compare_funnels as compare_funnels,
        funnel as funnel,
        funnel_trend as funnel_trend,
        why_they_drop as why_they_drop,
    )
    from footfall.analytics.operations.losing_pages import losing_pages as losing_pages
    from footfall.analytics.operations.price_response import price_response as price_response
    from footfall.analytics.operations.promotion import promotion as promotion
    from footfall.analytics.operations.searches import searches as searches
    from footfall.analytics.operations.series import series as series
    from footfall.analytics.path import (
        Categories as Categories,
        Patterns as Patterns,
        contrast_paths as contrast_paths,
        dead_ends as dead_ends,
        loops as loops,
        path_tree as path_tree,
        paths as paths,
        purchase_paths as purchase_paths,
        step_matrix as step_matrix,
        suggest_patterns as suggest_patterns,
        transitions as transitions,
        whole_paths as whole_paths,
    )
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
    from footfall.analytics.sessions import (
        engagement as engagement,
        entries_exits as entries_exits,
        session_times as session_times,
        sessions as sessions,
    )
    from footfall.analytics.significance import sample_size as sample_size
    from footfall.analytics.value import (
        aipl as aipl,
        lifetime_value as lifetime_value,
        order_value as order_value,
        pareto as pareto,
        repeats as repeats,
        rfm as rfm,
        value_segments as value_segments,
    )
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
    "Categories",
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
    "Patterns",
    "Popular",
    "Purchase",
    "Recency",
    "Rules",
    "Segment",
    "SimulateOptions",
    "Step",
    "StoreError",
    "after_drop",
    "aipl",
    "attribution",
    "basket_rules",
    "cluster_segments",
    "compare",
    "compare_funnels",
    "complements",
    "contrast_paths",
    "dead_ends",
    "distribution",
    "engagement",
    "entries_exits",
    "evaluate_model",
    "evaluate_purchase",
    "export_segment",
    "funnel",
    "funnel_trend",
    "ingest",
    "intervals",
    "lifecycle",
    "lifetime_value",
    "loops",
    "losing_pages",
    "movement",
    "open",
    "order_value",
    "pareto",
    "path_tree",
    "paths",
    "portrait",
    "price_response",
    "profile",
    "profiles",
    "promotion",
    "purchase_paths",
    "quality",
    "question",
    "repeats",
    "retention",
    "rfm",
    "sample_size",
    "searches",
    "segments",
    "sequential_patterns",
    "series",
    "session_times",
    "sessions",
    "similar_users",
    "simulate",
    "step_matrix",
    "stickiness",
    "suggest_patterns",
    "survival",
    "transitions",
    "user_features",
    "value_segments",
    "whole_paths",
    "why_they_drop",
]

# Public name -> where it lives, loaded when it is first used.
_HOMES = {
    "BuyAgain": ("footfall.recommend", "BuyAgain"),
    "Categories": ("footfall.analytics.path", "Categories"),
    "Log": ("footfall.store.log", "Log"),
    "MemoryLog": ("footfall.store.memory", "MemoryLog"),
    "Patterns": ("footfall.analytics.path", "Patterns"),
    "Popular": ("footfall.recommend", "Popular"),
    "Purchase": ("footfall.predict", "Purchase"),
    "Recency": ("footfall.predict", "Recency"),
    "Rules": ("footfall.recommend", "Rules"),
    "Segment": ("footfall.analytics.segment", "Segment"),
    "SimulateOptions": ("footfall.events.simulate", "SimulateOptions"),
    "Step": ("footfall.analytics.funnel", "Step"),
    "after_drop": ("footfall.analytics.funnel", "after_drop"),
    "aipl": ("footfall.analytics.value", "aipl"),
    "attribution": ("footfall.analytics.attribution", "attribution"),
    "basket_rules": ("footfall.analytics.basket", "basket_rules"),
    "cluster_segments": ("footfall.analytics.segment", "cluster_segments"),
    "compare": ("footfall.analytics.compare", "compare"),
    "compare_funnels": ("footfall.analytics.funnel", "compare_funnels"),
    "complements": ("footfall.analytics.basket", "complements"),
    "contrast_paths": ("footfall.analytics.path", "contrast_paths"),
    "dead_ends": ("footfall.analytics.path", "dead_ends"),
    "distribution": ("footfall.analytics.cohort.distribution", "distribution"),
    "engagement": ("footfall.analytics.sessions", "engagement"),
    "entries_exits": ("footfall.analytics.sessions", "entries_exits"),
    "evaluate_model": ("footfall.recommend", "evaluate_model"),
    "evaluate_purchase": ("footfall.predict", "evaluate_purchase"),
    "export_segment": ("footfall.analytics.segment", "export_segment"),
    "funnel": ("footfall.analytics.funnel", "funnel"),
    "funnel_trend": ("footfall.analytics.funnel", "funnel_trend"),
    "ingest": ("footfall.store.ingest", "ingest"),
    "intervals": ("footfall.analytics.cohort.intervals", "intervals"),
    "lifecycle": ("footfall.analytics.cohort.lifecycle", "lifecycle"),
    "lifetime_value": ("footfall.analytics.value", "lifetime_value"),
    "loops": ("footfall.analytics.path", "loops"),
    "losing_pages": ("footfall.analytics.operations.losing_pages", "losing_pages"),
    "movement": ("footfall.analytics.segment", "movement"),
    "open": ("footfall.store.log", "open_log"),
    "order_value": ("footfall.analytics.value", "order_value"),
    "pareto": ("footfall.analytics.value", "pareto"),
    "path_tree": ("footfall.analytics.path", "path_tree"),
    "paths": ("footfall.analytics.path", "paths"),
    "portrait": ("footfall.analytics.profile", "portrait"),
    "price_response": ("footfall.analytics.operations.price_response", "price_response"),
    "profile": ("footfall.analytics.profile", "profile"),
    "profiles": ("footfall.analytics.profile", "profiles"),
    "promotion": ("footfall.analytics.operations.promotion", "promotion"),
    "purchase_paths": ("footfall.analytics.path", "purchase_paths"),
    "quality": ("footfall.store.quality", "quality"),
    "question": ("footfall.analytics.chinese", "question"),
    "repeats": ("footfall.analytics.value", "repeats"),
    "retention": ("footfall.analytics.cohort.retention", "retention"),
    "rfm": ("footfall.analytics.value", "rfm"),
    "sample_size": ("footfall.analytics.significance", "sample_size"),
    "searches": ("footfall.analytics.operations.searches", "searches"),
    "segments": ("footfall.analytics.segment", "segments"),
    "sequential_patterns": ("footfall.analytics.basket", "sequential_patterns"),
    "series": ("footfall.analytics.operations.series", "series"),
    "session_times": ("footfall.analytics.sessions", "session_times"),
    "sessions": ("footfall.analytics.sessions", "sessions"),
    "similar_users": ("footfall.analytics.profile", "similar_users"),
    "simulate": ("footfall.events.simulate", "simulate"),
    "step_matrix": ("footfall.analytics.path", "step_matrix"),
    "stickiness": ("footfall.analytics.cohort.stickiness", "stickiness"),
    "suggest_patterns": ("footfall.analytics.path", "suggest_patterns"),
    "survival": ("footfall.analytics.cohort.survival", "survival"),
    "transitions": ("footfall.analytics.path", "transitions"),
    "user_features": ("footfall.features", "user_features"),
    "value_segments": ("footfall.analytics.value", "value_segments"),
    "whole_paths": ("footfall.analytics.path", "whole_paths"),
    "why_they_drop": ("footfall.analytics.funnel", "why_they_drop"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'footfall' has no attribute {name!r}")
    module, inner = _HOMES[name]
    return getattr(importlib.import_module(module), inner)


def __dir__() -> list[str]:
    return [*__all__]
