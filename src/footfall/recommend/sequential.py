"""The behaviour model as a recommender: a network that reads a history and says what comes next."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import MissingExtraError, OptionError
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences
from footfall.models.options import (
    StepOptions,
    check_device,
    check_encoder,
    checked_augmentations,
)
from footfall.models.size import Cost, size_named
from footfall.recommend.checks import check_between, check_count
from footfall.recommend.contract import Recommender
from footfall.recommend.fitted import STATES, Fitted
from footfall.recommend.threads import each_on_a_core
from footfall.recommend.top import make_shares
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.models.running import Running

__all__ = ["Sequential", "network_chances"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

# Above either, the loss takes a sample of the items: better for memory, or for somebody waiting.
MANY_ITEMS, MANY_SCORES = 50_000, 5_000_000_000
MORE_EPOCHS = 4  # that a refit trains on
WEIGHT = "weight."
USERS_AT_ONCE = 1_000
MOST_NUMBERS = 1 << 28  # of the states that are kept: 1 GB


@dataclass(frozen=True, kw_only=True)
class Sequential(Recommender, StepOptions):
    """Train a network on what came next, and recommend what it expects.

    The items' vectors start from which items follow each other, and those of the item table's words
    from the items that have them (no training); the loss is over all items, and the weights kept
    are the averaged ones of the epoch that did best on held-out items.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
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
    weight_decay, dropout, learning_rate : float or None
        None: by the size.
    schedule : {"cosine", "constant"}
        How the learning rate goes on once it has risen: down to 0 at the last pass, or level.
    warmup_steps : int
        Steps in which it rises from 0; a tenth of all, at most.
    clip : float
        Longest gradient, as one vector.
    average : float or None
        Decay of the averaged weights that are kept (EMA); None: those of the last step are.
    patience : int
        Passes without gain on held-out items after which training stops.
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

    References
    ----------
    Kang, W.-C. and McAuley, J. (2018). Self-attentive sequential recommendation. ICDM.
    Klenitskiy, A. and Vasilev, A. (2023). Turning dross into gold loss: is BERT4Rec really better
    than SASRec? RecSys.

    Examples
    --------
    >>> shop = Sequences.from_arrays(range(0, 121, 3), [0, 1, 2] * 40, n_items=4)
    >>> model = Sequential(size="tiny", epochs=8, learning_rate=0.02).fit(shop)
    >>> visit = Sequences.from_arrays([0, 1], [1], n_items=4)
    >>> model.recommend(visit, k=1).to_pydict()["item_id"]
    ['2']
    """

    name: ClassVar[str] = "sequential"
    reads_items: ClassVar[bool] = True

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

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        for option in ("epochs", "negatives", "batch_tokens"):
            check_count(getattr(self, option), option, self.name)
        if self.epoch_rows is not None:
            check_count(self.epoch_rows, "epoch_rows", self.name)
        size_named(self.size)
        check_encoder(self.encoder, self.name)
        check_between(self.weight_decay, "weight_decay", self.name, low=0)
        if self.dropout is not None:
            check_between(self.dropout, "dropout", self.name, low=0, high=0.95)
        if self.learning_rate is not None:
            check_between(self.learning_rate, "learning_rate", self.name, low=1e-9)
        if self.loss not in {None, "all", "sampled", "bce", "gbce"}:
            raise OptionError.of(
                "loss", self.name, "'all', 'sampled', 'bce', 'gbce' or None", self.loss
            )
        object.__setattr__(self, "augment", checked_augmentations(self.augment, self.name))
        check_device(self.device, self.precision, self.name)
        self.check_steps(self.name)
        if self.shard not in {"none", "items", "all"}:
            raise OptionError.of("shard", self.name, "'none', 'items' or 'all'", self.shard)
        if self.shard != "none" and self.loss in {"bce", "gbce"}:
            allowed = f"'none' with loss={self.loss!r}, or loss 'all' or 'sampled'"
            raise OptionError.of("shard", self.name, allowed, self.shard)

    def _learn(
        self, sequences: Sequences, rng: np.random.Generator, held_out: HeldOut | None, /
    ) -> dict[str, Array]:
        if len(sequences.items) == 0:
            return {}
        training = sequences
        if held_out is None:
            training, held_out = hold_out(sequences)
        learned = self._train(training, rng, held_out=held_out)
        return self._with_states(learned, sequences)

    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        return self._learn(sequences, rng, None)

    def train(self, log: LogView | Sequences, running: "Running", *, seed: int = 0) -> Self:
        """Fit with checkpoints, reports, or other processes: the same answer as `fit`.

        Parameters
        ----------
        log : LogView or Sequences
        running : Running
            See `footfall.models.running`.
        seed : int

        Returns
        -------
        Sequential
            Itself.
        """
        sequences = self.read(log)
        training, held_out = hold_out(sequences)
        learned = self._train(
            training, np.random.default_rng(seed), held_out=held_out, running=running
        )
        if running.world.rank == 0:  # the one that keeps it
            learned = self._with_states(learned, sequences)
        self.take(Fitted(sequences, self._popularity(sequences), learned))
        return self

    def cost(self, log: LogView | Sequences) -> Cost:
        """Say how large the network for a log is and what training it costs.

        Parameters
        ----------
        log : LogView or Sequences

        Returns
        -------
        Cost
            Parameters, operations a target, memory.
        """
        _check_torch()
        from footfall.models.recommending import recipe_cost

        sequences = self.read(log)
        bags = item_bags(sequences.item_table) if self.attributes else []
        return recipe_cost(sequences.n_items, self._recipe(sequences, more=False), bags)

    def _relearn(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        before = self.learned_
        if not before:
            return self._learn(sequences, rng, None)
        learned = self._train(sequences, rng, start=_weights(before))
        return self._with_states(learned, sequences)

    def _train(
        self,
        sequences: Sequences,
        rng: np.random.Generator,
        *,
        held_out: HeldOut | None = None,
        start: dict[str, Array] | None = None,
        running: Any = None,
    ) -> dict[str, Array]:
        """Train from nothing, or a little more from weights that are there."""
        if not np.any(np.diff(sequences.offsets) > 1):
            return {}  # nobody has a next item: popularity is all there is
        _check_torch()
        from footfall.models.recommending import ALONE_AND_SILENT, learn_items

        weights, _ = learn_items(
            sequences,
            self._recipe(sequences, more=start is not None),
            bags=item_bags(sequences.item_table) if self.attributes else [],
            held_out=held_out,
            seed=int(rng.integers(2**31)),
            start=start,
            running=running or ALONE_AND_SILENT,
        )
        return {WEIGHT + name: value for name, value in weights.items()}

    def _with_states(self, learned: dict[str, Array], sequences: Sequences) -> dict[str, Array]:
        """Add the states of all users, so that answering them needs no encoder."""
        width = size_named(self.size).width
        if not learned or sequences.n_users * width > MOST_NUMBERS:
            return learned
        from footfall.models.recommending import network_from, user_states

        network = network_from(_weights(learned), self._shape())
        table = network.table().detach()

        def states(low: int) -> Float32:
            users = np.arange(low, min(low + USERS_AT_ONCE, sequences.n_users))
            some = sequences.select(users, sequences.offsets[users + 1])
            return user_states(network, table, some)

        blocks = each_on_a_core(states, range(0, sequences.n_users, USERS_AT_ONCE))
        return {**learned, STATES: np.concatenate(blocks)}

    def _recipe(self, sequences: Sequences, *, more: bool) -> Any:
        """Turn options into what the room of models reads."""
        _check_torch()
        from footfall.models.recommending import Recipe
        from footfall.models.training import TrainOptions

        size, rate = size_named(self.size), self.learning_rate
        items, rows = sequences.n_items, min(len(sequences.items), self.epoch_rows or sys.maxsize)
        many = items > MANY_ITEMS or items * rows > MANY_SCORES
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
            shape=self._shape(),
            training=training,
            loss=self.loss or ("sampled" if many else "all"),
            negatives=self.negatives,
            augment=tuple(self.augment),
            epoch_rows=self.epoch_rows,
            shard=self.shard,
        )

    def _shape(self) -> Any:
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

    def _score(self, histories: Sequences) -> Float32:
        network = self._network()
        if network is None:
            return np.tile(self.popularity_, (histories.n_users, 1))
        from footfall.models.recommending import score_states

        return score_states(self._states(histories), network[1])

    def _states(self, histories: Sequences) -> Float32:
        """Give states, those kept of users about whom nothing is new."""
        from footfall.models.recommending import user_states

        fitted, (network, table) = self._fitted, self._network()
        if STATES not in fitted.learned:
            return user_states(network, table, histories)
        kept = fitted.unchanged(histories)
        states: Float32 = fitted.learned[STATES][kept]
        new = np.flatnonzero(kept < 0)
        if len(new):
            others = histories.select(new, histories.offsets[new + 1])
            states[new] = user_states(network, table, others)
        return states

    def chances(self, histories: Sequences) -> Float32:
        """Return how likely each item is to come next: see `Recommender.chances`."""
        if self._network() is None:
            return super().chances(histories)
        return network_chances(self.scores(histories), histories)

    def user_vectors(self, users: Sequences | None = None) -> pa.Table:
        """Give a vector a user: the network's state after the user's last event.

        Parameters
        ----------
        users : Sequences or None
            Histories; None: those of the fit.

        Returns
        -------
        pa.Table
            ``user_id`` (string), ``vector`` (fixed-size list of float32). No rows when nothing
            was learned; zeros for a user without events.
        """
        histories = self._fitted.sequences if users is None else self._fitted.recoded(users)
        network = self._network()
        if network is None:
            return _vectors("user_id", histories.user_ids[:0], np.zeros((0, 0), np.float32))
        return _vectors("user_id", histories.user_ids, self._states(histories))

    def item_vectors(self) -> pa.Table:
        """Give a vector an item: ``item_id``, ``vector``; see `user_vectors`."""
        network = self._network()
        if network is None:
            return _vectors("item_id", self.item_ids_[:0], np.zeros((0, 0), np.float32))
        return _vectors("item_id", self.item_ids_, network[1].numpy())

    def _similar(self, items: npt.NDArray[np.int32]) -> Float32:
        network = self._network()
        if network is None:
            return np.tile(self.popularity_, (len(items), 1))
        table = network[1].numpy()
        vectors = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
        return np.asarray(vectors[items] @ vectors.T, np.float32)

    def _network(self) -> Any:
        """Give the network and its items' vectors, made once a fit; None: nothing was learned."""
        fitted = self._fitted
        if not fitted.learned:
            return None
        if "network" not in fitted.made:
            _check_torch()
            from footfall.models.recommending import network_from

            network = network_from(_weights(fitted.learned), self._shape())
            fitted.made["network"] = (network, network.table().detach())
        return fitted.made["network"]


def _weights(learned: dict[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(WEIGHT): w for name, w in learned.items() if name.startswith(WEIGHT)}


def _vectors(name: str, ids: pa.StringArray, vectors: Float32) -> pa.Table:
    flat = pa.array(np.ascontiguousarray(vectors).ravel(), pa.float32())
    lists = pa.FixedSizeListArray.from_arrays(flat, max(vectors.shape[1], 1))
    return pa.table({name: ids, "vector": lists})


def network_chances(scores: Float32, histories: Sequences) -> Float32:
    """Turn a network's scores into chances, in place; those of users without history are shares.

    Parameters
    ----------
    scores : float32 array, shape (B, V)
        Of users with a history logarithms of chances, but for a constant a row; of the others
        popularity. ``-inf`` is never expected.
    histories : Sequences
        ``B`` users.

    Returns
    -------
    float32 array, shape (B, V)
        `scores`.
    """
    from footfall.models.recommending import make_chances

    known = np.diff(histories.offsets) > 0
    popular = scores[~known]
    make_shares(popular)
    make_chances(scores)
    if len(popular):
        scores[~known] = popular
    return scores


def _check_torch() -> None:
    if find_spec("torch") is None:
        raise MissingExtraError.of("torch", "models", "The behaviour model")
