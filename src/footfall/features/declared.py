"""How a feature is declared: its name, group, meaning and unit, said once."""

from dataclasses import dataclass

__all__ = ["DAY", "GROUPS", "Feature"]

DAY = 86_400_000_000  # microseconds

GROUPS = ("recency", "frequency", "value", "tempo", "mix", "trend")


@dataclass(frozen=True)
class Feature:
    """One number known of a user at a cutoff.

    Parameters
    ----------
    name : str
        Column name.
    group : str
        One of :data:`GROUPS`.
    unit : str
        Such as ``"days"``, ``"events"``, ``"minor units"`` or ``"share"``.
    meaning : str
        One line; says when the value is missing (NaN).
    """

    name: str
    group: str
    unit: str
    meaning: str
