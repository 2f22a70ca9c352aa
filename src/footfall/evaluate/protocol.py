"""The card that says how a figure was measured: without it, two figures cannot be compared."""

from dataclasses import asdict, dataclass, field

__all__ = ["ProtocolCard"]


@dataclass(frozen=True, kw_only=True)
class ProtocolCard:
    """How a ranking was measured, in words and numbers.

    Parameters
    ----------
    split : str
        ``"leave-one-out"``, ``"leave-one-out (validation)"`` or ``"time-cut"``.
    cutoff : str or None
        The last moment the model saw, ISO 8601; None: the split is not by time.
    seen_items : {"masked", "kept"}
        Whether items of a user's history were taken out of that user's ranking.
    targets : {"new", "seen", "all"}
        Which targets counted: new to the user, repeats, or both.
    ties : str
        How equal scores were treated.
    items_ranked : int
        Size of the catalogue that was ranked, before masking.
    users : int
        Users asked, each weighing the same.
    users_left_out : int
        Users not asked: too few events, or no target of the kind.
    targets_dropped : int
        Targets left out because they were not of the kind.
    history : str
        What was known of a user when asked.
    validation_in_training : bool
        Whether held-out validation items were learned from.
    leakage : str
        What was checked, and what hindsight the split itself leaves.
    interval : dict of (float, float)
        Interval of each metric; see `interval_method`.
    interval_method : str
        How the intervals were drawn; empty: none were.

    Examples
    --------
    >>> card = ProtocolCard(
    ...     split="leave-one-out", seen_items="masked", targets="new", items_ranked=12101,
    ...     users=22363, history="all events before the target", validation_in_training=False,
    ...     leakage="no target row is among the training or history rows",
    ... )
    >>> print(card)
    split                   leave-one-out
    seen items              masked
    targets                 new
    ties                    mean over all orders of tied items
    items ranked            12,101
    users                   22,363
    users left out          0
    targets dropped         0
    history                 all events before the target
    validation in training  no
    leakage                 no target row is among the training or history rows
    """

    split: str
    cutoff: str | None = None
    seen_items: str
    targets: str
    ties: str = "mean over all orders of tied items"
    items_ranked: int
    users: int
    users_left_out: int = 0
    targets_dropped: int = 0
    history: str
    validation_in_training: bool
    leakage: str
    interval: dict[str, tuple[float, float]] = field(default_factory=dict)
    interval_method: str = ""

    def __str__(self) -> str:
        """Lay the card out as text, a line a fact."""
        facts = {
            name.replace("_", " "): _in_words(value)
            for name, value in asdict(self).items()
            if value not in (None, "", {}) and name != "interval"
        }
        width = max(len(name) for name in facts)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())

    def to_json(self) -> dict[str, object]:
        """Return plain values, ready for `json.dumps`."""
        plain = asdict(self)
        plain["interval"] = {name: list(ends) for name, ends in self.interval.items()}
        return plain


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
