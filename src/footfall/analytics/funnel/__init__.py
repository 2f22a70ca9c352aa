"""Where shoppers drop: steps, how many reach each, who is lost, where they went, and why."""

from footfall.analytics.funnel.after import AfterDrop, after_drop
from footfall.analytics.funnel.answer import Funnel
from footfall.analytics.funnel.compare import FunnelComparison, compare_funnels
from footfall.analytics.funnel.conversion import funnel
from footfall.analytics.funnel.trend import FunnelTrend, funnel_trend
from footfall.analytics.funnel.why import DropReasons, why_they_drop
from footfall.analytics.steps import Step

__all__ = [
    "AfterDrop",
    "DropReasons",
    "Funnel",
    "FunnelComparison",
    "FunnelTrend",
    "Step",
    "after_drop",
    "compare_funnels",
    "funnel",
    "funnel_trend",
    "why_they_drop",
]
