"""What shoppers are worth: RFM, shares, orders, lifetime value so far, repeats, baskets."""

from footfall.analytics.value.repeats import Repeats, repeats

__all__ = ["Repeats", "repeats"]
