"""What shoppers are worth: RFM, tiers, shares, orders, lifetime value so far, repeats, AIPL."""

from footfall.analytics.value.aipl import Aipl, aipl
from footfall.analytics.value.lifetime import LifetimeValue, lifetime_value
from footfall.analytics.value.order_value import OrderValue, order_value
from footfall.analytics.value.pareto import Pareto, pareto
from footfall.analytics.value.repeats import Repeats, repeats
from footfall.analytics.value.rfm import Rfm, rfm
from footfall.analytics.value.tiers import ValueSegments, value_segments

__all__ = [
    "Aipl",
    "LifetimeValue",
    "OrderValue",
    "Pareto",
    "Repeats",
    "Rfm",
    "ValueSegments",
    "aipl",
    "lifetime_value",
    "order_value",
    "pareto",
    "repeats",
    "rfm",
    "value_segments",
]
