"""Tags of users: what is said of each, how sure it is, and the counts behind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.segment.favorites import Favorites
from footfall.analytics.segment.measures import Measures

__all__ = ["Tag", "favorite_tag", "share_tags"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
_FEWEST = 5  # trials


@dataclass(frozen=True)
class Tag:
    """One kind of tag, of all users.

    Parameters
    ----------
    name : str
        "hours", "category", ...
    words : tuple of str
        What can be said.
    codes : ndarray of int32, shape (U,)
        Place in ``words``; -1: nothing is sure enough.
    confidence : ndarray of float64, shape (U,)
        How sure, 0 to 1; NaN where there is nothing to go by.
    hits, trials : ndarray of float64, shape (U,)
        The counts behind: ``hits`` of ``trials``.
    base : ndarray of float64, shape (U,)
        What share the tag's value has over all users; NaN where shares mean nothing.
    unit : str
        Of hits and trials, for the sentence that explains.
    """

    name: str
    words: tuple[str, ...]
    codes: Codes
    confidence: Floats
    hits: Floats
    trials: Floats
    base: Floats
    unit: str

    def evidence(self, user: int) -> str:
        """Say in a sentence what stands behind the tag of the user at a place."""
        hits, trials, base = self.hits[user], self.trials[user], self.base[user]
        if np.isnan(base):
            return self.unit.format(hits=_plain(hits), trials=_plain(trials))
        share = hits / trials if trials else 0.0
        return f"{hits:,.0f} of {trials:,.0f} {self.unit} ({share:.0%}); all users {base:.0%}"


def _plain(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() or number >= 100 else f"{number:,.1f}"


def above(hits: Floats, trials: Floats, base: Floats | float) -> Floats:
    """Give how sure it is that a share lies above a base; NaN without trials.

    One minus the p-value of the score test with continuity correction, which inverts Wilson's
    interval. Fewer than five trials say nothing: one rare value would be enough to be surprised.
    """
    from scipy.special import ndtr

    p = np.clip(base, 1e-9, 1 - 1e-9)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (hits - 0.5 - trials * p) / np.sqrt(trials * p * (1 - p))
    return np.where(trials >= _FEWEST, ndtr(z), np.where(trials > 0, 0.0, np.nan))


def favorite_tag(name: str, found: Favorites, *, least: float) -> Tag:
    """Tag users with the value met in most of their sessions, where it is sure to be a taste.

    Parameters
    ----------
    name : str
    found : Favorites
    least : float
        Confidence needed that the user meets the value more often than all users do.
    """
    total = max(int(found.base.sum()), 1)
    shares = np.append(found.base / total, np.nan)
    base = shares[found.favorite]
    hits, trials = found.sessions.astype(np.float64), found.total.astype(np.float64)
    confidence = np.where(found.favorite >= 0, above(hits, trials, np.nan_to_num(base)), np.nan)
    sure = np.nan_to_num(confidence) >= least
    codes = np.where(sure, found.favorite, -1).astype(np.int32)
    unit = f"{name} visits"
    return Tag(name, found.words, codes, confidence, hits, trials, base, unit)


def _choice(
    name: str, words: tuple[str, ...], hits: list[Floats], trials: Floats, unit: str, least: float
) -> Tag:
    """Tag users with the one of several values that most surely lies above its base."""
    total = max(float(trials.sum()), 1.0)
    bases = [float(each.sum()) / total for each in hits]
    sure = np.array([above(h, trials, b) for h, b in zip(hits, bases, strict=True)])
    best = np.argmax(np.nan_to_num(sure, nan=-1.0), axis=0)
    users = np.arange(len(trials))
    confidence = sure[best, users] if len(users) else np.zeros(0)
    codes = np.where(np.nan_to_num(confidence) >= least, best, -1).astype(np.int32)
    mine = np.array(hits)[best, users] if len(users) else np.zeros(0)
    return Tag(name, words, codes, confidence, mine, trials, np.array(bases)[best], unit)


def share_tags(measures: Measures, *, least: float) -> list[Tag]:
    """Tag users by the hours and days they come, the prices they look at, and discounts."""
    count: Callable[[str], Floats] = measures.tally.count
    sessions, weekend = count("sessions"), count("weekend")
    parts = ("night", "morning", "afternoon", "evening")
    tags = [
        _choice("hours", parts, [count(p) for p in parts], sessions, "sessions", least),
        _choice(
            "week", ("weekend", "weekdays"), [weekend, sessions - weekend], sessions, "sessions",
            least,
        ),
    ]  # fmt: skip
    if "price_level" in measures.raw:
        tiers = [count(f"{level}_price") for level in ("low", "middle", "high")]
        looks = tiers[0] + tiers[1] + tiers[2]
        words = ("low", "middle", "high")
        tags.append(_choice("price_level", words, tiers, looks, "looks at items", least))
    if "discount_share" in measures.raw:
        lines, cheaper = count("lines_judged"), count("lines_discounted")
        ways = ("seeks discounts", "pays full price")
        hits = [cheaper, lines - cheaper]
        tags.append(_choice("discount", ways, hits, lines, "lines bought", least))
    return tags
