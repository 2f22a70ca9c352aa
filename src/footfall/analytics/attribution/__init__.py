"""Which channels, campaigns or ads bring conversions: seven models on the same paths."""

from footfall.analytics.attribution.answer import Attribution
from footfall.analytics.attribution.question import attribution

__all__ = ["Attribution", "attribution"]
