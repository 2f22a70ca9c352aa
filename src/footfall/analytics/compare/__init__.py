"""Two sides side by side: A/B arms, segments or periods, with intervals, tests and a verdict."""

from footfall.analytics.compare.answer import Comparison
from footfall.analytics.compare.question import compare

__all__ = ["Comparison", "compare"]
