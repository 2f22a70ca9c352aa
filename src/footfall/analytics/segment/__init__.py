"""Users alike: rules, clusters with names, overlap, movement, and lists for marketing tools."""

from footfall.analytics.scope.segments import Segment
from footfall.analytics.segment.clusters import Clusters, cluster_segments
from footfall.analytics.segment.export import Exported, export_segment
from footfall.analytics.segment.measures import MEASURES
from footfall.analytics.segment.movement import Movement, movement
from footfall.analytics.segment.sizes import Segments, segments

__all__ = [
    "MEASURES",
    "Clusters",
    "Exported",
    "Movement",
    "Segment",
    "Segments",
    "cluster_segments",
    "export_segment",
    "movement",
    "segments",
]
