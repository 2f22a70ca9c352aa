"""What a fitted recommender is asked: what to show, what is alike, and why.

Everything here checks, maps ids and formats; the scores themselves are those of `_score` and
`_similar`, which each recommender writes (see :mod:`footfall.recommend.contract`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.moments import Moment, parse_moment
from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_count, ids_of
from footfall.recommend.explanation import reasons
from footfall.recommend.fitted import Fitted
from footfall.recommend.rerank import (
    BusinessRules,
    ShopRules,
    Slates,
    bind_to,
    fill_slates,
    moment_of,
)
from footfall.recommend.threads import each_on_a_core
from footfall.recommend.top import make_shares, top_items

__all__ = ["Answers"]

Float32 = npt.NDArray[np.float32]
# Chosen items and their scores, shape (B, k) each; -1 where there is none left.
Chosen = tuple[npt.NDArray[np.int32], Float32]

BLOCK_BYTES = 8 * 1024 * 1024  # scores held at once, a thread: they stay in its cache


class Answers(ABC):
    """The questions that every recommender answers, once it has learned."""

    @property
    @abstractmethod
    def _fitted(self) -> Fitted:
        """What was learned; an error before `fit`."""

    @abstractmethod
    def _score(self, histories: Sequences) -> Float32:
        """Return scores of all items, shape (B, V), for histories that are not empty."""

    @abstractmethod
    def _similar(self, items: npt.NDArray[np.int32]) -> Float32:
        """Return scores of all items, shape (B, V), for being like each of `items`."""

    @property
    def popularity_(self) -> Float32:
        """Scores, shape (V,), that stand in for a user without history."""
        return self._fitted.popularity

    @property
    def item_ids_(self) -> pa.StringArray:
        """Ids of the catalogue, in the order of the columns of scores."""
        return self._fitted.sequences.item_ids

    @property
    def size_mb(self) -> float:
        """Size of what was learned, in MB of 2**20 bytes, without what is kept of users."""
        return self._fitted.size_mb

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

        parts = each_on_a_core(best, _blocks(histories.n_users, histories.n_items))
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
        return reasons(self.scores, history, codes, latest=latest)

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

    def chances(
        self,
        histories: Sequences,
        *,
        repeats: bool = True,  # noqa: ARG002  # some tell both apart
    ) -> Float32:
        """Return how likely each item is to come next, as far as this recommender can tell.

        Parameters
        ----------
        histories : Sequences
            ``B`` users with items in the codes of the fitted catalogue.
        repeats : bool
            Whether items of the history may be next. If not, nobody asks for their chances.

        Returns
        -------
        float32 array, shape (B, V)
            Rows sum to 1: scores above 0 over their sum, unless a recommender knows better.
        """
        shares = np.ascontiguousarray(self.scores(histories))
        make_shares(shares)
        return shares

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
