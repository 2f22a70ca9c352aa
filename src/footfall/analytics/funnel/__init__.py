"""Where shoppers drop: ordered steps, how many reach each, who is lost, and why."""

from footfall.analytics.funnel.conversion import Funnel, funnel

__all__ = ["Funnel", "funnel"]
