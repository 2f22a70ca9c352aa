"""Portraits: of one user, of all users, of a segment against everybody, and its lookalikes."""

from footfall.analytics.profile.everybody import Profiles, profiles
from footfall.analytics.profile.one import Profile, profile
from footfall.analytics.profile.portrait import Portrait, portrait
from footfall.analytics.profile.similar import SimilarUsers, similar_users

__all__ = [
    "Portrait",
    "Profile",
    "Profiles",
    "SimilarUsers",
    "portrait",
    "profile",
    "profiles",
    "similar_users",
]
