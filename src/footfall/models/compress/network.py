"""A network in a small form: put there once, kept as arrays, asked like the large one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from footfall.errors import InputError
from footfall.features.sequences import Sequences
from footfall.models.compress.form import Form
from footfall.models.compress.linear import Int8Linear, Range, input_ranges
from footfall.models.compress.rows import PackedRows, to_int8
from footfall.models.compress.vocabulary import fold_rare
from footfall.models.network import Network, Shape
from footfall.models.next_item import last_states, packed_items
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable

__all__ = ["SmallNetwork"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

TABLE, LINEAR, PLAIN, WHOLE = "table", "linear.", "plain.", "whole."
ROW_OF, DROPPED = "row_of", "dropped"
LARGE = 4096  # numbers of a weight from which 8 bits are worth a scale a row


@dataclass(frozen=True, kw_only=True, eq=False)
class SmallNetwork:
    """A network whose item vectors and layers take few bytes; it answers, and learns no more.

    Parameters
    ----------
    network : Network
        Its own item table is empty: `table` stands for it.
    table : PackedRows
    row_of : int32 array, shape (V,), or None
        Row of each item in the table; None: its own.
    drop_shared : bool
        Whether items that share the last row are never recommended.
    on_int8 : bool
        Whether large weights are kept in 8 bits.
    """

    network: Network
    table: PackedRows
    row_of: Int32 | None = None
    drop_shared: bool = False
    on_int8: bool = False

    @classmethod
    def of(
        cls, network: Network, form: Form, *, counts: npt.NDArray[np.int64], sample: Sequences
    ) -> Self:
        """Put a trained network into a form.

        Parameters
        ----------
        network : Network
            It reads items and nothing else; it is left as it is.
        form : Form
            Its `student` is none of this method's business.
        counts : int64 array, shape (V,)
            Rows of each item in the log.
        sample : Sequences
            Histories by which a static form finds the range of what goes into each layer.

        Returns
        -------
        SmallNetwork
        """
        vectors = network.table().detach()
        ranges: dict[str, Range] = {}
        if form.layers == "int8-static":
            packed = packed_items(sample, network)
            ranges = input_ranges(network, lambda: last_states(network, packed, vectors))
        small = _without_items(network.shape)
        _take_weights(small, network)
        if form.layers != "float32":
            _put_on_int8(small, ranges)
        plain, row_of = vectors.numpy(), None
        if form.least_rows > 0 and (counts < form.least_rows).any():
            plain, row_of = fold_rare(plain, counts, form.least_rows)
        return cls(
            network=small,
            table=PackedRows.of(plain, form.table),
            row_of=row_of,
            drop_shared=row_of is not None and form.rare == "drop",
            on_int8=form.layers != "float32",
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], shape: Shape) -> Self:
        """Read what `to_arrays` gave.

        Raises
        ------
        InputError
            If the arrays are not those of a network of this shape.
        """
        small = _without_items(shape)
        state = {
            name.removeprefix(PLAIN): torch.from_numpy(np.array(array))
            for name, array in arrays.items()
            if name.startswith(PLAIN)
        }
        state |= _read_whole(arrays)
        try:
            for name in _linear_names(arrays):
                lead, _, last = name.rpartition(".")
                layer = Int8Linear.from_arrays(arrays, LINEAR + name)
                setattr(small.get_submodule(lead), last, layer)
            small.load_state_dict(state, strict=False)
            table = PackedRows.from_arrays(arrays, TABLE)
        except (AttributeError, KeyError, RuntimeError) as error:
            raise InputError("The model's arrays are not those of its options.") from error
        missing = [name for name in small.state_dict() if name not in {*state, *_OWN}]
        if missing:
            raise InputError(f"The model lacks the weights {', '.join(missing)}. Save it again.")
        small.eval()
        return cls(
            network=small,
            table=table,
            row_of=arrays.get(ROW_OF),
            drop_shared=bool(arrays[DROPPED][0]) if DROPPED in arrays else False,
            on_int8=any(name.startswith((LINEAR, WHOLE)) for name in arrays),
        )

    def to_arrays(self) -> dict[str, Array]:
        """Give named arrays; weights that only lie there are kept in 8 bits when layers are."""
        arrays = self.table.to_arrays(TABLE)
        for name, module in self.network.named_modules():
            if isinstance(module, Int8Linear):
                arrays |= module.to_arrays(LINEAR + name)
        for name, weight in self.network.state_dict().items():
            if name in _OWN:
                continue
            plain = weight.numpy()
            if self.on_int8 and plain.ndim > 1 and plain.size >= LARGE:
                numbers, scale = to_int8(plain.reshape(len(plain), -1))
                arrays[f"{WHOLE}{name}.numbers"] = numbers.reshape(plain.shape)
                arrays[f"{WHOLE}{name}.scale"] = scale
            else:
                arrays[PLAIN + name] = plain
        if self.row_of is not None:
            arrays |= {ROW_OF: self.row_of, DROPPED: np.array([self.drop_shared])}
        return arrays

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.table.rows if self.row_of is None else len(self.row_of)

    def states(self, histories: Sequences) -> Float32:
        """Give the state after each user's last row, shape (B, C)."""
        packed = packed_items(histories, self.network)
        rows = packed.fields["item"]
        if self.row_of is not None:
            rows = self.row_of[rows]
        met, place = np.unique(rows, return_inverse=True)
        fields = {**packed.fields, "item": place.astype(np.int64)}
        vectors = torch.from_numpy(self.table.take(met.astype(np.int64)))
        return np.asarray(
            last_states(self.network, replace(packed, fields=fields), vectors).numpy()
        )

    def scores(self, histories: Sequences) -> Float32:
        """Score all items for users, shape (B, V): see `footfall.models.recommending`."""
        scores = self.table.scores(self.states(histories))
        if self.row_of is None:
            return scores
        if self.drop_shared:
            scores[:, -1] = -np.inf
        return np.take(scores, self.row_of, axis=1)

    def vectors(self) -> Float32:
        """Give the vectors of all items, shape (V, C)."""
        rows = self.table.vectors()
        return rows if self.row_of is None else rows[self.row_of]


_OWN = {"items.own"}  # the empty table


def _without_items(shape: Shape) -> Network:
    schema = Schema([Field(name="item", kind="item")])
    return Network(schema, shape, ItemTable(0, shape.width)).eval()


def _take_weights(small: Network, network: Network) -> None:
    own = small.state_dict()
    weights = {name: w for name, w in network.state_dict().items() if not name.startswith("items.")}
    small.load_state_dict({**own, **weights})


def _put_on_int8(network: nn.Module, ranges: Mapping[str, Range]) -> None:
    """Replace linear layers."""
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Linear):
            lead, _, last = name.rpartition(".")
            layer = Int8Linear.of(module, ranges.get(name))
            setattr(network.get_submodule(lead), last, layer)


def _linear_names(arrays: Mapping[str, Array]) -> list[str]:
    end = ".bias"
    return [
        name.removeprefix(LINEAR).removesuffix(end)
        for name in arrays
        if name.startswith(LINEAR) and name.endswith(end)
    ]


def _read_whole(arrays: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Give the weights that are kept in 8 bits and multiplied in 32."""
    read = {}
    for name, scale in arrays.items():
        if name.startswith(WHOLE) and name.endswith(".scale"):
            lead = name.removesuffix(".scale")
            numbers = arrays[f"{lead}.numbers"].astype(np.float32)
            plain = numbers * scale.reshape(-1, *[1] * (numbers.ndim - 1))
            read[lead.removeprefix(WHOLE)] = torch.from_numpy(plain)
    return read
