"""The options of a network that recommends, checked, and what they ask the room of models for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from footfall.errors import OptionError
from footfall.models.options import (
    StepOptions,
    check_device,
    check_encoder,
    checked_augmentations,
)
from footfall.models.size import size_named
from footfall.recommend.checks import check_between, check_count

if TYPE_CHECKING:
    from footfall.models.network import Shape
    from footfall.models.recommending import Recipe

__all__ = ["NetworkOptions"]

# Above either, the loss takes a sample of the items: better for memory, or for somebody waiting.
MANY_ITEMS, MANY_SCORES = 50_000, 5_000_000_000
MORE_EPOCHS = 4  # that a refit trains on


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(StepOptions):
    """What a network that recommends is, and how it learns; `StepOptions` are options, too.

    Parameters
    ----------
    encoder : str
        transformer, ligr, hstu, gru, lstm, rnn or cnn.
    size : str
        tiny, small, base, large or xl: width, layers, heads, context, dropout, learning rate.
    epochs : int
        Passes over the rows, at most.
    epoch_rows : int or None
        Rows of a pass, at most, drawn anew for each; None: all. For logs too large to read whole
        eight times.
    loss : {"all", "sampled", "bce", "gbce"} or None
        Over all items, or over a sample of `negatives`; None: over all, unless there are more than
        50,000 items or a pass would make more than 5,000 million scores (items times rows).
    negatives : int
        Size of the sample.
    attributes : bool
        Whether what the item table says of items is part of their vectors.
    weight_decay : float
        Of AdamW.
    dropout, learning_rate : float or None
        None: by the size.
    batch_tokens : int
        Rows of a training step.
    augment : tuple of str
        How histories are changed while training: some of crop (a part of at least half), reorder
        (a short part shuffled) and mask (a fifth of the items missing).
    device : str
        Where to train: cpu, cuda, cuda:1 ...; auto is a GPU where there is one.
    precision : {"auto", "float32", "bf16"}
        Of what is computed while training; auto is bf16 on a GPU that can.
    shard : {"none", "items", "all"}
        What several processes part among themselves, instead of each having the whole: rows of
        the table of items, with the averages and moments of these; the encoder's weights, too.
    """

    encoder: str = "transformer"
    size: str = "base"
    epochs: int = 8
    epoch_rows: int | None = None
    loss: Literal["all", "sampled", "bce", "gbce"] | None = None
    negatives: int = 4096
    attributes: bool = True
    weight_decay: float = 0.05
    dropout: float | None = None
    learning_rate: float | None = None
    batch_tokens: int = 512
    augment: Sequence[str] = ()
    device: str = "auto"
    precision: Literal["auto", "float32", "bf16"] = "auto"
    shard: Literal["none", "items", "all"] = "none"

    def check_network(self, owner: str) -> None:
        """Check these options as `check_steps` does; names of augmentations may be one text."""
        for option in ("epochs", "negatives", "batch_tokens"):
            check_count(getattr(self, option), option, owner)
        if self.epoch_rows is not None:
            check_count(self.epoch_rows, "epoch_rows", owner)
        size_named(self.size)
        check_encoder(self.encoder, owner)
        check_between(self.weight_decay, "weight_decay", owner, low=0)
        if self.dropout is not None:
            check_between(self.dropout, "dropout", owner, low=0, high=0.95)
        if self.learning_rate is not None:
            check_between(self.learning_rate, "learning_rate", owner, low=1e-9)
        if self.loss not in {None, "all", "sampled", "bce", "gbce"}:
            raise OptionError.of(
                "loss", owner, "'all', 'sampled', 'bce', 'gbce' or None", self.loss
            )
        object.__setattr__(self, "augment", checked_augmentations(self.augment, owner))
        check_device(self.device, self.precision, owner)
        self.check_steps(owner)
        if self.shard not in {"none", "items", "all"}:
            raise OptionError.of("shard", owner, "'none', 'items' or 'all'", self.shard)
        if self.shard != "none" and self.loss in {"bce", "gbce"}:
            allowed = f"'none' with loss={self.loss!r}, or loss 'all' or 'sampled'"
            raise OptionError.of("shard", owner, allowed, self.shard)

    def recipe(self, items: int, rows: int, *, more: bool = False) -> "Recipe":
        """Turn options into what the room of models reads.

        Parameters
        ----------
        items, rows : int
            Of the catalogue, and to learn from.
        more : bool
            Whether a network that was trained before learns a little more.
        """
        from footfall.models.recommending import Recipe
        from footfall.models.training import TrainOptions

        size, rate = size_named(self.size), self.learning_rate
        passed = min(rows, self.epoch_rows or rows)
        many = items > MANY_ITEMS or items * passed > MANY_SCORES
        training = TrainOptions(
            epochs=min(self.epochs, MORE_EPOCHS) if more else self.epochs,
            batch_tokens=self.batch_tokens,
            learning_rate=(size.learning_rate if rate is None else rate) * (0.3 if more else 1),
            weight_decay=self.weight_decay,
            device=self.device,
            precision=self.precision,
            **self.steps(),
        )
        return Recipe(
            shape=self.shape(),
            training=training,
            loss=self.loss or ("sampled" if many else "all"),
            negatives=self.negatives,
            augment=tuple(self.augment),
            epoch_rows=self.epoch_rows,
            shard=self.shard,
        )

    def shape(self) -> "Shape":
        """Say how large the network is."""
        from footfall.models.network import Shape

        size = size_named(self.size)
        return Shape(
            encoder=self.encoder,
            width=size.width,
            layers=size.layers,
            heads=size.heads,
            context=size.context,
            dropout=size.dropout if self.dropout is None else self.dropout,
        )
