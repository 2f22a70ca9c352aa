"""One dial for how large a network is: from seconds on a laptop to many GPUs."""

from dataclasses import dataclass

from footfall.errors import OptionError

__all__ = ["SIZES", "Cost", "Size", "cost_of", "size_named"]

BYTES = 4  # of a number while training


@dataclass(frozen=True, kw_only=True)
class Size:
    """A step of the dial.

    Parameters
    ----------
    width, layers, heads, context : int
        See `footfall.models.network.Shape`.
    dropout : float
        Small networks need less of it.
    learning_rate : float
        Wider networks take smaller steps.
    """

    width: int
    layers: int
    heads: int
    context: int
    dropout: float
    learning_rate: float


SIZES = {
    "tiny": Size(width=32, layers=1, heads=1, context=50, dropout=0.1, learning_rate=2e-3),
    "small": Size(width=64, layers=2, heads=2, context=50, dropout=0.1, learning_rate=1e-3),
    "base": Size(width=128, layers=2, heads=2, context=50, dropout=0.2, learning_rate=7e-4),
    "large": Size(width=512, layers=8, heads=8, context=200, dropout=0.2, learning_rate=3e-4),
    "xl": Size(width=2048, layers=24, heads=16, context=1000, dropout=0.1, learning_rate=1e-4),
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a network costs.

    Parameters
    ----------
    parameters : int
        Numbers that are learned.
    flops_per_target : int
        Multiplications and additions of a training step, a next item.
    memory_mb : float
        Weights, gradients, averages and the optimizer's moments, in MB of 2**20 bytes.
    """

    parameters: int
    flops_per_target: int
    memory_mb: float

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.parameters:,} parameters, {self.flops_per_target / 1e6:,.1f} MFLOP a target,"
            f" {self.memory_mb:,.0f} MB"
        )


def size_named(name: str) -> Size:
    """Find a step of the dial.

    Raises
    ------
    OptionError
        When there is none of this name.

    Examples
    --------
    >>> size_named("base").width
    128
    """
    if name not in SIZES:
        raise OptionError.of("size", "models", f"one of {', '.join(SIZES)}", name)
    return SIZES[name]


def cost_of(*, parameters: int, of_items: int, scored: int, width: int) -> Cost:
    """Give what a network costs to train.

    A forward pass multiplies and adds once a weight and token, the way back twice; the loss does
    the same with the vectors of the items it scores. The attention itself is left out: it is small
    beside the rest for histories shorter than the network is wide.

    Parameters
    ----------
    parameters : int
        All that are learned.
    of_items : int
        Those of them in tables, which are looked up rather than multiplied.
    scored : int
        Items whose scores the loss needs.
    width : int

    References
    ----------
    Kaplan, J. et al. (2020). Scaling laws for neural language models.

    Examples
    --------
    >>> print(cost_of(parameters=1_000_000, of_items=600_000, scored=10_000, width=60))
    1,000,000 parameters, 6.0 MFLOP a target, 19 MB
    """
    flops = 6 * (parameters - of_items) + 6 * scored * width
    return Cost(
        parameters=parameters,
        flops_per_target=flops,
        memory_mb=5 * BYTES * parameters / 2**20,
    )
