"""Says how good an answer is: splits, ranking, probability and beyond-accuracy metrics.

Frames and arrays, never a model.
"""

from footfall.evaluate.alike import Traits
from footfall.evaluate.beyond import (
    beyond_metrics,
    user_diversity,
    user_novelty,
    user_popularity,
    user_serendipity,
)
from footfall.evaluate.calibration import calibration_error, reliability_table
from footfall.evaluate.exposure import Estimate, coverage, exposure_metrics, gini
from footfall.evaluate.interval import bootstrap_interval, ratio_interval
from footfall.evaluate.probability import (
    auc,
    average_precision,
    brier,
    confusion,
    f1,
    log_loss,
    probability_metrics,
    roc_curve,
)
from footfall.evaluate.protocol import ProtocolCard
from footfall.evaluate.ranking import METRICS, ranking_metrics, user_metrics
from footfall.evaluate.ranks import Ranks, rank_targets
from footfall.evaluate.segments import history_bands, segment_metrics
from footfall.evaluate.splits import Split, leave_one_out, time_cut
from footfall.evaluate.targets import Targets, select_targets

__all__ = [
    "METRICS",
    "Estimate",
    "ProtocolCard",
    "Ranks",
    "Split",
    "Targets",
    "Traits",
    "auc",
    "average_precision",
    "beyond_metrics",
    "bootstrap_interval",
    "brier",
    "calibration_error",
    "confusion",
    "coverage",
    "exposure_metrics",
    "f1",
    "gini",
    "history_bands",
    "leave_one_out",
    "log_loss",
    "probability_metrics",
    "rank_targets",
    "ranking_metrics",
    "ratio_interval",
    "reliability_table",
    "roc_curve",
    "segment_metrics",
    "select_targets",
    "time_cut",
    "user_diversity",
    "user_metrics",
    "user_novelty",
    "user_popularity",
    "user_serendipity",
]
