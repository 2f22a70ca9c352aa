"""Who and what a question counts: expressions, conditions, periods, segments, breakdowns."""

from footfall.analytics.scope.calendar import Calendar
from footfall.analytics.scope.conditions import Condition, condition
from footfall.analytics.scope.period import Between, Period
from footfall.analytics.scope.scope import Asked, Scope, nothing_in, scoped

__all__ = [
    "Asked",
    "Between",
    "Calendar",
    "Condition",
    "Period",
    "Scope",
    "condition",
    "nothing_in",
    "scoped",
]
