"""Rules bound to a catalogue: columns are read once, then slates go through."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.evaluate import Traits
from footfall.events.moments import Moment, parse_moment
from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_count
from footfall.recommend.rerank.choose import CAPPED, choose, filter_by_past, usual_prices
from footfall.recommend.rerank.facts import (
    UNKNOWN_MOMENT,
    Caps,
    ItemColumns,
    caps_of,
    columns_of,
    traits_of,
)
from footfall.recommend.rerank.relevance import relevance
from footfall.recommend.rerank.slates import (
    ArrayPair,
    Candidates,
    Removed,
    Slates,
    read_candidates,
)
from footfall.store.ids import IdMap

if TYPE_CHECKING:
    from footfall.recommend.rerank.business import BusinessRules

__all__ = ["ShopRules"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]

DAY = 86_400_000_000  # microseconds
NO_ITEM, OUT_OF_STOCK, TOO_CHEAP, TOO_DEAR, NO_PRICE, CHEAPER, DEARER, BOUGHT, PASSED = range(1, 10)


@dataclass(frozen=True, kw_only=True, eq=False)
class ShopRules:
    """Business rules with what they need of the items at hand; made by `BusinessRules.bind`.

    Parameters
    ----------
    rules : BusinessRules
        The options.
    item_ids : pa.StringArray, length V
        The catalogue.
    fates : int8 array, shape (V,)
        Why an item may be shown to nobody; 0: it may.
    prices : float64 array, shape (V,)
        nan: unknown.
    appeared : int64 array, shape (V,)
        Moment an item appeared, microseconds UTC.
    margins : float64 array, shape (V,)
        Share of items with a lower margin.
    caps : Caps
        Values that are capped.
    traits : Traits
        By what items are alike.
    bought : Sequences or None
        What users bought, items in the codes of the catalogue (-1: not in it); None: the
        histories tell.
    """

    rules: "BusinessRules"
    item_ids: pa.StringArray
    fates: Int8
    prices: Float64
    appeared: Int64
    margins: Float64
    caps: Caps
    traits: Traits
    bought: Sequences | None

    @classmethod
    def of(
        cls,
        rules: "BusinessRules",
        item_ids: Sequence[str] | pa.StringArray,
        items: pa.Table | None,
        *,
        bought: Sequences | None = None,
    ) -> Self:
        """Read the columns that the rules need; see `BusinessRules.bind`."""
        ids, columns = columns_of(item_ids, items)
        size = len(ids)
        prices = np.full(size, np.nan)
        if rules.price_band is not None or rules.price_ratio is not None:
            prices = columns.numbers(rules.price_by, "price_by")
        margins, appeared = np.zeros(size), np.full(size, UNKNOWN_MOMENT)
        if rules.margin > 0:
            margins = columns.shares_below(rules.margin_by, "margin_by")
        if rules.freshness > 0:
            there = "launched" if "launched" in columns.names else "first_seen"
            appeared = columns.moments(rules.freshness_by or there, "freshness_by")
        bare = Traits.of_vectors(np.zeros((size, 0)))
        return cls(
            rules=rules,
            item_ids=ids,
            fates=_item_fates(rules, columns, prices),
            prices=prices,
            appeared=appeared,
            margins=margins,
            caps=caps_of(columns, rules.caps or {}),
            traits=traits_of(columns, rules.diversity_by) if rules.diversity > 0 else bare,
            bought=None
            if bought is None
            else replace(bought, items=_codes_of(bought, ids), item_ids=ids),
        )

    @property
    def needs_moment(self) -> bool:
        """Whether the rules depend on the moment of showing."""
        days = self.rules.again_after_days
        return self.rules.freshness > 0 or isinstance(days, int | float)

    @property
    def most(self) -> int:
        """Items a slate can hold at most: caps may leave room for fewer than are asked for."""
        caps, allowed = self.caps, self.fates == 0
        owner = np.repeat(np.arange(len(allowed)), np.diff(caps.offsets))
        kept = allowed[owner]
        there = np.bincount(caps.values[kept], minlength=len(caps.limits))
        room = int(allowed.sum())
        for kind in range(len(caps.columns)):
            mine = caps.kinds == kind
            mine[0] = False
            with_value = np.unique(owner[kept & mine[caps.values]])
            free = int(allowed.sum()) - len(with_value)
            room = min(room, free + int(np.minimum(there, caps.limits)[mine].sum()))
        return room

    def nothing(self, k: int) -> Slates:
        """Return the slates of no users."""
        none = np.zeros((0, min(k, len(self.item_ids))))
        candidates = Candidates(
            user_ids=pa.array([], pa.string()),
            items=none.astype(np.int32),
            scores=none.astype(np.float32),
        )
        return self.rerank(candidates, None, now=0, k=k)

    def apply(
        self,
        slate: pa.Table | ArrayPair,
        *,
        histories: Sequences | None = None,
        at: Moment | None = None,
        k: int = 10,
    ) -> Slates:
        """Choose the ``k`` items to show; see `BusinessRules.apply`.

        Raises
        ------
        OptionError
            When a rule needs a history or a moment that is not there.
        """
        check_count(k, "k", "apply")
        now = None if at is None else parse_moment(at, option="at", owner="apply")
        arrays = None if histories is None else histories.user_ids
        candidates = read_candidates(slate, self.item_ids, arrays)
        past = histories
        if past is not None and isinstance(slate, pa.Table):
            past = _histories_of(past, IdMap(past.user_ids), candidates.user_ids)
        if past is None and self._needs_past:
            raise OptionError.of("histories", "apply", "given, for the rules on history", None)
        if past is not None and now is not None and past.timestamps is not None:
            past = past.until(now)
        return self.rerank(candidates, past, now=now, k=k)

    def rerank(
        self, candidates: Candidates, histories: Sequences | None, *, now: int | None, k: int
    ) -> Slates:
        """Choose among candidates; `histories` are those of the same users, up to `now`."""
        if now is None and self.needs_moment:
            raise OptionError.of("at", "recommend", "a moment, for the rules on time", now)
        items = candidates.items
        fates = np.where(items >= 0, self.fates[items], np.int8(NO_ITEM))
        if self._needs_past:
            self._filter_by_past(candidates, histories, now, fates)
        fresh, margin = self._boosts(now)
        users, width = items.shape
        bases = relevance(np.arange(width)) + (fresh + margin)[items]
        picks = np.full((users, min(k, width)), -1, dtype=np.int32)
        steps = np.zeros((3, *picks.shape), dtype=np.int32)
        caps = self.caps
        choose(
            items, bases, float(self.rules.diversity), caps.offsets, caps.values, caps.limits,
            caps.kinds, *self.traits.arrays, fates, picks, steps,
        )  # fmt: skip
        rows, there = np.arange(users)[:, None], picks >= 0
        shown = np.where(there, items[rows, picks], -1)
        lead = np.where(fresh >= margin, 2, 3)[shown]
        return Slates(
            user_ids=candidates.user_ids,
            item_ids=self.item_ids,
            items=shown,
            scores=candidates.scores[rows, picks],
            places=picks,
            reasons=np.where(there, _reasons(picks, steps, lead), 0).astype(np.int8),
            left_out=_left_out(items, fates, picks),
            fates=self._words(),
        )

    @property
    def _needs_past(self) -> bool:
        rules = self.rules
        return rules.again_after_days is not None or rules.price_ratio is not None

    @cached_property
    def _buyers(self) -> IdMap:
        return IdMap(pa.array([], pa.string()) if self.bought is None else self.bought.user_ids)

    def _filter_by_past(
        self, candidates: Candidates, histories: Sequences | None, now: int | None, fates: Int8
    ) -> None:
        past = histories
        if self.bought is not None:
            past = _histories_of(self.bought, self._buyers, candidates.user_ids)
            if now is not None and past.timestamps is not None:
                past = past.until(now)
        if past is None:
            return
        codes = _codes_of(past, self.item_ids)
        if self.rules.price_ratio is not None:
            self._filter_by_price(candidates.items, past.offsets, codes, fates)
        days = self.rules.again_after_days
        if days is None:
            return
        times, earliest = np.zeros(len(codes), dtype=np.int64), np.iinfo(np.int64).min
        if days != "never":
            if past.timestamps is None or now is None:
                allowed = "'never' when times are unknown"
                raise OptionError.of("again_after_days", "BusinessRules", allowed, days)
            times, earliest = past.timestamps, now - round(float(days) * DAY)
        last = np.full(len(self.item_ids), np.iinfo(np.int64).min, dtype=np.int64)
        filter_by_past(candidates.items, past.offsets, codes, times, earliest, BOUGHT, last, fates)

    def _filter_by_price(self, items: Int32, offsets: Int64, codes: Int32, fates: Int8) -> None:
        usual = np.empty(len(items))
        usual_prices(offsets, codes, self.prices, usual)
        low, high = self.rules.price_ratio or (None, None)
        each, known = self.prices[items], ~np.isnan(usual)[:, None]
        open_ = (fates == 0) & known
        fates[open_ & np.isnan(each)] = NO_PRICE
        if low is not None:
            fates[open_ & (each < low * usual[:, None])] = CHEAPER
        if high is not None:
            fates[open_ & (each > high * usual[:, None])] = DEARER

    def _boosts(self, now: int | None) -> tuple[Float64, Float64]:
        """Return the boosts by freshness and by margin of all items."""
        fresh = np.zeros(len(self.item_ids))
        if self.rules.freshness > 0 and now is not None:
            there = self.appeared <= now  # what is to come is as unknown as what is not said
            days = (now - self.appeared[there]) / DAY
            fresh[there] = self.rules.freshness * 0.5 ** (
                days / self.rules.freshness_half_life_days
            )
        return fresh, self.rules.margin * self.margins

    def _words(self) -> dict[int, str]:
        days = self.rules.again_after_days
        lately = f"taken within {days:g} days" if isinstance(days, int | float) else "taken before"
        words = {
            OUT_OF_STOCK: "out of stock",
            TOO_CHEAP: "below the price band",
            TOO_DEAR: "above the price band",
            NO_PRICE: "of unknown price",
            CHEAPER: "far cheaper than the user's prices",
            DEARER: "far dearer than the user's prices",
            BOUGHT: lately,
            PASSED: "passed by other items",
        }
        limits = self.rules.caps or {}
        return words | {
            CAPPED + kind: f"over the cap of {limits[key]} by {key}"
            for kind, key in enumerate(self.caps.columns)
        }


def _item_fates(rules: "BusinessRules", columns: ItemColumns, prices: Float64) -> Int8:
    """Say of each item whether it may be shown at all."""
    fates = np.zeros(columns.n_items, dtype=np.int8)
    if rules.price_band is not None:
        low, high = rules.price_band
        fates[np.isnan(prices)] = NO_PRICE
        fates[prices < (-np.inf if low is None else low)] = TOO_CHEAP
        fates[prices > (np.inf if high is None else high)] = TOO_DEAR
    if rules.in_stock is not None:
        fates[~columns.truths(rules.in_stock, "in_stock")] = OUT_OF_STOCK
    return fates


def _histories_of(sequences: Sequences, users: IdMap, user_ids: pa.StringArray) -> Sequences:
    """Return the histories of users by id; those of unknown ones are empty."""
    places = users.codes(user_ids)
    found = sequences.select(places, sequences.offsets[places + 1])
    return replace(found, user_ids=user_ids)


def _codes_of(histories: Sequences, item_ids: pa.StringArray) -> Int32:
    """Return the code of each row's item in another catalogue; -1: not in it."""
    if histories.item_ids is item_ids or histories.item_ids.equals(item_ids):
        return histories.items
    return np.asarray(IdMap(item_ids).codes(histories.item_ids)[histories.items], dtype=np.int32)


def _reasons(picks: Int32, steps: Int32, lead: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Name the stage that moved each item most, among those that moved it where it went."""
    passed, boosted, capped = steps
    rank = np.arange(picks.shape[1])
    moves = np.stack([picks - passed, passed - boosted, capped, boosted - capped - rank])
    moved = picks - rank
    stage = np.argmax(moves * np.sign(moved), axis=0)
    up = np.choose(stage, [1, lead, 4, 5])
    down = np.where(stage == 1, 6, 7)
    return np.select([moved > 0, moved < 0], [up, down], 0)


def _left_out(items: Int32, fates: Int8, picks: Int32) -> Removed:
    """List the candidates that stood before the last item shown, or in the model's first k."""
    users, width = items.shape
    size = picks.shape[1]
    full = (picks >= 0).all(axis=1) if size else np.zeros(users, dtype=np.bool_)
    end = np.where(full, np.maximum(picks.max(axis=1, initial=-1) + 1, size), width)
    shown = np.zeros(items.shape, dtype=np.bool_)
    who, rank = np.nonzero(picks >= 0)
    shown[who, picks[who, rank]] = True
    places = np.arange(width)
    out = ~shown & (items >= 0) & (places < end[:, None]) & ((fates > 0) | (places < size))
    user, place = np.nonzero(out)
    why = np.where(fates[user, place] == 0, np.int8(PASSED), fates[user, place])
    return Removed(users=user, items=items[user, place], places=place, fates=why)
