"""Vectors with ids: what is near what, a map to look at, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.models.embeddings.checks import check_whole, ids_of
from footfall.store.card_folder import CardFolder
from footfall.store.ids import IdMap

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Embedding", "Kind", "nearest"]

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Kind = Literal["item", "user"]

BLOCK_BYTES = 32 * 1024 * 1024  # similarities held at once
FOLDER = CardFolder(
    what="an embedding", again="Make the embedding again", card="embedding.json",
    arrays="vectors.npz", marks=("kind",), says={"made": dict},
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedding:
    """A vector for each of some items, or users.

    Parameters
    ----------
    ids : pa.StringArray, length N
        All different.
    vectors : float32 array, shape (N, D)
        Vectors that point the same way are alike.
    kind : {"item", "user"}
        What the ids are of.
    counts : int64 array, shape (N,), or None
        Rows of the log behind each vector; None: not known.
    made : mapping
        How the vectors were made: plain values.
    users : Embedding or None
        Users in the same space; None: only items are known.

    Examples
    --------
    >>> tea = Embedding(ids=pa.array(["cup", "pot", "saw"]), vectors=[[1, 0], [2, 1], [0, 1]])
    >>> tea.similar(["cup"], k=1)["similar_id"].to_pylist()
    ['pot']
    """

    ids: pa.StringArray
    vectors: Float32
    kind: Kind = "item"
    counts: Int64 | None = None
    made: Mapping[str, Any] = field(default_factory=dict)
    users: "Embedding | None" = None

    def __post_init__(self) -> None:
        """Check that ids and vectors fit together."""
        if self.kind not in ("item", "user"):
            raise OptionError.of("kind", "Embedding", "'item' or 'user'", self.kind)
        ids = ids_of(self.ids, "ids", "Embedding")
        vectors = np.ascontiguousarray(self.vectors, np.float32)
        if vectors.ndim != 2 or len(vectors) != len(ids):
            allowed = f"a table of {len(ids)} rows, one an id"
            raise OptionError.of("vectors", "Embedding", allowed, vectors.shape)
        if not np.all(np.isfinite(vectors)):
            raise OptionError.of("vectors", "Embedding", "finite numbers", "nan or inf")
        if self.counts is not None:
            object.__setattr__(self, "counts", np.asarray(self.counts, np.int64))
            if len(self.counts) != len(ids):
                raise OptionError.of("counts", "Embedding", f"{len(ids)} numbers", self.counts)
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "vectors", vectors)
        if len(self._codes) != len(ids):
            different = f"{len(self._codes)} of {len(ids)} different"
            raise OptionError.of("ids", "Embedding", "all different, none empty", different)

    @property
    def size(self) -> int:
        """Length of each vector, D."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        also = "" if self.users is None else f", {len(self.users):,} users"
        return f"Embedding({len(self):,} {self.kind}s{also}, {self.size} numbers each)"

    @cached_property
    def _codes(self) -> IdMap:
        return IdMap(self.ids)

    @cached_property
    def unit(self) -> Float32:
        """The vectors at length 1, shape (N, D); zeros stay zeros."""
        lengths = np.sqrt(np.sum(self.vectors.astype(np.float64) ** 2, axis=1, keepdims=True))
        return np.asarray(self.vectors / np.maximum(lengths, 1e-30), np.float32)

    def codes(self, ids: Sequence[str] | pa.Array) -> npt.NDArray[np.int32]:
        """Give the row of each id; -1 for one without a vector."""
        return self._codes.codes(ids_of(ids, "ids", "Embedding"))

    def rows(self, codes: npt.ArrayLike) -> Self:
        """Give some rows, by their codes, as an embedding of their own."""
        chosen = np.asarray(codes, np.int64)
        return type(self)(
            ids=self.ids.take(pa.array(chosen)),
            vectors=self.vectors[chosen],
            kind=self.kind,
            counts=None if self.counts is None else self.counts[chosen],
            made=self.made,
        )

    def similar(self, ids: Sequence[str] | pa.Array, *, k: int = 10) -> pa.Table:
        """Say what is most like each of some ids, among all of the same kind.

        Parameters
        ----------
        ids : sequence of str
            Ids without a vector have no rows in the answer.
        k : int
            How many for each, at most; nothing is similar to itself.

        Returns
        -------
        pa.Table
            ``item_id`` (or ``user_id``), ``similar_id`` (string), ``score`` (float32, the cosine,
            1 is the same direction), ``rank`` (int32, 1 is best), in the order asked.

        Raises
        ------
        OptionError
            When `ids` are not ids or `k` is below 1.
        """
        codes = self.codes(ids)
        known = codes[codes >= 0]
        return _table(self, known, self.unit[known], self, known, k=k)

    def map_picture(
        self,
        *,
        labels: Mapping[str, str] | None = None,
        labeled_by: str = "label",
        titles: Mapping[str, str] | None = None,
        most: int = 2_000,
        method: Literal["auto", "tsne", "pca"] = "auto",
        seed: int = 0,
    ) -> "go.Figure":
        """Draw the vectors as points of a map: what is near on it is alike.

        Parameters
        ----------
        labels : mapping of id to label, or None
            Points of a label (a category, say) share a color; None: the color says how often an
            id occurs.
        labeled_by : str
            What the labels are, as the picture says it: the name of a column.
        titles : mapping of id to title, or None
            What a point is called; None: its id.
        most : int
            Points drawn at most: those that occur most often.
        method : {"auto", "tsne", "pca"}
            "tsne" keeps neighbors together (t-SNE, needs scikit-learn), "pca" draws the two
            directions in which vectors differ most; "auto": t-SNE when scikit-learn is there.
        seed : int
            Same seed, same map.

        Returns
        -------
        plotly Figure

        Raises
        ------
        OptionError
            When an option is not as above.
        MissingExtraError
            When t-SNE is asked for and scikit-learn is not installed.
        """
        from footfall.models.embeddings.picture import draw_map

        return draw_map(
            self, labels=labels, labeled_by=labeled_by, titles=titles, most=most, method=method,
            seed=seed,
        )  # fmt: skip

    def save(self, folder: str | Path) -> None:
        """Write vectors and ids into a folder: ``embedding.json`` and ``vectors.npz``."""
        parts: dict[str, Embedding] = {"": self}
        if self.users is not None:
            parts["users."] = self.users
        arrays: dict[str, Any] = {}
        for prefix, part in parts.items():
            arrays |= {prefix + "ids": part.ids, prefix + "vectors": part.vectors}
            if part.counts is not None:
                arrays[prefix + "counts"] = part.counts
        card = {"kind": self.kind, "made": dict(self.made)}
        FOLDER.write(Path(folder), card=card, arrays=arrays)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            When the folder holds no embedding, a damaged one or one of a newer version.
        """
        card, arrays = FOLDER.read(Path(folder))
        users = None
        if "users.ids" in arrays:
            users = cls(
                ids=arrays["users.ids"],
                vectors=arrays["users.vectors"],
                kind="user",
                counts=arrays.get("users.counts"),
                made=card["made"],
            )
        return cls(
            ids=arrays["ids"],
            vectors=arrays["vectors"],
            kind=card["kind"],
            counts=arrays.get("counts"),
            made=card["made"],
            users=users,
        )


def nearest(asked: Embedding, among: Embedding, *, k: int = 10) -> pa.Table:
    """Say for each of some vectors which others are nearest, of the same kind or the other.

    Parameters
    ----------
    asked : Embedding
        For each of these (users, say) the nearest are sought...
    among : Embedding
        ... among these (the same users: users alike; items: what may please them). Both must be
        of one space: made together, or one from the other.
    k : int
        How many for each, at most; nothing is nearest to itself.

    Returns
    -------
    pa.Table
        ``user_id`` or ``item_id`` asked about; ``similar_id``, or ``item_id`` or ``user_id`` when
        it is of the other kind; ``score`` (float32, the cosine); ``rank`` (int32, 1 is best).

    Raises
    ------
    OptionError
        When the vectors are not of one length, or `k` is below 1.

    Examples
    --------
    >>> items = Embedding(ids=pa.array(["cup", "saw"]), vectors=[[1, 0], [0, 1]])
    >>> users = Embedding(ids=pa.array(["ann"]), vectors=[[3, 1]], kind="user")
    >>> nearest(users, items, k=1).select(["user_id", "item_id"]).to_pylist()
    [{'user_id': 'ann', 'item_id': 'cup'}]
    """
    if len(asked) and len(among) and asked.size != among.size:
        allowed = f"vectors of {asked.size} numbers"
        raise OptionError.of("among", "nearest", allowed, f"{among.size} numbers")
    same = np.full(len(asked), -1, np.int32)
    if asked.kind == among.kind:
        same = among.codes(asked.ids)
    return _table(asked, np.arange(len(asked)), asked.unit, among, same, k=k)


def _table(
    asked: Embedding,
    rows: npt.NDArray[Any],
    vectors: Float32,
    among: Embedding,
    same: npt.NDArray[np.int32],
    *,
    k: int,
) -> pa.Table:
    """Lay out the nearest of each of `rows`, whose unit vectors are given; `same` is left out."""
    check_whole(k, "k", "nearest")
    found: list[tuple[Int64, Int64, Float32, Int64]] = []
    step = max(1, BLOCK_BYTES // (4 * max(1, len(among))))
    for low in range(0, len(rows) if len(among) else 0, step):
        scores = vectors[low : low + step] @ among.unit.T
        own = same[low : low + step]
        scores[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        who, codes, places = _best(scores, k)
        found.append((who + low, codes, scores[who, codes], places))
    nothing = np.empty(0, np.int64)
    who, codes, scores, places = (
        np.concatenate([part[at] for part in found] or [nothing]) for at in range(4)
    )
    answer = "similar_id" if asked.kind == among.kind else f"{among.kind}_id"
    return pa.table(
        {
            f"{asked.kind}_id": asked.ids.take(pa.array(np.asarray(rows)[who])),
            answer: among.ids.take(pa.array(codes)),
            "score": scores.astype(np.float32),
            "rank": (places + 1).astype(np.int32),
        }
    )


def _best(scores: Float32, k: int) -> tuple[Int64, Int64, Int64]:
    """Choose the `k` best of each row; equal ones by column. Returns row, column and place."""
    wide = scores.shape[1]
    keep = scores > -np.inf
    if k < wide:
        least = np.partition(scores, wide - k, axis=1)[:, wide - k, None]
        level = scores == least
        room = k - np.sum(scores > least, axis=1, keepdims=True)
        keep &= (scores > least) | (level & (np.cumsum(level, axis=1) <= room))
    who, codes = np.nonzero(keep)
    order = np.lexsort((codes, -scores[who, codes], who))
    who, codes = who[order], codes[order]
    starts = np.searchsorted(who, np.arange(len(scores)))
    return who, codes, np.arange(len(who)) - starts[who]
