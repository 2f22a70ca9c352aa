"""A mix of recommenders whose weights are found on held-out items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import InputError, NotFittedError, OptionError
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_mapping
from footfall.recommend.contract import Recommender
from footfall.recommend.fitted import Fitted
from footfall.recommend.mixing import Candidates, best_weights, gather, quality
from footfall.recommend.sequential import Sequential

__all__ = ["Hybrid"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

PARTS = ("sequential", "rules", "item-knn", "content")
FOUND = ("weights", "blunt", "quality", "alone", "without")
POPULARITY = "popularity"
MOST_ASKED = 5_000  # users by whose held-out items the weights are found


@dataclass(frozen=True, kw_only=True)
class Hybrid(Recommender):
    """Fit several recommenders and mix what they expect.

    Each part's scores become chances of the next item; the mix is the weighted sum of these, or of
    their roots. Which, and the weights, are those that rank held-out items best; no mix is taken
    that ranks them worse than the best part alone.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    parts : sequence of str
        Names of the recommenders that are mixed.
    part_options : mapping of part to options
        Options that differ from a part's defaults.
    repeats : bool or None
        Whether the weights are for lists in which items of the history may come again
        (``keep_seen=True``). If not, held-out items that the user had before do not count. None:
        as `evaluate_model` is told to measure it; where nothing is measured, they are not.

    References
    ----------
    Jacobs, R. A. et al. (1991). Adaptive mixtures of local experts. Neural Computation.

    Examples
    --------
    >>> shop = Sequences.from_arrays(range(0, 121, 3), [0, 1, 2] * 40, n_items=4)
    >>> mixed = Hybrid(parts=["rules", "popular"]).fit(shop)
    >>> mixed.adds_.column_names
    ['part', 'weight', 'alone', 'without']
    >>> visit = Sequences.from_arrays([0, 1], [1], n_items=4)
    >>> mixed.recommend(visit, k=1).to_pydict()["item_id"]
    ['2']
    """

    name: ClassVar[str] = "hybrid"
    reads_items: ClassVar[bool] = True

    parts: Sequence[str] = PARTS
    part_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    repeats: bool | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        parts = self.parts
        listed = isinstance(parts, Sequence) and not isinstance(parts, str)
        names = listed and all(isinstance(part, str) for part in parts)
        if not names or len(parts) == 0 or len(set(parts)) != len(parts):
            raise OptionError.of("parts", self.name, "names of recommenders, each once", parts)
        if self.name in parts:
            raise OptionError.of("parts", self.name, "other recommenders", parts)
        if not isinstance(self.repeats, bool | None):
            raise OptionError.of("repeats", self.name, "True, False or None", self.repeats)
        object.__setattr__(self, "parts", tuple(parts))
        check_mapping(self.part_options, "part_options", self.name)
        for part, options in self.part_options.items():
            check_mapping(options, "part_options", self.name)
            if part not in parts:
                allowed = f"options of {', '.join(parts)}"
                raise OptionError.of("part_options", self.name, allowed, part)
        self._made()  # wrong options are told now, not after minutes of training

    @property
    def adds_(self) -> pa.Table:
        """What each part adds: its weight, and NDCG@10 on held-out items alone and without it.

        The last row is the mix.
        """
        learned = self.learned_
        return pa.table(
            {
                "part": [*self.parts, "all together"],
                "weight": [*learned["weights"].tolist(), float(learned["weights"].sum())],
                "alone": [*learned["alone"].tolist(), float(learned["quality"][0])],
                "without": [*learned["without"].tolist(), None],
            }
        )

    def part(self, name: str) -> Recommender:
        """Give a fitted part.

        Raises
        ------
        OptionError
            When there is none of this name.
        """
        if name not in self.parts:
            raise OptionError.of("part", self.name, f"one of {', '.join(self.parts)}", name)
        return self._fitted_parts()[list(self.parts).index(name)]

    def network(self) -> Sequential | None:
        """Give the fitted part that is a behaviour model; None when there is none."""
        parts = self._fitted_parts()
        return next((part for part in parts if isinstance(part, Sequential)), None)

    def exchanged(self, gone: Recommender, part: Recommender) -> Self:
        """Give the same mix, its weights as they are, with another recommender for a part.

        Parameters
        ----------
        gone : Recommender
            The part that goes: see `part` and `network`.
        part : Recommender
            Fitted on the same log, of a kind that the mix has not yet.

        Raises
        ------
        OptionError
            When there is no such part, or two would have one name.
        """
        before, fitted = self._fitted_parts(), self._fitted
        if not any(each is gone for each in before):
            raise OptionError.of("gone", self.name, "a part of this mix", gone.name)
        options = {key: value for key, value in part.options.items() if key != "event_types"}
        names = [
            part.name if each is gone else name
            for name, each in zip(self.parts, before, strict=True)
        ]
        kept = {name: own for name, own in self.part_options.items() if name in names}
        mixed = replace(self, parts=names, part_options=kept | {part.name: options})
        parts = [part if each is gone else each for each in before]
        learned = {key: fitted.learned[key] for key in FOUND} | _arrays_of(parts)
        mixed.take(Fitted(fitted.sequences, fitted.popularity, learned))
        return mixed

    def _made(self) -> list[Recommender]:
        """Make the parts, with nothing learned."""
        from footfall.recommend import recommender_named

        shared = {"event_types": self.event_types}
        return [
            recommender_named(part, shared | dict(self.part_options.get(part, {})))
            for part in self.parts
        ]

    def _learn(
        self, sequences: Sequences, rng: np.random.Generator, held_out: HeldOut | None, /
    ) -> dict[str, Array]:
        seed = int(rng.integers(2**31))
        training, repeats = sequences, bool(self.repeats)
        if held_out is not None and not repeats:
            held_out = held_out.new_only()
        if held_out is None or len(held_out.items) == 0:
            training, held_out = hold_out(sequences, repeats=repeats)
        parts = self._made()
        for part in parts:
            part.fit(training, seed=seed, held_out=held_out)
        learned = self._weigh(parts, held_out.some(MOST_ASKED))
        if training is not sequences:  # what was held out to find the weights is learned, too
            for part in parts:
                part.refit(sequences, seed=seed)
        return learned | _arrays_of(parts)

    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        return self._learn(sequences, rng, None)

    def _relearn(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        seed, before = int(rng.integers(2**31)), self.learned_
        parts = self._fitted_parts()
        for part in parts:
            part.refit(sequences, seed=seed)
        kept = {name: before[name] for name in FOUND}
        return kept | _arrays_of(parts)

    def _weigh(self, parts: list[Recommender], held_out: HeldOut) -> dict[str, Array]:
        """Find the weights, and what each part adds to them."""
        histories, alike = held_out.histories, held_out.same_history()

        def chances_of(part: Recommender, low: int, high: int) -> Float32:
            # The items of one basket have one history: it is scored once.
            users, place = np.unique(alike[low:high], return_inverse=True)
            some = histories.select(users, histories.offsets[users + 1])
            given = part.chances(some, repeats=bool(self.repeats))
            return given if len(users) == high - low else given[place]

        candidates = gather(
            [partial(chances_of, part) for part in parts], held_out, keep_seen=bool(self.repeats)
        )
        # A root makes sure parts less sure: whether that helps is found out, too.
        blunted = replace(candidates, chances=np.sqrt(candidates.chances))
        tried = [(each, best_weights(each)) for each in (candidates, blunted)]
        candidates, weights = max(tried, key=lambda found: quality(*found))
        return {
            "weights": weights,
            "blunt": np.array([candidates is blunted]),
            "quality": np.array([quality(candidates, weights)]),
            "alone": np.array([quality(candidates, one) for one in np.eye(len(parts))]),
            "without": np.array([_without(candidates, place) for place in range(len(parts))]),
        }

    def _score(self, histories: Sequences) -> Float32:
        total: Float32 | None = None
        blunt = bool(self.learned_["blunt"][0])
        for part, weight in zip(self._fitted_parts(), self.learned_["weights"], strict=True):
            if weight > 0:
                given = part.chances(histories, repeats=bool(self.repeats))
                if blunt:
                    np.sqrt(given, out=given)
                given *= np.float32(weight)
                total = given if total is None else np.add(total, given, out=total)
        if total is None:
            raise NotFittedError("This Hybrid has no weights. Call fit(log) or load it.")
        return total

    def _similar(self, items: npt.NDArray[np.int32]) -> Float32:
        alone = Sequences.from_arrays(
            np.arange(len(items) + 1), items, n_items=len(self.popularity_)
        )
        nobody = pa.nulls(len(items), pa.string())  # no part is to take an item for a user it knows
        return self._score(replace(alone, user_ids=nobody))

    def _fitted_parts(self) -> list[Recommender]:
        """Give the parts with what they learned, made once a fit."""
        fitted = self._fitted
        if "parts" not in fitted.made:
            parts = self._made()
            for place, part in enumerate(parts):
                lead = f"{place}."
                own = {
                    name.removeprefix(lead): array
                    for name, array in fitted.learned.items()
                    if name.startswith(lead)
                }
                if POPULARITY not in own:
                    raise InputError(f"The hybrid's part {part.name!r} is missing. Fit it again.")
                part.take(Fitted(fitted.sequences, own.pop(POPULARITY), own))
            fitted.made["parts"] = parts
        parts_made: list[Recommender] = fitted.made["parts"]
        return parts_made


def _without(candidates: Candidates, place: int) -> float:
    """Give the quality of the best mix of the other parts; NaN when there are none."""
    if candidates.chances.shape[1] == 1:
        return float("nan")
    others = np.delete(candidates.chances, place, axis=1)
    rest = Candidates(
        offsets=candidates.offsets,
        chances=np.ascontiguousarray(others),
        wanted=candidates.wanted,
    )
    return quality(rest, best_weights(rest))


def _arrays_of(parts: list[Recommender]) -> dict[str, Array]:
    """Give what the parts learned, each name with the part's place."""
    arrays: dict[str, Array] = {}
    for place, part in enumerate(parts):
        arrays |= {f"{place}.{name}": array for name, array in part.learned_.items()}
        arrays[f"{place}.{POPULARITY}"] = part.popularity_
    return arrays
