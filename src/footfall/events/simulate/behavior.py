"""How simulated shoppers behave: every parameter of the simulator, in one place."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from footfall.errors import OptionError

__all__ = ["CHANNELS", "DEVICES", "LAYOUTS", "PAYMENTS", "SHIPPING", "SLOTS", "Behavior"]

CHANNELS = ("direct", "organic", "email", "social", "search_ad", "affiliate")
DEVICES = ("app", "mobile_web", "desktop")
SHIPPING = ("standard", "express", "slow")
PAYMENTS = ("card", "wallet", "bank_transfer")
LAYOUTS = ("a", "b", "c")
SLOTS = 3  # ad places on the landing page


@dataclass(frozen=True, kw_only=True)
class Behavior:
    """The parameters of shoppers, the shop and its ads; they are written to ``truth.json``.

    ``*_logit`` is a log-odds at which everything else adds zero; ``*_share`` and ``*_chance`` are
    probabilities; weights multiply the named quantity inside a log-odds.
    """

    # Tempo
    sessions_per_day: float = 0.13  # mean over users while they are with the shop
    tempo_spread: float = 0.9  # standard deviation of log(sessions per day) over users
    busy_factor: float = 1.9  # tempo in a busy spell ...
    quiet_factor: float = 0.3  # ... and in a quiet one
    spell_days: float = 12.0  # mean length of a spell
    joiner_share: float = (
        0.4  # users who join during the simulation; the rest are there at its start
    )
    lifetime_days: float = 240.0  # mean time from joining to churn, for a user of mean tempo
    churn_after_return_chance: float = 0.1  # a return makes the shopper leave, days later
    weekend_factor: float = 1.25  # traffic on Saturday and Sunday
    promotion_traffic: float = 3.0  # traffic on promotion days (6.18, 11.11, 12.12, Black Friday)
    season_swing: float = 0.2  # the year's trend: traffic is highest in early December
    # Tastes
    category_weight: float = 1.1  # taste for a category, when choosing what to shop for
    item_weight: float = 0.9  # taste for an item, when choosing among a category's items
    quality_weight: float = 0.3
    price_weight: float = (
        0.8  # times the shopper's price sensitivity, on log(price / category price)
    )
    follow_share: float = 0.3  # the next item viewed is one of the four that follow this one
    similar_share: float = 0.15  # ... or one of the four that resemble it
    stay_share: float = 0.35  # ... or another of the same category; else a new category
    resume_chance: float = 0.35  # a session begins with the item the last one ended with
    restock_chance: float = 0.6  # a session begins with a used-up item that is due again
    # Within a session
    bounce_chance: float = 0.25  # nothing after the landing page
    product_landing_share: float = 0.3  # sessions that land on an item's page, not on the home page
    search_chance: float = 0.45
    no_result_chance: float = 0.07  # a search finds nothing
    view_again_chance: float = 0.72  # another item is viewed
    cart_logit: float = -4.3
    match_weight: float = 0.7  # taste match, on putting into the cart
    intent_spread: float = 1.0  # sessions differ in how serious they are
    resume_weight: float = 0.6  # a resumed item goes into the cart more easily
    restock_weight: float = 2.2
    wishlist_chance: float = 0.035
    remove_chance: float = 0.12  # an item is taken out of the cart again
    checkout_logit: float = -1.3
    busy_weight: float = 0.5  # in a busy spell shoppers check out more
    order_logit: float = 1.3  # from checkout to purchase
    # The planted cause of lost checkouts
    slow_shipping_share: float = 0.25  # checkouts offered slow shipping, at random
    slow_shipping_effect: float = -1.3  # its log odds ratio on purchase after checkout
    # Prices
    sale_share: float = 0.1  # item-weeks on sale, at random
    sale_depth: float = 0.15
    promotion_depth: float = 0.2  # everything, on promotion days
    # The discount treatment, drawn at random at the start of every session
    discount_10_share: float = 0.15
    discount_20_share: float = 0.10
    discount_weight: float = (
        0.7  # log odds of checkout for each 10 %: weight * (sensitivity - neutral)
    )
    discount_neutral: float = (
        0.3  # shoppers less price sensitive than this are put off by a discount
    )
    # After the purchase
    return_logit: float = -2.6
    return_quality_weight: float = -0.8
    return_fashion_weight: float = 0.8
    return_delay_days: float = 7.0
    review_chance: float = 0.2
    review_delay_days: float = 6.0
    # Channels: what one touch adds to the log odds of checkout, halving every goodwill_days
    channel_shares: tuple[float, ...] = (0.34, 0.24, 0.10, 0.14, 0.14, 0.04)
    channel_effects: tuple[float, ...] = (0.0, 0.1, 0.6, 0.0, 0.4, 0.0)
    goodwill_days: float = 7.0
    affiliate_on_resume: float = 0.3  # coupon sites step in just before a purchase and add nothing
    # Ads
    ad_chance: float = 0.45  # sessions that see the ad slots
    ad_logit: float = -3.3
    ad_match_weight: float = 0.9
    ad_slot_effects: tuple[float, ...] = (0.0, -0.4, -0.8)
    ad_exploration: float = 0.1  # share of the logging policy that is uniform
    ad_sharpness: float = 1.5  # of the logging policy's softmax

    def __post_init__(self) -> None:
        for name in self.scalars():
            value = getattr(self, name)
            if not np.isfinite(value):
                raise OptionError.of(name, "simulate", "a finite number", value)
            if name.endswith(("_share", "_chance")) and not 0.0 <= value <= 1.0:
                raise OptionError.of(name, "simulate", "a probability from 0 to 1", value)
            if name.endswith(("_days", "_factor", "_traffic", "per_day")) and value <= 0.0:
                raise OptionError.of(name, "simulate", "above 0", value)
        self._check_lengths()

    def _check_lengths(self) -> None:
        lengths = {
            "channel_shares": len(CHANNELS),
            "channel_effects": len(CHANNELS),
            "ad_slot_effects": SLOTS,
        }
        for name, length in lengths.items():
            if len(getattr(self, name)) != length:
                raise OptionError.of(name, "simulate", f"{length} numbers", getattr(self, name))
        if min(self.channel_shares) < 0 or sum(self.channel_shares) <= 0:
            raise OptionError.of(
                "channel_shares", "simulate", "shares of at least 0, not all 0", self.channel_shares
            )

    @classmethod
    def scalars(cls) -> tuple[str, ...]:
        """Name the parameters that are one number.

        Examples
        --------
        >>> Behavior.scalars()[:2]
        ('sessions_per_day', 'tempo_spread')
        """
        return tuple(f.name for f in fields(cls) if f.type is float)

    def record(self) -> NDArray[np.void]:
        """Pack the single numbers into one record that kernels read by name.

        Returns
        -------
        ndarray of one record
            Every field is float64.
        """
        names = self.scalars()
        values = tuple(float(getattr(self, name)) for name in names)
        return np.array([values], dtype=np.dtype([(name, np.float64) for name in names]))
