"""What shoppers do one after the other: common paths, trees, transitions, loops, contrasts."""

from footfall.analytics.path.common import Paths, paths
from footfall.analytics.path.contrast import ContrastPaths, contrast_paths
from footfall.analytics.path.dead_ends import DeadEnds, dead_ends
from footfall.analytics.path.loops import Loops, loops
from footfall.analytics.path.naming import Categories
from footfall.analytics.path.patterns import Patterns
from footfall.analytics.path.purchase import PurchasePaths, purchase_paths
from footfall.analytics.path.step_matrix import StepMatrix, step_matrix
from footfall.analytics.path.suggest import SuggestedPatterns, suggest_patterns
from footfall.analytics.path.transitions import Transitions, transitions
from footfall.analytics.path.tree import PathTree, path_tree
from footfall.analytics.path.whole import WholePaths, whole_paths

__all__ = [
    "Categories",
    "ContrastPaths",
    "DeadEnds",
    "Loops",
    "PathTree",
    "Paths",
    "Patterns",
    "PurchasePaths",
    "StepMatrix",
    "SuggestedPatterns",
    "Transitions",
    "WholePaths",
    "contrast_paths",
    "dead_ends",
    "loops",
    "path_tree",
    "paths",
    "purchase_paths",
    "step_matrix",
    "suggest_patterns",
    "transitions",
    "whole_paths",
]
