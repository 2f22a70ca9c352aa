"""Says what will happen: purchases within a horizon."""

from footfall.predict.explanation import Explanation
from footfall.predict.measure import PurchaseReport, evaluate_purchase
from footfall.predict.predictor import Predictor
from footfall.predict.purchase import Purchase
from footfall.predict.recency import Recency

__all__ = [
    "Explanation",
    "Predictor",
    "Purchase",
    "PurchaseReport",
    "Recency",
    "evaluate_purchase",
]
