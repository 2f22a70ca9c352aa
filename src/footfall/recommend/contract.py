"""What every recommender does: keep options, fit, recommend, find similar items, save and load.

The public methods here check, map ids and format. A recommender itself is two private methods of
arrays: `_fit` learns named arrays from sequences and `_score` turns histories into scores.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import NotFittedError, OptionError
from footfall.events.moments import Moment, parse_moment
from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_count, check_known, ids_of, option_names
from footfall.recommend.explanation import contributions
from footfall.recommend.files import Stored, read_model, write_model
from footfall.recommend.fitted import Fitted, Slot, popularity_of
from footfall.recommend.rerank import (
    BusinessRules,
    ShopRules,
    Slates,
    bind_to,
    fill_slates,
    moment_of,
)
from footfall.recommend.top import make_shares, top_items
from footfall.store.view import LogView

__all__ = ["Recommender"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

BLOCK_BYTES = 4 * 1024 * 1024  # scores held at once, a thread: they stay in its cache


@dataclass(frozen=True, kw_only=True)
class Recommender(ABC):
    """Base of all recommenders.

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
            if isinstance(types, str) or not all(isinstance(name, str) for name in types):
                raise OptionError.of("event_types", self.name, "a list of event types", types)
            object.__setattr__(self, "event_types", tuple(types))

    # What a recommender is.

    @abstractmethod
    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        """Learn named arrays from sequences."""

    @abstractmethod
    def _score(self, histories: Sequences) -> Float32:
        """Return scores of all items, shape (B, V), for histories that are not empty."""

    def _learn(
        self, sequences: Sequences, rng: np.random.Generator, _held_out: HeldOut | None, /
    ) -> dict[str, Array]:
        """Learn named arrays; those that choose something by held-out items do it here."""
        return self._fit(sequences, rng)

    def _relearn(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        """Learn from more rows, keeping what was chosen by held-out items."""
        return self._fit(sequences, rng)

    def _similar(self, items: npt.NDArray[np.int32]) -> Float32:
        """Return scores of all items, shape (B, V), for being like each of `items`."""
        return np.tile(self.popularity_, (len(items), 1))

    def _popularity(self, sequences: Sequences) -> Float32:
        """Return scores of all items, shape (V,), for somebody of whom nothing is known."""
        return popularity_of(sequences)

    # What users of a recommender call.

    @property
    def options(self) -> dict[str, Any]:
        """The options by name, as plain values."""
        return {name: getattr(self, name) for name in option_names(type(self))}

    @property
    def learned_(self) -> dict[str, Array]:
        """Arrays the last fit learned, by name."""
        return self._fitted.learned

    @property
    def popularity_(self) -> Float32:
        """Scores, shape (V,), that stand in for a user without history."""
        return self._fitted.popularity

    @property
    def item_ids_(self) -> pa.StringArray:
        """Ids of the catalogue, in the order of the columns of scores."""
        return self._fitted.sequences.item_ids

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

    def _event_weights(self) -> Mapping[str, float] | None:
        return None

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

    def recommend(
        self,
        users: Sequence[str] | pa.Array | Sequences,
        *,
        k: int = 10,
        at: Moment | None = None,
        keep_seen: bool = False,
        rules: BusinessRules | ShopRules | None = None,
    ) -> pa.Table:
        """Say what to show.

        Parameters
        ----------
        users : sequence of user ids, or Sequences
            Ids are answered from the histories in the log of the fit; Sequences bring their own
            histories (a visit going on now, say), with items matched by id. A user who is unknown
            or has no history gets what is popular.
        k : int
            Items a user, at most.
        at : str, datetime, int or None
            The moment of asking: later events of a user's history are not used. None: all are.
        keep_seen : bool
            True lets items of the user's history come again.
        rules : BusinessRules, ShopRules or None
            What the shop wants of slates, and what it may not show. Options alone are bound to
            the item table of the fit; bind them to a table of today for stock and prices of today.

        Returns
        -------
        pa.Table
            ``user_id, item_id`` (string), ``score`` (float32, higher is better), ``rank`` (int32,
            1 is best), users in the order asked. Fewer than `k` rows when items run out. With
            `rules` also ``model_rank`` (int32, before the rules) and ``reason`` (string).

        Raises
        ------
        NotFittedError
            Before `fit`.
        OptionError
            When `users` are not ids, `k` is below 1, or a rule needs a column that is not there.
        """
        if rules is not None:
            return self.slates(users, k=k, at=at, keep_seen=keep_seen, rules=rules).table
        histories = self._histories(users, at=at)
        check_count(k, "k", "recommend")

        def best(bounds: tuple[int, int]) -> tuple[npt.NDArray[np.int32], Float32]:
            block = _part(histories, *bounds)
            offsets, seen = block.offsets, block.items
            if keep_seen:
                offsets, seen = np.zeros_like(offsets), seen[:0]
            return top_items(self.scores(block), k=k, seen_offsets=offsets, seen_items=seen)

        blocks = _blocks(histories.n_users, histories.n_items)
        parts = [best(bounds) for bounds in blocks[:1]]  # makes what a model makes once
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # scores are made outside Python's lock
            parts += threads.map(best, blocks[1:])
        return self._table({"user_id": histories.user_ids}, parts)

    def slates(
        self,
        users: Sequence[str] | pa.Array | Sequences,
        *,
        rules: BusinessRules | ShopRules,
        k: int = 10,
        at: Moment | None = None,
        keep_seen: bool = False,
    ) -> Slates:
        """Say what to show by the rules of the shop, and what they left out.

        Parameters
        ----------
        users, rules, k, at, keep_seen
            See `recommend`. Without `at`, the moment of showing is the last event that is known.

        Returns
        -------
        Slates
            ``.table`` is what `recommend` gives, ``.removed`` lists what was left out, and why.
        """
        histories = self._histories(users, at=at)
        check_count(k, "k", "recommend")
        shop = bind_to(rules, self._fitted.sequences)
        now = moment_of(shop, self._fitted.sequences)
        if at is not None:
            now = parse_moment(at, option="at", owner="recommend")
        blocks = (
            _part(histories, low, high)
            for low, high in _blocks(histories.n_users, histories.n_items)
        )
        return fill_slates(
            ((block, self.scores(block)) for block in blocks),
            shop,
            k=k,
            now=now,
            keep_seen=keep_seen,
        )

    def similar(self, items: Sequence[str] | pa.Array, *, k: int = 10) -> pa.Table:
        """Say which items go with given ones.

        Parameters
        ----------
        items : sequence of item ids
            Unknown items get what is popular.
        k : int
            Items for each, at most; an item is never similar to itself.

        Returns
        -------
        pa.Table
            ``item_id, similar_id`` (string), ``score`` (float32), ``rank`` (int32).

        Raises
        ------
        NotFittedError
            Before `fit`.
        OptionError
            When `items` are not ids or `k` is below 1.
        """
        fitted = self._fitted
        asked = ids_of(items, "items", "similar")
        check_count(k, "k", "similar")
        codes = fitted.item_codes(asked)
        parts = []
        for low, high in _blocks(len(codes), len(fitted.popularity)):
            block = codes[low:high]
            known = block >= 0
            scores = np.tile(fitted.popularity, (len(block), 1))
            if known.any():
                scores[known] = self._similar(block[known])
            offsets = np.concatenate(([0], np.cumsum(known)))
            parts.append(top_items(scores, k=k, seen_offsets=offsets, seen_items=block[known]))
        return self._table({"item_id": asked}, parts, answer="similar_id")

    def explain(
        self,
        user: str | Sequences,
        items: Sequence[str] | pa.Array,
        *,
        at: Moment | None = None,
        latest: int = 50,
    ) -> pa.Table:
        """Say which items of a user's history speak for recommended ones.

        Each item of the history is taken out in turn and the recommender asked again: what the
        score loses is the contribution. So the order is that of what really would happen; that
        two items say the same together shows in neither.

        Parameters
        ----------
        user : str or Sequences
            An id, or one user with a history of its own.
        items : sequence of item ids
            What to explain; unknown ones have no rows.
        at : str, datetime, int or None
            The moment of asking: later events of the history are not used.
        latest : int
            Rows of the history, from the last, whose items are tried.

        Returns
        -------
        pa.Table
            ``item_id, history_item`` (string), ``contribution`` (float32, in units of the score),
            ``rank`` (int32, 1 contributes most; equals: the latest first). Empty for a user
            without history. Where the history holds one item only, that is all of the score.

        Raises
        ------
        NotFittedError
            Before `fit`.
        OptionError
            When `items` are not ids, `latest` is below 1 or there is more than one user.
        """
        fitted = self._fitted
        history = self._histories([user] if isinstance(user, str) else user, at=at)
        if history.n_users != 1:
            raise OptionError.of("user", "explain", "one user", f"{history.n_users} users")
        check_count(latest, "latest", "explain")
        codes = fitted.item_codes(ids_of(items, "items", "explain"))
        codes = codes[codes >= 0]
        taken, falls = contributions(self.scores, history, codes, latest=latest)
        order = np.argsort(-falls, axis=1, kind="stable")
        count = len(taken)
        return pa.table(
            {
                "item_id": self.item_ids_.take(pa.array(np.repeat(codes, count))),
                "history_item": self.item_ids_.take(pa.array(taken[order].ravel())),
                "contribution": np.take_along_axis(falls, order, axis=1).ravel(),
                "rank": np.tile(np.arange(1, count + 1, dtype=np.int32), len(codes)),
            }
        )

    def scores(self, histories: Sequences) -> Float32:
        """Return scores of all items for given histories, as `recommend` ranks them.

        Parameters
        ----------
        histories : Sequences
            ``B`` users with items in the codes of the fitted catalogue.

        Returns
        -------
        float32 array, shape (B, V)
            Users without history get popularity.
        """
        popularity = self.popularity_
        if histories.n_items != len(popularity):
            allowed = f"of the fitted catalogue of {len(popularity)} items"
            raise OptionError.of("histories", "scores", allowed, f"{histories.n_items} items")
        known = np.diff(histories.offsets) > 0
        if known.all() and len(known):
            return self._score(histories)
        scores = np.tile(popularity, (histories.n_users, 1))
        if known.any():
            users = np.flatnonzero(known)
            scores[users] = self._score(histories.select(users, histories.offsets[users + 1]))
        return scores

    def chances(self, histories: Sequences) -> Float32:
        """Return how likely each item is to come next, as far as this recommender can tell.

        Parameters
        ----------
        histories : Sequences
            ``B`` users with items in the codes of the fitted catalogue.

        Returns
        -------
        float32 array, shape (B, V)
            Rows sum to 1: scores above 0 over their sum, unless a recommender knows better.
        """
        shares = np.ascontiguousarray(self.scores(histories))
        make_shares(shares)
        return shares

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

    # Helpers of the public methods.

    @property
    def _fitted(self) -> Fitted:
        if self._slot.fitted is None:
            raise NotFittedError(
                f"This {type(self).__name__} has learned nothing yet. Call fit(log) or load it."
            )
        return self._slot.fitted

    def _histories(
        self, users: Sequence[str] | pa.Array | Sequences, *, at: Moment | None
    ) -> Sequences:
        fitted = self._fitted
        if isinstance(users, Sequences):
            histories = fitted.recoded(users)
        else:
            histories = fitted.histories_of(ids_of(users, "users", "recommend"))
        if at is None:
            return histories
        return histories.until(parse_moment(at, option="at", owner="recommend"))

    def _table(
        self,
        asked: dict[str, pa.StringArray],
        parts: list[tuple[npt.NDArray[np.int32], Float32]],
        *,
        answer: str = "item_id",
    ) -> pa.Table:
        """Lay chosen items out as rows."""
        name, ids = next(iter(asked.items()))
        width = parts[0][0].shape[1] if parts else 0
        items = np.concatenate([part for part, _ in parts] or [np.empty((0, 0), dtype=np.int32)])
        scores = np.concatenate([part for _, part in parts] or [np.empty((0, 0), dtype=np.float32)])
        there = items >= 0
        who, place = np.nonzero(there) if width else (np.empty(0, dtype=int),) * 2
        return pa.table(
            {
                name: ids.take(pa.array(who)),
                answer: self.item_ids_.take(pa.array(items[there])),
                "score": scores[there],
                "rank": (place + 1).astype(np.int32),
            }
        )


def _blocks(rows: int, width: int) -> list[tuple[int, int]]:
    size = max(1, BLOCK_BYTES // (4 * max(1, width)))
    return [(low, min(low + size, rows)) for low in range(0, rows, size)]


def _part(sequences: Sequences, low: int, high: int) -> Sequences:
    users = np.arange(low, high)
    return sequences.select(users, sequences.offsets[users + 1])
