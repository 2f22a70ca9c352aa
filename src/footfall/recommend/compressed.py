"""The behaviour model in a small form: fewer bits, fewer items, or a smaller network."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.sequences import Sequences
from footfall.models.compress.form import Form, form_named
from footfall.recommend.checks import ids_of
from footfall.recommend.contract import Recommender
from footfall.recommend.fitted import Fitted
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.repeats import REPEATS, expect_repeats, leave_out_repeats
from footfall.recommend.sequential import Sequential, network_chances
from footfall.store.hashing import hash_strings

__all__ = ["Compressed", "compress"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

SAMPLE = 1_000  # users whose histories show what goes into a layer


@dataclass(frozen=True, kw_only=True)
class Compressed(Recommender):
    """Train the behaviour model and keep it small: what `Sequential` says, nearly, in fewer bytes.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    layers : {"float32", "int8-dynamic", "int8-static"}
        Linear layers in 8 bits; what goes into them is put on 8 bits by each token's own range
        (dynamic) or by the range met on 1,000 histories (static).
    table : {"float32", "float16", "int8"}
        Vectors of the items.
    least_rows : int
        Items with fewer rows are rare; 0: none is.
    rare : {"fold", "drop"}
        Rare items share one vector, and may be recommended (fold) or not (drop).
    student : str or None
        A smaller size that learns what the model expects and takes its place.
    model : mapping of option to value
        Options of `Sequential` that differ from its defaults.

    Examples
    --------
    >>> shop = Sequences.from_arrays(range(0, 121, 3), [0, 1, 2] * 40, n_items=4)
    >>> large = Sequential(size="tiny", epochs=8, learning_rate=0.02).fit(shop)
    >>> small = compress(large, "int8-static")
    >>> visit = Sequences.from_arrays([0, 1], [1], n_items=4)
    >>> small.recommend(visit, k=1).to_pydict()["item_id"]
    ['2']
    """

    name: ClassVar[str] = "compressed"
    reads_items: ClassVar[bool] = True

    layers: Literal["float32", "int8-dynamic", "int8-static"] = "int8-dynamic"
    table: Literal["float32", "float16", "int8"] = "int8"
    least_rows: int = 0
    rare: Literal["fold", "drop"] = "fold"
    student: str | None = None
    model: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        self.form  # noqa: B018  # wrong options are told now, not after minutes of training
        options = self._large().options  # as the model itself keeps them: lists become tuples
        object.__setattr__(self, "model", {name: options[name] for name in self.model})

    @property
    def form(self) -> Form:
        """What the model is kept in."""
        return Form(
            layers=self.layers,
            table=self.table,
            least_rows=self.least_rows,
            rare=self.rare,
            student=self.student,
        )

    def _large(self) -> Sequential:
        return Sequential.of({"event_types": self.event_types, **self.model})

    def _learn(
        self, sequences: Sequences, rng: np.random.Generator, held_out: HeldOut | None, /
    ) -> dict[str, Array]:
        seed = int(rng.integers(2**31))
        return self.shrink(self._large().fit(sequences, seed=seed, held_out=held_out), seed=seed)

    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        return self._learn(sequences, rng, None)

    def _popularity(self, sequences: Sequences) -> Float32:
        popularity = super()._popularity(sequences)
        return np.where(self._dropped(sequences), np.float32(-np.inf), popularity)

    def _dropped(self, sequences: Sequences) -> npt.NDArray[np.bool_]:
        """Say which items are never recommended."""
        counts = np.bincount(sequences.items, minlength=sequences.n_items)
        return (counts < self.least_rows) & (self.rare == "drop")

    def shrink(self, large: Sequential, *, seed: int = 0) -> dict[str, Array]:
        """Give the arrays of a fitted model in this form.

        Parameters
        ----------
        large : Sequential
        seed : int
            Of the student's training.
        """
        network = large._network()  # noqa: SLF001  # one model in two forms
        if network is None:
            return {}  # nothing but popularity was learned
        from footfall.models.compress.network import SmallNetwork

        sequences = large._fitted.sequences  # noqa: SLF001
        chosen = network[0] if self.student is None else self._taught(network[0], sequences, seed)
        small = SmallNetwork.of(
            chosen,
            self.form,
            counts=np.bincount(sequences.items, minlength=sequences.n_items),
            sample=_some_users(sequences),
        )
        counted = {name: rates for name, rates in large.learned_.items() if name == REPEATS}
        return small.to_arrays() | counted

    def _taught(self, teacher: Any, sequences: Sequences, seed: int) -> Any:
        """Train the student."""
        from footfall.models.compress.distill import distill

        training, held_out = hold_out(sequences)
        student = self._asked()
        recipe = student.recipe(sequences.n_items, len(sequences.items))
        return distill(
            teacher, training, recipe.shape, recipe.training, held_out=held_out, seed=seed
        )[0]

    def _asked(self) -> Sequential:
        """Give the options of the network that answers."""
        large = self._large()
        return large if self.student is None else replace(large, size=self.student)

    def _score(self, histories: Sequences) -> Float32:
        network = self._network()
        if network is None:
            return np.tile(self.popularity_, (histories.n_users, 1))
        scores = np.asarray(network.scores(histories), np.float32)
        expect_repeats(scores, histories, self.learned_.get(REPEATS))
        return scores

    def chances(self, histories: Sequences, *, repeats: bool = True) -> Float32:
        """Return how likely each item is to come next: see `Recommender.chances`."""
        if self._network() is None:
            return super().chances(histories)
        scores = self.scores(histories)
        if not repeats:
            leave_out_repeats(scores, histories, self.learned_.get(REPEATS))
        return network_chances(scores, histories)

    def explain(
        self,
        user: str | Sequences,
        items: Sequence[str] | pa.Array,
        *,
        at: Moment | None = None,
        latest: int = 50,
    ) -> pa.Table:
        """Say what speaks for items: see `Recommender.explain`. Items dropped have no rows."""
        asked = ids_of(items, "items", "explain")
        codes = self._fitted.item_codes(asked)
        there = codes >= 0
        there[there] = ~self._dropped(self._fitted.sequences)[codes[there]]
        return super().explain(user, asked.filter(pa.array(there)), at=at, latest=latest)

    def _similar(self, items: npt.NDArray[np.int32]) -> Float32:
        network = self._network()
        if network is None:
            return np.tile(self.popularity_, (len(items), 1))
        table = network.vectors()
        vectors = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
        scores = vectors[items] @ vectors.T
        scores[:, self._dropped(self._fitted.sequences)] = -np.inf
        return np.asarray(scores, np.float32)

    def _network(self) -> Any:
        """Give the small network, made once a fit; None: nothing was learned."""
        fitted = self._fitted
        if not fitted.learned:
            return None
        if "network" not in fitted.made:
            shape = self._asked().shape()  # one model in two forms
            from footfall.models.compress.network import SmallNetwork

            arrays = {name: array for name, array in fitted.learned.items() if name != REPEATS}
            fitted.made["network"] = SmallNetwork.from_arrays(arrays, shape)
        return fitted.made["network"]


def compress(
    model: Recommender, how: str | Form = "int8-dynamic", *, seed: int = 0
) -> Compressed | Hybrid:
    """Put a fitted behaviour model into a small form, or that of a mix.

    Parameters
    ----------
    model : Recommender
        A fitted `Sequential`, or a `Hybrid` with one; it is left as it is.
    how : str or Form
        Name of a form, one of `footfall.models.compress.form.FORMS`, or a form of your own.
    seed : int
        Of a student's training.

    Returns
    -------
    Compressed or Hybrid
        A recommender like any other. A mix keeps its weights and its other parts.

    Raises
    ------
    NotFittedError
        Before `fit`.
    OptionError
        For a model of another kind, or a form that is not known.
    """
    if isinstance(model, Hybrid) and (network := model.network()) is not None:
        return model.exchanged(network, compress(network, how, seed=seed))
    if not isinstance(model, Sequential):
        allowed = "a fitted Sequential, or a Hybrid with one"
        raise OptionError.of("model", "compress", allowed, type(model).__name__)
    form = form_named(how) if isinstance(how, str) else how
    options = {name: value for name, value in model.options.items() if name != "event_types"}
    small = Compressed(event_types=model.event_types, model=options, **asdict(form))
    sequences = model._fitted.sequences  # noqa: SLF001  # one model in two forms
    learned = small.shrink(model, seed=seed)
    small.take(Fitted(sequences, small._popularity(sequences), learned))  # noqa: SLF001
    return small


def _some_users(sequences: Sequences) -> Sequences:
    """Take so many histories, chosen by the users' ids alone."""
    users = np.argsort(hash_strings(sequences.user_ids), kind="stable")[:SAMPLE]
    users = users[np.diff(sequences.offsets)[users] > 0]
    return sequences.select(users, sequences.offsets[users + 1])
