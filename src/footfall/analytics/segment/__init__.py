"""Users alike: rules, clusters with names, overlap, movement, and lists for marketing tools."""

from footfall.analytics.scope.segments import Segment
from footfall.analytics.segment.export import Exported, export_segment
from footfall.analytics.segment.movement import Movement, movement
from footfall.analytics.segment.sizes import Segments, segments

__all__ = [
    "Exported",
    "Movement",
    "Segment",
    "Segments",
    "export_segment",
    "movement",
    "segments",
]
