"""How shoppers visit: length and depth of sessions, bounces, entries and exits, time between."""

from footfall.analytics.sessions.summary import Sessions, sessions

__all__ = ["Sessions", "sessions"]
