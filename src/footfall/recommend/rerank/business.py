"""What the shop wants of a slate, as plain options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.features.sequences import Sequences
from footfall.recommend.checks import (
    check_between,
    check_count,
    check_known,
    check_mapping,
    option_names,
)
from footfall.recommend.rerank.shop import ShopRules
from footfall.recommend.rerank.slates import ArrayPair, Slates, catalog_of

__all__ = ["BusinessRules"]

Band = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class BusinessRules:
    """Rules of the shop on top of a recommender's order.

    A filter is a promise: an item whose value is unknown does not pass it. A boost is a wish: an
    unknown value adds nothing. Boosts and diversity are weighed against what a place in the
    model's order is worth: 1 the first, 0.63 the second, 0.5 the third, 0.29 the tenth, 0.15 the
    hundredth. So ``margin=0.1`` lifts the tenth item to the fifth place at best.

    Parameters
    ----------
    in_stock : str or None
        Column of the item table that says whether an item can be sold: true, or above 0.
    price_band : (float or None, float or None), or None
        Lowest and highest price, in the units of the price column; None: open.
    price_ratio : (float or None, float or None), or None
        The same as multiples of the median price of what the user took; users of whom no price
        is known are not bound by it.
    price_by : str
        Column of the price.
    again_after_days : float, "never" or None
        Days before an item of the user's history may be shown again; it takes the place of
        `keep_seen`. None: no rule.
    caps : mapping of column to int, or None
        At most so many items of one value: ``{"brand": 3}``. Of a path such as
        ``home/kitchen/kettles``, ``"category/1"`` caps by its first part. Items of a column of
        lists have several values. Unknown values are not capped.
    diversity : float
        From 0 to 1: how much an item is to differ from those before it (maximal marginal
        relevance): ``(1 - diversity) * relevance - diversity * likeness`` to the most alike.
    diversity_by : sequence of str, or None
        Columns by which items are alike: text, lists of text, paths, or vectors (lists of
        numbers). None: ``category`` and ``brand``, those that are there.
    freshness : float
        Boost of an item that is new this moment.
    freshness_half_life_days : float
        Age at which half of it is left.
    freshness_by : str or None
        Column of the moment an item appeared: dates, timestamps, or microseconds UTC. None:
        ``launched`` or else ``first_seen``, which `recommend` fills with the item's first event.
    margin : float
        Boost of the item with the highest margin; the others get theirs by the share of items
        with a lower one.
    margin_by : str
        Column of the margin.
    candidates : int
        Items asked of the model for a user, before any are left out; more when fewer than ``k``
        remain.

    References
    ----------
    Carbonell, J. and Goldstein, J. (1998). The use of MMR, diversity-based reranking for
    reordering documents and producing summaries. SIGIR.

    Examples
    --------
    >>> items = pa.table({"item_id": ["cup", "mug", "pot"], "stock": [0, 4, 2]})
    >>> slate = pa.table({"user_id": ["ann"] * 3, "item_id": ["cup", "mug", "pot"]})
    >>> shown = BusinessRules(in_stock="stock").apply(slate, items)
    >>> shown.table.select(["item_id", "rank", "reason"]).to_pylist()
    [{'item_id': 'mug', 'rank': 1, 'reason': 'up: items before it were left out'},
     {'item_id': 'pot', 'rank': 2, 'reason': 'up: items before it were left out'}]
    >>> shown.removed.select(["item_id", "reason"]).to_pylist()
    [{'item_id': 'cup', 'reason': 'out of stock'}]
    """

    in_stock: str | None = None
    price_band: Band | None = None
    price_ratio: Band | None = None
    price_by: str = "price"
    again_after_days: float | str | None = None
    caps: Mapping[str, int] | None = None
    diversity: float = 0.0
    diversity_by: Sequence[str] | None = None
    freshness: float = 0.0
    freshness_half_life_days: float = 30.0
    freshness_by: str | None = None
    margin: float = 0.0
    margin_by: str = "margin"
    candidates: int = 100

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("price_band", "price_ratio"):
            object.__setattr__(self, option, _checked_band(getattr(self, option), option))
        if self.again_after_days != "never" and self.again_after_days is not None:
            if isinstance(self.again_after_days, str):
                allowed = "days, 'never' or None"
                raise OptionError.of("again_after_days", OWNER, allowed, self.again_after_days)
            check_between(self.again_after_days, "again_after_days", OWNER, low=0, high=1e6)
        check_mapping(self.caps or {}, "caps", OWNER)
        object.__setattr__(self, "caps", dict(self.caps or {}))
        for limit in (self.caps or {}).values():
            check_count(limit, "caps", OWNER)
        check_between(self.diversity, "diversity", OWNER, low=0, high=1)
        if self.diversity_by is not None:
            listed = isinstance(self.diversity_by, list | tuple) and len(self.diversity_by) > 0
            if not listed or not all(isinstance(name, str) for name in self.diversity_by):
                raise OptionError.of("diversity_by", OWNER, "a list of columns", self.diversity_by)
            object.__setattr__(self, "diversity_by", tuple(self.diversity_by))
        check_between(self.freshness, "freshness", OWNER, low=0)
        check_between(self.freshness_half_life_days, "freshness_half_life_days", OWNER, low=1e-6)
        check_between(self.margin, "margin", OWNER, low=0)
        check_count(self.candidates, "candidates", OWNER)

    @property
    def options(self) -> dict[str, Any]:
        """The options by name, as plain values."""
        return {name: getattr(self, name) for name in option_names(type(self))}

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Make rules from options by name, as a file or a command line gives them.

        Raises
        ------
        OptionError
            For an option there is none of (near names are suggested) or a value not allowed.
        """
        check_known(cls, OWNER, options)
        return cls(**options)

    def bind(
        self,
        item_ids: Sequence[str] | pa.StringArray,
        items: pa.Table | None,
        *,
        bought: Sequences | None = None,
    ) -> ShopRules:
        """Prepare the rules for a catalogue: once for many slates.

        Parameters
        ----------
        item_ids : sequence of str
            The catalogue; ``model.item_ids_`` for `recommend`.
        items : pa.Table or None
            The shop's items as they are now: stock, price, margin ... by ``item_id``; without
            that column, in the order of `item_ids`.
        bought : Sequences or None
            What users bought, for `again_after_days` and `price_ratio`. None: the histories of
            the model, which hold what was viewed, too, unless it was fitted on purchases alone.

        Raises
        ------
        OptionError
            When a rule needs a column that is not there.
        """
        return ShopRules.of(self, item_ids, items, bought=bought)

    def apply(
        self,
        slate: pa.Table | ArrayPair,
        items: pa.Table,
        *,
        histories: Sequences | None = None,
        at: Moment | None = None,
        k: int = 10,
    ) -> Slates:
        """Choose the ``k`` items to show among candidates.

        Parameters
        ----------
        slate : pa.Table or (items, scores)
            Candidates: a table ``user_id, item_id`` with ``rank`` or ``score``, as `recommend`
            gives it (without both, in its own order), or arrays of shape (B, N), best first: rows
            of `items` (-1: none) and scores.
        items : pa.Table
            The shop's items, with ``item_id``.
        histories : Sequences or None
            What the users took: of a table, matched by user id; of arrays, user by user.
        at : str, datetime, int or None
            The moment of showing; later rows of histories are not used.
        k : int
            Items a user, at most.

        Returns
        -------
        Slates
            ``.table`` and ``.removed``.

        Raises
        ------
        OptionError
            When a rule needs a column, a history or a moment that is not there.
        """
        catalog = catalog_of(slate, items)
        return self.bind(catalog, items).apply(slate, histories=histories, at=at, k=k)


OWNER = "BusinessRules"


def _checked_band(band: Any, option: str) -> Band | None:
    if band is None:
        return None
    allowed = "a pair (low, high) with low <= high, None for an open end"
    if not isinstance(band, list | tuple) or len(band) != 2:
        raise OptionError.of(option, OWNER, allowed, band)
    low, high = band
    for end in (low, high):
        if end is not None:
            check_between(end, option, OWNER, low=0)
    if low is not None and high is not None and low > high:
        raise OptionError.of(option, OWNER, allowed, tuple(band))
    return low, high
