"""What rules need to know of items, read from the shop's table into arrays a place an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import OptionError
from footfall.evaluate import Traits
from footfall.events.columns import ITEM_ID
from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences

__all__ = ["Caps", "ItemColumns", "caps_of", "columns_of", "traits_of"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]

OWNER = "BusinessRules"
UNKNOWN_MOMENT = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True, eq=False)
class Caps:
    """How many items of a value a slate may hold.

    Parameters
    ----------
    columns : tuple of str
        Keys of the caps, such as ``"category/1"``.
    limits : int64 array, shape (A,)
        Limit of each value.
    kinds : int8 array, shape (A,)
        Position in `columns` of each value.
    offsets, values : int64 array (V + 1,), int32 array
        Values of each item.
    """

    columns: tuple[str, ...]
    limits: Int64
    kinds: Int8
    offsets: Int64
    values: Int32


class ItemColumns:
    """The shop's table, row ``v`` of item ``v``, read column by column.

    Parameters
    ----------
    table : pa.Table or None
        None: nothing is known of items.
    n_items : int
        Size of the catalogue.
    """

    def __init__(self, table: pa.Table | None, n_items: int) -> None:
        self.table = table
        self.n_items = n_items

    @property
    def names(self) -> list[str]:
        """Names of the columns there are."""
        return [] if self.table is None else list(self.table.column_names)

    def column(self, name: str, option: str) -> pa.Array:
        """Return a column.

        Raises
        ------
        OptionError
            When there is none of the name.
        """
        if self.table is None or name not in self.table.column_names:
            there = ", ".join(self.names) or "there is none: give one to BusinessRules.bind"
            raise OptionError.of(option, OWNER, f"a column of the item table ({there})", name)
        return self.table.column(name).combine_chunks()

    def numbers(self, name: str, option: str) -> Float64:
        """Return a column as float64, nan where unknown."""
        column = self.column(name, option)
        if not _is_number(column.type):
            raise OptionError.of(option, OWNER, "a column of numbers", f"{name}: {column.type}")
        found = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.where(np.isfinite(found), found, np.nan)

    def truths(self, name: str, option: str) -> npt.NDArray[np.bool_]:
        """Say of each item whether the column is true, or above 0."""
        column = self.column(name, option)
        if pa.types.is_boolean(column.type):
            return np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False))  # noqa: FBT003
        return self.numbers(name, option) > 0

    def moments(self, name: str, option: str) -> Int64:
        """Return a column as microseconds UTC, `UNKNOWN_MOMENT` where unknown."""
        column = self.column(name, option)
        try:
            if not pa.types.is_integer(column.type):
                column = pc.cast(column, pa.timestamp("us", tz=getattr(column.type, "tz", None)))
            whole = pc.cast(column, pa.int64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            allowed = "a column of moments or dates"
            raise OptionError.of(option, OWNER, allowed, f"{name}: {column.type}") from error
        return np.asarray(whole.fill_null(UNKNOWN_MOMENT).to_numpy(zero_copy_only=False))

    def shares_below(self, name: str, option: str) -> Float64:
        """Return the share of items with a lower number, 0 where unknown; equals meet halfway."""
        each = self.numbers(name, option)
        known = np.sort(each[~np.isnan(each)])
        places = np.searchsorted(known, each) + np.searchsorted(known, each, side="right")
        return np.where(np.isnan(each), 0.0, places / max(1, 2 * len(known)))


def columns_of(
    item_ids: Sequence[str] | pa.StringArray, items: pa.Table | None
) -> tuple[pa.StringArray, ItemColumns]:
    """Put a table in the order of the catalogue.

    Parameters
    ----------
    item_ids : sequence of str
        The catalogue.
    items : pa.Table or None
        By ``item_id``; without that column, in the order of `item_ids`.
    """
    if items is not None and ITEM_ID in items.column_names:
        aligned = Sequences.from_arrays([0], [], item_ids=item_ids, item_table=items)
        return aligned.item_ids, ItemColumns(aligned.item_table, aligned.n_items)
    ids = item_ids if isinstance(item_ids, pa.StringArray) else pa.array(item_ids, pa.string())
    if items is not None and items.num_rows != len(ids):
        allowed = f"a table with {ITEM_ID!r}, or of {len(ids)} rows"
        raise OptionError.of("items", "BusinessRules.bind", allowed, items.num_rows)
    return ids, ItemColumns(items, len(ids))


def caps_of(columns: ItemColumns, caps: Mapping[str, int]) -> Caps:
    """Read the values that are capped.

    Parameters
    ----------
    columns : ItemColumns
    caps : mapping of column to int
        ``"category/1"`` means the first part of the paths of ``category``.
    """
    owners: list[npt.NDArray[Any]] = [np.zeros(0, dtype=np.int64)]
    codes, limits, kinds = [np.zeros(0, dtype=np.int64)], [0], [0]  # value 0 is nobody's
    for kind, (key, limit) in enumerate(caps.items()):
        name, _, level = key.rpartition("/")
        if key in columns.names or not level.isdigit():
            name, level = key, "0"
        owner, value = _values_of(columns.column(name, "caps"), "caps", name)
        if int(level):
            parts = pc.split_pattern(value, "/", max_splits=int(level))
            value = pc.binary_join(pc.list_slice(parts, 0, int(level)), "/")
        code = value.dictionary_encode()
        owners.append(owner)
        codes.append(code.indices.to_numpy(zero_copy_only=False) + len(limits))
        limits += [limit] * len(code.dictionary)
        kinds += [kind] * len(code.dictionary)
    offsets, values = _bag(np.concatenate(owners), np.concatenate(codes), columns.n_items)
    return Caps(
        columns=tuple(caps),
        limits=np.array(limits, dtype=np.int64),
        kinds=np.array(kinds, dtype=np.int8),
        offsets=offsets,
        values=values,
    )


def traits_of(columns: ItemColumns, names: Sequence[str] | None) -> Traits:
    """Read by what items are alike.

    Parameters
    ----------
    columns : ItemColumns
    names : sequence of str, or None
        Columns; None: ``category`` and ``brand``, those that are there. Lists of numbers are
        vectors, all others bags (`item_bags`): paths are alike as far as they go the same way.

    Raises
    ------
    OptionError
        When there is no such column.
    """
    option = "diversity_by"
    chosen = list(names or [each for each in ("category", "brand") if each in columns.names])
    if not chosen:
        raise OptionError.of(option, OWNER, "columns of the item table", names)
    vectors: list[npt.NDArray[Any]] = []
    others: dict[str, pa.Array] = {}
    for name in chosen:
        column = columns.column(name, option)
        if _is_list(column.type) and pa.types.is_floating(column.type.value_type):
            vectors.append(_vectors(column, name, option))
        else:
            others[name] = column
    bags = item_bags(pa.table(others)) if others else []
    # Columns in which items do not differ have no bag: then nothing is alike, nothing moves.
    units = Traits.of_vectors(np.hstack([np.zeros((columns.n_items, 0)), *vectors]))
    pairs = [(bag.offsets, bag.codes) for bag in bags]
    return replace(Traits.of_bags(pairs), vectors=units.vectors) if pairs else units


def _values_of(column: pa.Array, option: str, name: str) -> tuple[Int64, pa.Array]:
    """Return the values there are and the item of each."""
    if _is_list(column.type):
        owner, value = pc.list_parent_indices(column), pc.list_flatten(column)
    else:
        owner, value = pa.array(np.arange(len(column))), column
    if pa.types.is_dictionary(value.type):
        value = pc.cast(value, value.type.value_type)
    kind = value.type
    if pa.types.is_floating(kind) or pa.types.is_nested(kind):
        allowed = "a column of text, whole numbers or lists of them"
        raise OptionError.of(option, OWNER, allowed, f"{name}: {kind}")
    there = pc.is_valid(value)
    text = pc.cast(value.filter(there), pa.string())
    return owner.filter(there).to_numpy(zero_copy_only=False).astype(np.int64), text


def _bag(owner: Int64, codes: npt.NDArray[Any], n_items: int) -> tuple[Int64, Int32]:
    """Pack (item, value) pairs, sorted and different within an item."""
    pairs = np.unique(np.stack([owner, codes.astype(np.int64)]), axis=1)
    offsets = np.searchsorted(pairs[0], np.arange(n_items + 1)).astype(np.int64)
    return offsets, pairs[1].astype(np.int32)


def _vectors(column: pa.Array, name: str, option: str) -> npt.NDArray[Any]:
    """Return a column of lists of one length as rows, 0 where unknown."""
    sizes = pc.list_value_length(column)
    length = pc.max(sizes).as_py() or 0
    if len(pc.unique(sizes.drop_null())) > 1:
        raise OptionError.of(option, OWNER, "vectors of one length", name)
    rows = np.zeros((len(column), length))
    there = column.is_valid().to_numpy(zero_copy_only=False)
    flat = pc.list_flatten(column).to_numpy(zero_copy_only=False)
    rows[there] = flat.reshape(-1, length) if length else 0
    return rows


def _is_list(kind: pa.DataType) -> bool:
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
