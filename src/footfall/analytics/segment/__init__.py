"""Users alike: rules, clusters with names, overlap, movement, and lists for marketing tools."""

from footfall.analytics.scope.segments import Segment

__all__ = ["Segment"]
