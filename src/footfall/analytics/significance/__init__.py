"""How sure: intervals, tests and corrections; arrays in, arrays out.

Where nothing can be said (no trials, one value a group, no spread at all) the interval is as wide
as it can be and the p-value is 1, never a missing number that a later step could trip over.
"""

from footfall.analytics.significance.means import mean_difference, normal_test
from footfall.analytics.significance.multiple import benjamini_hochberg, holm
from footfall.analytics.significance.proportions import odds_ratio, two_proportions, wilson
from footfall.analytics.significance.samples import sample_ratio, sample_size
from footfall.analytics.significance.sequential import always_valid, sequence_reach

__all__ = [
    "always_valid",
    "benjamini_hochberg",
    "holm",
    "mean_difference",
    "normal_test",
    "odds_ratio",
    "sample_ratio",
    "sample_size",
    "sequence_reach",
    "two_proportions",
    "wilson",
]
