"""Business rules on top of any recommender's order: filters, caps, diversity, boosts."""

from footfall.recommend.rerank.business import BusinessRules
from footfall.recommend.rerank.fill import bind_to, fill_slates, moment_of
from footfall.recommend.rerank.shop import ShopRules
from footfall.recommend.rerank.slates import Slates

__all__ = ["BusinessRules", "ShopRules", "Slates", "bind_to", "fill_slates", "moment_of"]
