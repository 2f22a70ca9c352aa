"""What goes together: rules of baskets, sequences of orders, complements and substitutes."""

from footfall.analytics.basket.relations import Complements, complements
from footfall.analytics.basket.rules import BasketRules, basket_rules
from footfall.analytics.basket.sequences import SequentialPatterns, sequential_patterns

__all__ = [
    "BasketRules",
    "Complements",
    "SequentialPatterns",
    "basket_rules",
    "complements",
    "sequential_patterns",
]
