"""Says how good an answer is: splits, ranking metrics, probability metrics.

Frames and arrays, never a model.
"""

from footfall.evaluate.calibration import calibration_error, reliability_table
from footfall.evaluate.interval import bootstrap_interval
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
from footfall.evaluate.splits import Split, leave_one_out, time_cut
from footfall.evaluate.targets import Targets, select_targets

__all__ = [
    "METRICS",
    "ProtocolCard",
    "Ranks",
    "Split",
    "Targets",
    "auc",
    "average_precision",
    "bootstrap_interval",
    "brier",
    "calibration_error",
    "confusion",
    "f1",
    "leave_one_out",
    "log_loss",
    "probability_metrics",
    "rank_targets",
    "ranking_metrics",
    "reliability_table",
    "roc_curve",
    "select_targets",
    "time_cut",
    "user_metrics",
]
