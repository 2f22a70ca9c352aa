"""What every recommender is: options, `fit`, `refit`, `save` and `load`.

To write one, make a frozen dataclass of options with a `name`, and two methods of arrays: `_fit`
learns named arrays from sequences, `_score` turns histories into scores; a third, `_similar`, where
items have likenesses of their own. What is asked of a fitted one (`recommend`, `similar`,
`explain`, ...) is the same for all: :mod:`footfall.recommend.answers`.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from footfall.errors import NotFittedError, OptionError
from footfall.events.moments import Moment
from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.recommend.answers import Answers
from footfall.recommend.checks import check_known, option_names
from footfall.recommend.files import Stored, read_model, write_model
from footfall.recommend.fitted import Fitted, Slot, popularity_of
from footfall.store.view import LogView

__all__ = ["Recommender"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Recommender(Answers):
    """Base of all recommenders.

    A fit puts what was learned into a slot, as one :class:`Fitted`; `learned_` gives a
    recommender's own arrays back to it, `popularity_` and `item_ids_` what all of them have.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that have an item and show interest (no
        impressions, removals from the cart or returns).
    """

    name: ClassVar[str]
    reads_items: ClassVar[bool] = False  # whether the shop's item table is read, too

    event_types: Sequence[str] | None = None
    _slot: Slot = field(default_factory=Slot, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the options; recommenders add their own checks."""
        if self.event_types is not None:
            types = self.event_types
            listed = isinstance(types, Iterable) and not isinstance(types, str)
            if not listed or not all(isinstance(name, str) for name in types):
                raise OptionError.of("event_types", self.name, "a list of event types", types)
            object.__setattr__(self, "event_types", tuple(types))

    # What a recommender is: these three are arrays in, arrays out.

    @abstractmethod
    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        """Learn named arrays from sequences."""

    @abstractmethod
    def _score(self, histories: Sequences) -> Float32:
        """Return scores of all items, shape (B, V), for histories that are not empty."""

    def _similar(self, items: npt.NDArray[np.int32]) -> Float32:
        """Return scores of all items, shape (B, V), for being like each of `items`."""
        return np.tile(self.popularity_, (len(items), 1))

    # What some do otherwise.

    def _learn(
        self, sequences: Sequences, rng: np.random.Generator, _held_out: HeldOut | None, /
    ) -> dict[str, Array]:
        """Learn named arrays; those that choose something by held-out items do it here."""
        return self._fit(sequences, rng)

    def _relearn(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        """Learn from more rows, keeping what was chosen by held-out items."""
        return self._fit(sequences, rng)

    def _popularity(self, sequences: Sequences) -> Float32:
        """Return scores of all items, shape (V,), for somebody of whom nothing is known."""
        return popularity_of(sequences)

    def _event_weights(self) -> Mapping[str, float] | None:
        """Return what an event of a type counts for; None: all count the same."""
        return None

    # What users of a recommender call.

    @property
    def options(self) -> dict[str, Any]:
        """The options by name, as plain values."""
        return {name: getattr(self, name) for name in option_names(type(self))}

    @property
    def learned_(self) -> dict[str, Array]:
        """Arrays the last fit learned, by name."""
        return self._fitted.learned

    def read(self, log: LogView | Sequences, *, until: Moment | None = None) -> Sequences:
        """Read from a log what this recommender would learn from.

        Parameters
        ----------
        log : LogView or Sequences
            Sequences are taken as they are.
        until : str, datetime, int or None
            Last moment that is read.
        """
        if not isinstance(log, Sequences):
            return Sequences.from_log(
                log,
                event_types=self.event_types,
                event_weights=self._event_weights(),
                until=until,
                with_items=self.reads_items,
            )
        return log if until is None else log.until(until)

    def fit(
        self,
        log: LogView | Sequences,
        *,
        until: Moment | None = None,
        seed: int = 0,
        held_out: HeldOut | None = None,
    ) -> Self:
        """Learn from a log, forgetting what was learned before.

        Parameters
        ----------
        log : LogView or Sequences
            A log on disk or in memory, or sequences made of one.
        until : str, datetime, int or None
            Last moment that may be seen; later events change no answer. None: everything.
        seed : int
            Same seed, same answers.
        held_out : HeldOut or None
            Next items, not among the rows, by which a recommender that has something to choose
            (when to stop, how to mix) chooses it. None: it holds some rows out itself. The others
            take no notice.

        Returns
        -------
        Recommender
            Itself.

        Raises
        ------
        OptionError
            When an event type never occurs in the log or `until` is not a moment.
        """
        sequences = self.read(log, until=until)
        learned = self._learn(sequences, np.random.default_rng(seed), held_out)
        self._slot.fitted = Fitted(sequences, self._popularity(sequences), learned)
        return self

    def refit(self, log: LogView | Sequences, *, seed: int = 0) -> Self:
        """Learn from more rows of the same shop, keeping what `fit` chose by held-out items.

        Parameters
        ----------
        log : LogView or Sequences
            What `fit` had, and more: the held-out items, or the events since.
        seed : int
            Same seed, same answers.

        Returns
        -------
        Recommender
            Itself.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        sequences = self._fitted.same_items(self.read(log))
        learned = self._relearn(sequences, np.random.default_rng(seed))
        self._slot.fitted = Fitted(sequences, self._popularity(sequences), learned)
        return self

    def take(self, fitted: Fitted) -> None:
        """Put in place what was learned elsewhere: by a part of a mix, or read from a file."""
        self._slot.fitted = fitted

    def save(self, folder: str | Path) -> None:
        """Write options and what was learned as JSON and npz: numbers, nothing that can run.

        Parameters
        ----------
        folder : str or Path
            Made when it is not there.
        """
        fitted = self._fitted
        write_model(
            Path(folder),
            Stored(
                model=self.name,
                options=self.options,
                sequences=fitted.sequences,
                popularity=fitted.popularity,
                learned=fitted.learned,
            ),
        )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            When the folder holds no model, another model, a newer one or a damaged one.
        """
        stored = read_model(Path(folder), model=cls.name)
        loaded = cls.of(stored.options)
        loaded._slot.fitted = Fitted(  # noqa: SLF001  # a slot of this very class
            stored.sequences, stored.popularity, stored.learned
        )
        return loaded

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Make a recommender from options by name, as a file or a command line gives them.

        Raises
        ------
        OptionError
            For an option it does not have (near names are suggested) or a value not allowed.
        """
        check_known(cls, cls.name, options)
        return cls(**options)

    @property
    def _fitted(self) -> Fitted:
        if self._slot.fitted is None:
            raise NotFittedError(
                f"This {type(self).__name__} has learned nothing yet. Call fit(log) or load it."
            )
        return self._slot.fitted
