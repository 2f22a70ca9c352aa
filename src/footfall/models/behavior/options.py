"""The options of the behaviour model, checked where they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from footfall.errors import OptionError
from footfall.features.event_rows import MOST_ITEMS, PROPERTY_KEYS
from footfall.features.hashed_words import TextVectors, hashed_words
from footfall.models.options import (
    Precision,
    StepOptions,
    check_device,
    check_encoder,
    is_number,
)
from footfall.models.size import size_named

if TYPE_CHECKING:
    from footfall.models.behavior.learning import Recipe

__all__ = ["BehaviorOptions", "HeadName"]

HeadName = Literal["item", "event_type", "purchase", "churn", "order_time", "return", "basket"]
HEADS: tuple[HeadName, ...] = (
    "item", "event_type", "purchase", "churn", "order_time", "return", "basket",
)  # fmt: skip
LEAST_CONTEXT = 8
FASTER = 4  # than a recommender of this size learns: few passes over many events
MOST_DROPOUT = 0.95
DROPOUT = 0.2  # events of all types are many more than items bought


@dataclass(frozen=True, kw_only=True)
class BehaviorOptions(StepOptions):
    """What a behaviour model is asked to learn, and how.

    Parameters
    ----------
    encoder : str
        transformer, ligr, hstu, gru, lstm, rnn or cnn.
    size : str
        tiny, small, base, large or xl: width, layers, attention heads, dropout, learning rate.
    context : int
        Tokens the network looks back on; what came before them is in the counts that each token
        carries.
    heads : tuple of str
        What is learned: some of "item", "event_type", "purchase", "churn", "order_time", "return"
        and "basket". Those that a log says nothing of are left out.
    horizons_days : tuple of float
        Within which a purchase is predicted.
    churn_days : float
        A user without any event in so many days is gone.
    return_days : int
        In which an order has to come back to count as returned.
    event_type, returned : str
        What counts as a purchase, and as its return.
    weights : {"fixed", "uncertainty"} or mapping of head to weight
        See `footfall.models.behavior.task.MultiTask`; heads that a mapping leaves out count 1.
    requests : int
        Moments in an epoch at which the future of each user is asked about.
    epochs, batch_tokens : int
        See `footfall.models.training.TrainOptions`.
    epoch_tokens : int or None
        Tokens of an epoch, at most; None: all of them.
    learning_rate, dropout : float or None
        None: by the size.
    weight_decay : float
    schedule, warmup_steps, clip, average, patience
        How steps follow each other: see `footfall.models.options.StepOptions`.
    device : str
        Where to train: cpu, cuda, cuda:1 ...; auto is a GPU where there is one.
    precision : {"auto", "float32", "bf16"}
        Of what is computed while training; auto is bf16 on a GPU that can.
    properties : tuple of str
        Keys of the events' properties that are read where they occur.
    most_items : int
        Items with a vector of their own.
    utc_offset_minutes : int
        The shop's clock minus UTC.
    text_vectors : callable
        Vectors of queries: texts (pa.StringArray, length N) in, (N, D) out.
    """

    encoder: str = "hstu"
    size: str = "small"
    context: int = 64
    heads: tuple[HeadName, ...] = HEADS
    horizons_days: tuple[float, ...] = (7.0, 30.0)
    churn_days: float = 30.0
    return_days: int = 30
    event_type: str = "purchase"
    returned: str = "return"
    weights: Literal["fixed", "uncertainty"] | Mapping[str, float] = "fixed"
    requests: int = 8
    epochs: int = 10
    batch_tokens: int = 2048
    epoch_tokens: int | None = None
    learning_rate: float | None = None
    dropout: float | None = None
    weight_decay: float = 0.05
    warmup_steps: int = 30  # few passes: it has to learn soon
    device: str = "auto"
    precision: Precision = "auto"
    properties: tuple[str, ...] = PROPERTY_KEYS
    most_items: int = MOST_ITEMS
    utc_offset_minutes: int = 0
    text_vectors: TextVectors = field(default=hashed_words, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the options."""
        size_named(self.size)
        check_encoder(self.encoder, "BehaviorModel")
        for option in ("requests", "epochs", "batch_tokens", "return_days"):
            if getattr(self, option) < 1:
                raise OptionError.of(option, "BehaviorModel", "1 or more", getattr(self, option))
        if self.context < LEAST_CONTEXT:
            allowed = f"{LEAST_CONTEXT} or more"
            raise OptionError.of("context", "BehaviorModel", allowed, self.context)
        unknown = [name for name in self.heads if name not in HEADS]
        if unknown or not self.heads or len(set(self.heads)) < len(self.heads):
            raise OptionError.of("heads", "BehaviorModel", f"some of {HEADS}", self.heads)
        days = [*self.horizons_days, self.churn_days]
        if not self.horizons_days or min(days) <= 0:
            raise OptionError.of("horizons_days", "BehaviorModel", "days above 0", days)
        self._check_weights()
        self._check_numbers()
        self.check_steps("BehaviorModel")
        check_device(self.device, self.precision, "BehaviorModel")
        object.__setattr__(self, "horizons_days", tuple(sorted(self.horizons_days)))

    def _check_weights(self) -> None:
        allowed = "'fixed', 'uncertainty' or a mapping of head to weight"
        if isinstance(self.weights, str):
            if self.weights not in {"fixed", "uncertainty"}:
                raise OptionError.of("weights", "BehaviorModel", allowed, self.weights)
            return
        if not isinstance(self.weights, Mapping):
            raise OptionError.of("weights", "BehaviorModel", allowed, self.weights)
        for name, weight in self.weights.items():
            if name not in HEADS:
                raise OptionError.of("weights", "BehaviorModel", f"a mapping from {HEADS}", name)
            if not is_number(weight) or weight < 0:
                allowed = "a mapping to numbers, 0 or more"
                raise OptionError.of("weights", "BehaviorModel", allowed, f"{name}: {weight}")

    def _check_numbers(self) -> None:
        if self.epoch_tokens is not None and not self.epoch_tokens >= 1:
            raise OptionError.of(
                "epoch_tokens", "BehaviorModel", "None, or 1 or more", self.epoch_tokens
            )
        if self.learning_rate is not None and not (
            is_number(self.learning_rate) and self.learning_rate > 0
        ):
            allowed = "None, or a number above 0"
            raise OptionError.of("learning_rate", "BehaviorModel", allowed, self.learning_rate)
        if self.dropout is not None and not (
            is_number(self.dropout) and 0 <= self.dropout <= MOST_DROPOUT
        ):
            allowed = f"None, or a number from 0 to {MOST_DROPOUT}"
            raise OptionError.of("dropout", "BehaviorModel", allowed, self.dropout)
        if not is_number(self.weight_decay) or self.weight_decay < 0:
            raise OptionError.of("weight_decay", "BehaviorModel", "0 or more", self.weight_decay)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Make a model from options by name, as a file or a command line gives them.

        Parameters
        ----------
        options : mapping of option to value
            Lists stand for tuples.

        Raises
        ------
        OptionError
            For an option it does not have, or a value not allowed.

        Examples
        --------
        >>> BehaviorOptions.of({"size": "tiny", "horizons_days": [7, 30]}).horizons_days
        (7, 30)
        """
        usual = cls().record()
        may_be_none = {each.name for each in fields(cls) if NoneType in get_args(each.type)}
        for name in options:
            if name not in usual:
                allowed = f"one of {', '.join(usual)}"
                raise OptionError.of("set", "BehaviorModel", allowed, name)
        return cls(
            **{
                name: _like(name, value, usual[name], may_be_none=name in may_be_none)
                for name, value in options.items()
            }
        )

    def record(self) -> dict[str, Any]:
        """Give the options as plain values, all but the callable."""
        names = [each.name for each in fields(self) if each.init and each.name != "text_vectors"]
        options = {name: getattr(self, name) for name in names}
        weights = self.weights if isinstance(self.weights, str) else dict(self.weights)
        return {**options, "weights": weights}

    @property
    def _rate(self) -> float:
        if self.learning_rate is not None:
            return self.learning_rate
        return FASTER * size_named(self.size).learning_rate

    def recipe(self) -> "Recipe":
        """Say what to build and how to train it."""
        from footfall.models.behavior.learning import Recipe
        from footfall.models.network import Shape
        from footfall.models.training import TrainOptions

        size = size_named(self.size)
        return Recipe(
            shape=Shape(
                encoder=self.encoder,
                width=size.width,
                layers=size.layers,
                heads=size.heads,
                context=self.context,
                dropout=DROPOUT if self.dropout is None else self.dropout,
            ),
            training=TrainOptions(
                epochs=self.epochs,
                batch_tokens=self.batch_tokens,
                learning_rate=self._rate,
                weight_decay=self.weight_decay,
                device=self.device,
                precision=self.precision,
                **self.steps(),
            ),
            heads=self.heads,
            horizons_days=self.horizons_days,
            churn_days=self.churn_days,
            return_days=self.return_days,
            weights=self.weights,
            requests=self.requests,
            epoch_tokens=self.epoch_tokens,
        )


def _like(name: str, value: Any, usual: Any, *, may_be_none: bool) -> Any:
    """Give a value as the option wants it."""
    if value is None and may_be_none:
        return None
    if isinstance(usual, tuple) and isinstance(value, list | tuple):
        inner = (int, float) if isinstance(usual[0], float) else str
        if all(isinstance(each, inner) for each in value):
            return tuple(value)
    elif usual is None or isinstance(usual, float):
        if isinstance(value, int | float):
            return value
    elif isinstance(value, type(usual)) or (name == "weights" and isinstance(value, Mapping)):
        return value
    allowed = "a number" if usual is None else f"such as {usual}"
    raise OptionError.of(name, "BehaviorModel", allowed, value)
