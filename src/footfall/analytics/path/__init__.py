"""What shoppers do one after the other: common paths, trees, transitions, loops, contrasts."""

from footfall.analytics.path.common import Paths, paths

__all__ = ["Paths", "paths"]
