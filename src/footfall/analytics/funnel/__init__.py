"""Where shoppers drop: steps, how many reach each, who is lost, where they went, and why."""

from footfall.analytics.funnel.answer import Funnel
from footfall.analytics.funnel.conversion import funnel
from footfall.analytics.steps import Step

__all__ = ["Funnel", "Step", "funnel"]
