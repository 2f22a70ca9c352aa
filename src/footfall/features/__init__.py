"""Turns events into inputs and targets, as they stood at a cutoff."""

from footfall.events.moments import parse_moment, shown_moment
from footfall.features.declared import Feature
from footfall.features.targets import UserTargets, purchases_within
from footfall.features.users import FEATURE_NAMES, FEATURES, UserFeatures, user_features

__all__ = [
    "FEATURES",
    "FEATURE_NAMES",
    "Feature",
    "UserFeatures",
    "UserTargets",
    "parse_moment",
    "purchases_within",
    "shown_moment",
    "user_features",
]
