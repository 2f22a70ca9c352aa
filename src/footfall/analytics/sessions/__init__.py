"""How shoppers visit: length and depth of sessions, bounces, entries and exits, time between."""

from footfall.analytics.sessions.engagement import Engagement, engagement
from footfall.analytics.sessions.entries import EntriesExits, entries_exits
from footfall.analytics.sessions.summary import Sessions, sessions
from footfall.analytics.sessions.times import SessionTimes, session_times

__all__ = [
    "Engagement",
    "EntriesExits",
    "SessionTimes",
    "Sessions",
    "engagement",
    "entries_exits",
    "session_times",
    "sessions",
]
