"""What a comparison says about itself."""

from collections.abc import Sequence

from footfall.analytics.compare.judging import LEAST_NONZERO, LEAST_USERS, Judging
from footfall.analytics.compare.pairing import Sided
from footfall.analytics.compare.sides import Plan
from footfall.events.durations import duration_text

__all__ = ["definition_of"]

_UNITS = {
    "arms": "users with an event in the time, by arm; users in both arms are left out and counted",
    "segments": "users with an event in the time, by segment; users in both are left out and"
    " counted. Nobody drew who is in which: a difference is not an effect",
    "periods": "users with an event in the period; users of both periods are on both sides, and"
    " what their two values have in common is taken into account (paired)",
}
_CORRECTIONS = {
    "holm": "Holm: any false finding among all measures has at most the chance of the level",
    "bh": "Benjamini-Hochberg: at most that share of findings is false",
    "none": "none: each measure by itself",
}


def definition_of(
    plan: Plan, how: Judging, sided: Sided, expected: Sequence[float]
) -> dict[str, str]:
    """Write down what was compared and how."""
    definition = {
        "unit": _UNITS[sided.kind],
        "window": _window(sided),
        "order": "timestamp, then arrival",
        "ties": "by arrival",
        "time_zone": "of the periods, where they are days; days of retention are 24 hours",
        sided.kind: f"{sided.said}: A = {sided.names[0]}, B = {sided.names[1]}",
        "difference": "B less A; relative: of A, its interval on the logarithm of the quotient",
        "test": _test(how, sided),
        "correction": _CORRECTIONS[how.correction],
        "enough": f"at least {LEAST_USERS} users on each side, and {LEAST_NONZERO} on both"
        " together whose value is not 0",
    }
    if sided.kind == "arms":
        shares = " : ".join(f"{share:g}" for share in expected)
        definition["split"] = f"chi-square test of the users of A and B against {shares}"
    if sided.kind == "periods":
        lengths = [end - start for start, end in plan.windows]
        if lengths[0] != lengths[1]:
            definition["lengths"] = "the periods differ in length: counts a user differ with it"
        definition["calendar"] = (
            "the intervals are about other users in the same times: they do not say whether other"
            " weeks would have differed as much"
        )
    if how.pre:
        definition["pre"] = (
            f"difference, interval and p-values are less what the same measure in the"
            f" {duration_text(plan.pre)} before explains (CUPED, one slope for both sides;"
            " retention by events before); value_a and value_b are as they were"
        )
    return definition | {measure.name: measure.words for measure in how.measures}


def _window(sided: Sided) -> str:
    if sided.kind == "periods":
        return sided.said
    if sided.at_start:
        return "all events in scope"
    return "from a user's first event with the arm on, in scope"


def _test(how: Judging, sided: Sided) -> str:
    always = (
        "p_always and sequential intervals: mixture of sequential likelihood ratios, narrowest at"
        f" {how.planned_users:,} users"
    )
    if how.sequential:
        return f"verdict and intervals hold however often one looks; {always}"
    if sided.kind == "periods" or how.pre:
        return f"normal, users as the unit, delta method for ratios; {always}"
    return (
        "shares: score test and Newcombe's interval; means per user: Welch; ratios: normal with the"
        f" delta method; {always}"
    )
