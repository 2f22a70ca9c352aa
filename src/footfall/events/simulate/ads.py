"""Ads: slots on the landing page, a known logging policy, and the true chance of a click."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.events.simulate.behavior import DEVICES, SLOTS, Behavior
from footfall.events.simulate.catalog import Catalog
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.shoppers import AGE_BANDS, GENDERS, demographic_tastes

__all__ = ["ADS", "CANDIDATES", "POLICY_NAME", "Ads", "ad_names", "click_probability", "make_ads"]

CANDIDATES = 8  # ads that compete for one slot
ADS = SLOTS * CANDIDATES
POLICY_NAME = "softmax-v1"
_ADS = 4  # purpose of the random stream


@dataclass(frozen=True)
class Ads:
    """The ads and the policy that was logging.

    Parameters
    ----------
    item : ndarray of shape (ADS,), int32
        The item an ad shows; ad `a` competes for slot `a // CANDIDATES`.
    appeal : ndarray of shape (ADS,), float64
        Hidden; added to the log odds of a click.
    factors : ndarray of shape (ADS, FACTORS), float32
        Hidden; those of the item.
    bid : ndarray of shape (ADS,), int64
        What an advertiser pays for a click, in minor units.
    policy : ndarray of shape (segments, SLOTS, CANDIDATES), float64
        Probability that the logging policy shows a candidate in a slot. Segment =
        age * len(DEVICES) + device.
    """

    item: npt.NDArray[np.int32]
    appeal: npt.NDArray[np.float64]
    factors: npt.NDArray[np.float32]
    bid: npt.NDArray[np.int64]
    policy: npt.NDArray[np.float64]


def ad_names() -> list[str]:
    """Name the ads.

    Examples
    --------
    >>> ad_names()[:2]
    ['ad00', 'ad01']
    """
    return [f"ad{ad:02d}" for ad in range(ADS)]


def make_ads(options: SimulateOptions, catalog: Catalog) -> Ads:
    """Draw the ads and the logging policy of a simulation.

    Parameters
    ----------
    options : SimulateOptions
        Of the simulation.
    catalog : Catalog
        Whose items are advertised.

    Returns
    -------
    Ads
        The policy is a softmax over a rough guess of what each segment clicks, mixed with the
        uniform policy, so that every propensity is at least exploration / candidates.
    """
    behavior = options.behavior
    rng = np.random.default_rng([options.seed, _ADS])
    launched = np.flatnonzero(catalog.items["launched"] == 0)  # at least one in each category
    item = rng.choice(launched, ADS, replace=False).astype(np.int32)
    appeal = rng.normal(0.0, 0.5, ADS)
    bid = np.rint(np.exp(rng.normal(3.4, 0.5, ADS))).astype(np.int64)
    groups = demographic_tastes(options.seed).reshape(len(AGE_BANDS), len(GENDERS), -1).mean(axis=1)
    guess = appeal + behavior.ad_match_weight * groups @ catalog.factors[item].T  # age, ad
    guess = np.repeat(guess, len(DEVICES), axis=0) + rng.normal(
        0.0, 0.4, (len(AGE_BANDS) * len(DEVICES), ADS)
    )
    score = np.exp(behavior.ad_sharpness * guess).reshape(-1, SLOTS, CANDIDATES)
    softmax = score / score.sum(axis=2, keepdims=True)
    policy = (1.0 - behavior.ad_exploration) * softmax + behavior.ad_exploration / CANDIDATES
    return Ads(item, appeal, catalog.factors[item], bid, policy)


def click_probability(
    tastes: npt.NDArray[np.float32], ads: Ads, behavior: Behavior
) -> npt.NDArray[np.float64]:
    """Compute the true expected reward of showing each ad, in its slot, to each user.

    Parameters
    ----------
    tastes : ndarray of shape (users, FACTORS)
        The users' hidden tastes.
    ads : Ads
        Of the simulation.
    behavior : Behavior
        Of the simulation.

    Returns
    -------
    ndarray of shape (users, ADS), float64
        Probability of a click.
    """
    slot_effect = np.repeat(behavior.ad_slot_effects, CANDIDATES)
    match = tastes.astype(np.float64) @ ads.factors.astype(np.float64).T
    logit = behavior.ad_logit + slot_effect + ads.appeal + behavior.ad_match_weight * match
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)
