"""How many users a test needs, and whether it got the share of them it should have."""

import math
from collections.abc import Sequence

import numpy as np

from footfall.analytics.significance.proportions import checked_level, quantile_of_normal
from footfall.errors import OptionError

__all__ = ["sample_ratio", "sample_size"]


def sample_ratio(counts: Sequence[int], expected: Sequence[float] | None = None) -> float:
    """Test whether arms got the shares of users they were meant to get.

    A small p-value (below 0.001, say) means that users were lost or logged differently by arm: no
    other number of the test can then be trusted.

    Parameters
    ----------
    counts : sequence of int
        Users of each arm.
    expected : sequence of float, optional
        The intended split, in any unit; equal shares by default.

    Returns
    -------
    float
        p-value of the chi-square test; 1 when there are no users.

    Raises
    ------
    OptionError
        If a count is negative, a share is not above 0, or there are not as many of one as of the
        other.

    References
    ----------
    A. Fabijan et al., "Diagnosing sample ratio mismatch in online controlled experiments", 2019.

    Examples
    --------
    >>> round(sample_ratio([5000, 5300]), 5)
    0.00312
    >>> round(sample_ratio([9000, 1000], [0.9, 0.1]), 5)
    1.0
    """
    from scipy.special import chdtrc

    shares = [1.0] * len(counts) if expected is None else [float(share) for share in expected]
    if len(counts) < 2 or min(counts) < 0:
        raise OptionError.of("counts", "sample_ratio", "two counts or more, none below 0", counts)
    if len(shares) != len(counts) or not all(0 < share < math.inf for share in shares):
        allowed = f"{len(counts)} shares above 0, such as (0.5, 0.5)"
        raise OptionError.of("expected", "sample_ratio", allowed, expected)
    total = sum(counts)
    if not total:
        return 1.0
    want = np.array(shares) / sum(shares) * total
    return float(chdtrc(len(counts) - 1, float(((np.array(counts) - want) ** 2 / want).sum())))


def sample_size(
    baseline: float,
    *,
    relative: float | None = None,
    absolute: float | None = None,
    deviation: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
    split: Sequence[float] = (0.5, 0.5),
) -> tuple[int, int]:
    """Say how many users each arm needs to find a difference of a given size.

    Parameters
    ----------
    baseline : float
        The measure's value without the change: a share, or a mean when ``deviation`` is given.
    relative, absolute : float
        The smallest difference worth finding; one of the two. ``relative=0.05`` of a baseline of
        0.1 is 0.005.
    deviation : float, optional
        Standard deviation of one user's value, for a mean.
    power : float, default=0.8
        Chance to find a difference of that size.
    level : float, default=0.95
        Of the two-sided test.
    split : pair of float, default=(0.5, 0.5)
        Shares of the two arms.

    Returns
    -------
    users of the first arm, users of the second : int

    Raises
    ------
    OptionError
        If an option makes no sense.

    References
    ----------
    G. van Belle, "Statistical rules of thumb", 2008 (chapter 2).

    Examples
    --------
    >>> sample_size(0.10, relative=0.10)
    (14749, 14749)
    >>> sample_size(20.0, absolute=1.0, deviation=30.0)
    (14128, 14128)
    """
    from scipy.special import ndtri

    owner = "sample_size"
    if (relative is None) == (absolute is None):
        raise OptionError.of("relative", owner, "given, or absolute=, one of them", relative)
    effect = absolute if absolute is not None else baseline * (relative or 0.0)
    if not effect or not math.isfinite(effect):
        raise OptionError.of("relative", owner, "a difference other than 0", effect)
    if len(split) != 2:
        raise OptionError.of("split", owner, "two shares above 0", split)
    first, second = (float(share) for share in split)
    if not (0 < first < math.inf and 0 < second < math.inf):
        raise OptionError.of("split", owner, "two shares above 0", split)
    if deviation is None:
        changed = baseline + effect
        if not (0 < baseline < 1 and 0 < changed < 1):
            allowed = "a share between 0 and 1 before and after the change, or deviation= given"
            raise OptionError.of("baseline", owner, allowed, baseline)
        noise1, noise2 = baseline * (1 - baseline), changed * (1 - changed)
    else:
        if not deviation > 0:
            raise OptionError.of("deviation", owner, "a number above 0", deviation)
        noise1 = noise2 = deviation**2
    reach = quantile_of_normal(level, owner=owner) + float(ndtri(checked_level(power, owner=owner)))
    share1, share2 = first / (first + second), second / (first + second)
    total = (reach / effect) ** 2 * (noise1 / share1 + noise2 / share2)
    return math.ceil(total * share1 - 1e-9), math.ceil(total * share2 - 1e-9)
