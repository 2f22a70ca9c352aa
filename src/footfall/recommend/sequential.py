"""The behaviour model as a recommender: a network that reads a history and says what comes next."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import StoreError
from footfall.events.moments import Moment
from footfall.features.gathering import alone, gathered, same_catalogue, share_of
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.item_bags import Bag, item_bags
from footfall.features.sequences import Sequences
from footfall.models.options import check_torch
from footfall.models.size import Cost, size_named
from footfall.recommend.contract import Recommender
from footfall.recommend.fitted import STATES, Fitted
from footfall.recommend.network_options import NetworkOptions
from footfall.recommend.repeats import (
    REPEATS,
    count_repeats,
    expect_repeats,
    leave_out_repeats,
)
from footfall.recommend.threads import each_on_a_core
from footfall.recommend.top import make_shares
from footfall.store.share import LogShare
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.models.running import Running
    from footfall.models.world import World

__all__ = ["Sequential", "network_chances"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

WEIGHT = "weight."
USERS_AT_ONCE = 1_000
MOST_NUMBERS = 1 << 28  # of the states that are kept: 1 GB


@dataclass(frozen=True, kw_only=True)
class Sequential(Recommender, NetworkOptions):
    """Train a network on what came next, and recommend what it expects.

    The items' vectors start from which items follow each other, and those of the item table's words
    from the items that have them (no training); the loss is over all items, and the weights kept
    are the averaged ones of the epoch that did best on held-out items. How likely items of the
    history come again is counted: see `footfall.recommend.repeats`.

    Its options are those of `footfall.recommend.network_options.NetworkOptions` and of
    `footfall.models.options.StepOptions`, and:

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.

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

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        self.check_network(self.name)

    def _learn(
        self, sequences: Sequences, rng: np.random.Generator, held_out: HeldOut | None, /
    ) -> dict[str, Array]:
        if len(sequences.items) == 0:
            return {}
        training = sequences
        if held_out is None:
            training, held_out = hold_out(sequences)
        learned = self._train(training, rng, held_out=held_out)
        return self._completed(learned, sequences)

    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        return self._learn(sequences, rng, None)

    def train(
        self,
        log: LogView | Sequences,
        running: "Running",
        *,
        until: Moment | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit with checkpoints, reports, or other processes: the same answer as `fit`.

        Each of several processes reads and holds its share of the log's buckets; once the network
        is there, the first reads the others', too, as the histories go with the model.

        Parameters
        ----------
        log : LogView or Sequences
            The whole, in every process.
        running : Running
            See `footfall.models.running`.
        until : str, datetime, int or None
            Last moment that may be seen; None: everything.
        seed : int

        Returns
        -------
        Sequential
            Itself; in all processes but the first it knows the users of the share only.

        Raises
        ------
        MissingExtraError
            If torch is not installed.
        NotEnoughDataError
            If one of several processes got nobody to learn from.
        OptionError
            When an event type never occurs in the log, `until` is not a moment, the checkpoint has
            another seed, or the training diverges.
        InputError
            If the checkpoint is damaged or of another training.
        StoreError
            If processes read different versions of the log.
        """
        world = running.world
        mine = self._read_share(log, world, until)
        training, held_out = hold_out(mine, gather=world.gather)
        rng = np.random.default_rng(seed)
        learned = self._train(training, rng, held_out=held_out, running=running)
        if world.rank == 0:  # the one that keeps it
            mine = mine if world.size == 1 else self._read_whole(log, until, mine)
            learned = self._completed(learned, mine)
        self.take(Fitted(mine, self._popularity(mine), learned))
        return self

    def _read_share(
        self, log: LogView | Sequences, world: "World", until: Moment | None
    ) -> Sequences:
        """Read the users of this process, in the codes of the items of all."""
        if world.size == 1:
            return self.read(log, until=until)
        if isinstance(log, Sequences):
            return share_of(self.read(log, until=until), world.rank, world.size)
        if len(set(gathered(np.array([log.events]), world.gather).tolist())) > 1:
            raise StoreError(
                "The processes read different versions of the log: something was appended while"
                " they started. Start them again."
            )
        mine = self.read(LogShare(log, world.rank, world.size), until=until)
        return same_catalogue(mine, world.gather)

    def _read_whole(
        self, log: LogView | Sequences, until: Moment | None, mine: Sequences
    ) -> Sequences:
        """Read the users of all processes, in the codes that were trained."""
        whole = self.read(log, until=until)
        if not whole.item_ids.equals(mine.item_ids):
            raise StoreError("The items of the log changed while it was trained on. Train again.")
        return whole

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
        check_torch()
        from footfall.models.recommending import recipe_cost

        sequences = self.read(log)
        recipe = self.recipe(sequences.n_items, len(sequences.items))
        return recipe_cost(sequences.n_items, recipe, self._bags(sequences))

    def _bags(self, sequences: Sequences) -> list[Bag]:
        return item_bags(sequences.item_table) if self.attributes else []

    def _relearn(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        before = self.learned_
        if not before:
            return self._learn(sequences, rng, None)
        learned = self._train(sequences, rng, start=_weights(before))
        return self._completed(learned, sequences)

    def _train(
        self,
        sequences: Sequences,
        rng: np.random.Generator,
        *,
        held_out: HeldOut | None = None,
        start: dict[str, Array] | None = None,
        running: "Running | None" = None,
    ) -> dict[str, Array]:
        """Train from nothing, or a little more from weights that are there."""
        counts = np.array([len(sequences.items), np.sum(np.diff(sequences.offsets) > 1)])
        gather = alone if running is None else running.world.gather
        rows, users = np.sum(gather(counts), axis=0)
        if not users:
            return {}  # nobody has a next item: popularity is all there is
        check_torch()
        from footfall.models.recommending import ALONE_AND_SILENT, learn_items, recipe_cost

        running = running or ALONE_AND_SILENT
        recipe = self.recipe(sequences.n_items, int(rows), more=start is not None)
        bags = self._bags(sequences)
        running.tell_cost(recipe_cost(sequences.n_items, recipe, bags))
        weights, _ = learn_items(
            sequences,
            recipe,
            bags=bags,
            held_out=held_out,
            seed=int(rng.integers(2**31)),
            start=start,
            running=running,
        )
        return {WEIGHT + name: value for name, value in weights.items()}

    def _completed(self, learned: dict[str, Array], sequences: Sequences) -> dict[str, Array]:
        """Add how often items come again, and the states of all users: no encoder answers them."""
        width = size_named(self.size).width
        if not learned:
            return learned
        learned = {**learned, REPEATS: count_repeats(sequences)}
        if sequences.n_users * width > MOST_NUMBERS:
            return learned
        from footfall.models.recommending import network_from, user_states

        network = network_from(_weights(learned), self.shape())
        table = network.table().detach()

        def states(low: int) -> Float32:
            users = np.arange(low, min(low + USERS_AT_ONCE, sequences.n_users))
            some = sequences.select(users, sequences.offsets[users + 1])
            return user_states(network, table, some)

        blocks = each_on_a_core(states, range(0, sequences.n_users, USERS_AT_ONCE))
        return {**learned, STATES: np.concatenate(blocks)}

    def _score(self, histories: Sequences) -> Float32:
        network = self._network()
        if network is None:
            return np.tile(self.popularity_, (histories.n_users, 1))
        from footfall.models.recommending import score_states

        scores = score_states(self._states(histories), network[1])
        expect_repeats(scores, histories, self.learned_.get(REPEATS))
        return scores

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

    def chances(self, histories: Sequences, *, repeats: bool = True) -> Float32:
        """Return how likely each item is to come next: see `Recommender.chances`."""
        if self._network() is None:
            return super().chances(histories)
        scores = self.scores(histories)
        if not repeats:
            leave_out_repeats(scores, histories, self.learned_.get(REPEATS))
        return network_chances(scores, histories)

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
            check_torch()
            from footfall.models.recommending import network_from

            network = network_from(_weights(fitted.learned), self.shape())
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
