"""What comes out of the rules, and the forms in which candidates come in."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import OptionError
from footfall.events.columns import ITEM_ID, USER_ID
from footfall.store.ids import IdMap

__all__ = ["REASONS", "Candidates", "Removed", "Slates", "catalog_of", "read_candidates"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]
Float32 = npt.NDArray[np.float32]
ArrayPair = tuple[npt.ArrayLike, npt.ArrayLike]

# Why an item stands elsewhere than the model put it. The first: it does not.
REASONS = (
    None,
    "up: items before it were left out",
    "up: fresh",
    "up: margin",
    "up: items before it were over a cap",
    "up: unlike the items before it",
    "down: items with a boost went ahead",
    "down: like an item before it",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Items to choose from, best first.

    Parameters
    ----------
    user_ids : pa.StringArray, length B
        Whom they are for.
    items : int32 array, shape (B, N)
        Codes; -1 after the last.
    scores : float32 array, shape (B, N)
        The model's.
    """

    user_ids: pa.StringArray
    items: Int32
    scores: Float32


@dataclass(frozen=True, kw_only=True, eq=False)
class Removed:
    """Candidates that were left out: positions of users, codes of items, places, and why."""

    users: Int64
    items: Int32
    places: Int64
    fates: Int8

    def of_users(self, keep: npt.NDArray[np.bool_]) -> "Removed":
        """Return the rows of some users."""
        rows = keep[self.users]
        return Removed(
            users=self.users[rows],
            items=self.items[rows],
            places=self.places[rows],
            fates=self.fates[rows],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Slates:
    """What is shown to users, and what was left out.

    Parameters
    ----------
    user_ids, item_ids : pa.StringArray, lengths B and V
        The id behind each position and code.
    items, scores, places : arrays, shape (B, k)
        What is shown: code (-1: nothing left), the model's score, place in the model's order.
    reasons : int8 array, shape (B, k)
        Position in `REASONS`.
    left_out : Removed
        The candidates that stood before the last item shown and are not shown.
    fates : dict of int to str
        What each fate of `left_out` is in words.
    """

    user_ids: pa.StringArray
    item_ids: pa.StringArray
    items: Int32
    scores: Float32
    places: Int32
    reasons: Int8
    left_out: Removed
    fates: dict[int, str]

    @property
    def table(self) -> pa.Table:
        """What is shown.

        ``user_id, item_id``, ``score`` (the model's, untouched), ``rank`` (1 is best),
        ``model_rank`` (among all candidates, before the rules) and ``reason``: what moved the
        item most; null where it stands where the model put it.
        """
        who, rank = np.nonzero(self.items >= 0)
        words = pa.array(REASONS, pa.string())
        return pa.table(
            {
                USER_ID: self.user_ids.take(pa.array(who)),
                ITEM_ID: self.item_ids.take(pa.array(self.items[who, rank])),
                "score": self.scores[who, rank],
                "rank": (rank + 1).astype(np.int32),
                "model_rank": (self.places[who, rank] + 1).astype(np.int32),
                "reason": words.take(pa.array(self.reasons[who, rank])),
            }
        )

    @property
    def removed(self) -> pa.Table:
        """What stood before the last item shown and is not shown.

        ``user_id, item_id, model_rank, reason``, users in the order asked.
        """
        out = self.left_out
        words = [self.fates.get(fate) for fate in range(max(self.fates, default=0) + 1)]
        return pa.table(
            {
                USER_ID: self.user_ids.take(pa.array(out.users)),
                ITEM_ID: self.item_ids.take(pa.array(out.items)),
                "model_rank": (out.places + 1).astype(np.int32),
                "reason": pa.array(words, pa.string()).take(pa.array(out.fates)),
            }
        )

    def replaced(self, users: Int64, other: "Slates") -> "Slates":
        """Return the slates with those of some users taken from another answer."""
        arrays = {}
        for name in ("items", "scores", "places", "reasons"):
            arrays[name] = getattr(self, name).copy()
            arrays[name][users] = getattr(other, name)
        keep = np.ones(len(self.items), dtype=np.bool_)
        keep[users] = False
        mine, theirs = self.left_out.of_users(keep), other.left_out
        return replace(
            self, **arrays, left_out=_joined([mine, replace(theirs, users=users[theirs.users])])
        )

    @classmethod
    def joined(cls, parts: "list[Slates]") -> "Slates":
        """Put answers for different users one after the other."""
        starts = np.cumsum([0, *(len(part.items) for part in parts)])
        return replace(
            parts[0],
            user_ids=pa.chunked_array([part.user_ids for part in parts]).combine_chunks(),
            items=np.concatenate([part.items for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
            places=np.concatenate([part.places for part in parts]),
            reasons=np.concatenate([part.reasons for part in parts]),
            left_out=_joined(
                [
                    replace(part.left_out, users=part.left_out.users + start)
                    for part, start in zip(parts, starts, strict=False)
                ]
            ),
        )


def _joined(parts: list[Removed]) -> Removed:
    users = np.concatenate([part.users for part in parts])
    order = np.argsort(users, kind="stable")
    return Removed(
        users=users[order],
        items=np.concatenate([part.items for part in parts])[order],
        places=np.concatenate([part.places for part in parts])[order],
        fates=np.concatenate([part.fates for part in parts])[order],
    )


def catalog_of(slate: pa.Table | ArrayPair, items: pa.Table) -> pa.StringArray:
    """Return the ids of an item table, and of a slate's items that are not in it.

    Raises
    ------
    OptionError
        When the table has no ``item_id``.
    """
    if ITEM_ID not in items.column_names:
        allowed = f"a table with a column {ITEM_ID!r}"
        raise OptionError.of("items", "apply", allowed, items.column_names)
    ids = items.column(ITEM_ID).cast(pa.string())
    if not isinstance(slate, pa.Table):
        return ids.combine_chunks()
    asked = _column(slate, ITEM_ID)
    return pa.chunked_array([*ids.chunks, *asked.chunks], pa.string()).unique().drop_null()


def read_candidates(
    slate: pa.Table | ArrayPair, item_ids: pa.StringArray, user_ids: pa.StringArray | None
) -> Candidates:
    """Read a slate in either form.

    Parameters
    ----------
    slate : pa.Table or (items, scores)
    item_ids : pa.StringArray, length V
        The catalogue.
    user_ids : pa.StringArray or None
        Of arrays: whom they are for.

    Raises
    ------
    OptionError
        When columns are missing, shapes differ or an item is not in the catalogue.
    """
    if isinstance(slate, pa.Table):
        return _of_table(slate, item_ids)
    items, scores = (np.ascontiguousarray(each) for each in slate)
    if items.ndim != 2 or items.shape != scores.shape:
        raise OptionError.of(
            "slate", "apply", "arrays of one shape (B, N)", (items.shape, scores.shape)
        )
    if items.size and not (items.min() >= -1 and items.max() < len(item_ids)):
        allowed = f"codes from 0 to {len(item_ids) - 1}, or -1"
        raise OptionError.of("slate", "apply", allowed, (int(items.min()), int(items.max())))
    ids = pc.cast(pa.array(np.arange(len(items))), pa.string()) if user_ids is None else user_ids
    if len(ids) != len(items):
        raise OptionError.of("histories", "apply", f"of the {len(items)} users", len(ids))
    if len(item_ids) == 0:
        items, scores = items[:, :0], scores[:, :0]
    return Candidates(user_ids=ids, items=items.astype(np.int32), scores=scores.astype(np.float32))


def _column(slate: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in slate.column_names:
        raise OptionError.of("slate", "apply", f"a table with {name!r}", slate.column_names)
    return slate.column(name).cast(pa.string())


def _of_table(slate: pa.Table, item_ids: pa.StringArray) -> Candidates:
    """Lay a table out as a row a user, in the order of first rows."""
    users = _column(slate, USER_ID).combine_chunks().dictionary_encode()
    who = users.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    codes = IdMap(item_ids).codes(_column(slate, ITEM_ID).combine_chunks())
    if np.any(codes < 0):
        unknown = slate.column(ITEM_ID)[int(np.argmin(codes))].as_py()
        raise OptionError.of("slate", "apply", "items of the catalogue", unknown)
    if len(np.unique(who * len(item_ids) + codes)) < len(codes):
        raise OptionError.of("slate", "apply", "different items for each user", "an item twice")
    scores = np.zeros(len(codes), dtype=np.float32)
    if "score" in slate.column_names:
        scores = slate.column("score").to_numpy().astype(np.float32)
    place = -scores
    if "rank" in slate.column_names:
        place = slate.column("rank").to_numpy().astype(np.float32)
    order = np.lexsort((place, who))  # stable: without rank and score, rows in their order
    counts = np.bincount(who, minlength=len(users.dictionary))
    starts = np.concatenate(([0], np.cumsum(counts)))
    column = np.arange(len(who)) - starts[who[order]]
    shape = (len(counts), int(counts.max(initial=0)))
    items = np.full(shape, -1, dtype=np.int32)
    values = np.full(shape, -np.inf, dtype=np.float32)
    items[who[order], column], values[who[order], column] = codes[order], scores[order]
    return Candidates(user_ids=users.dictionary, items=items, scores=values)
