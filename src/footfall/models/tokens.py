"""From the fields of events to tokens: one projection a field, and their sum."""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.features.item_bags import Bag
from footfall.models.schema import Field, Schema

__all__ = ["ItemTable", "TokenSum"]

START = 0.02  # spread of what is not learned yet
WAVES = 4  # how finely a number is resolved


class ItemTable(nn.Module):
    """A vector an item: its own, and what its attributes say, the words of its texts among them.

    The same vectors stand for items that happened and score items to come.

    Parameters
    ----------
    items, width : int
    bags : list of (codes, offsets) int64 tensors
        For each kind of attribute the codes of item ``v``: ``codes[offsets[v]:offsets[v + 1]]``.
    """

    def __init__(
        self,
        items: int,
        width: int,
        *,
        bags: list[tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        super().__init__()
        self.own = nn.Parameter(torch.randn(items, width) * START)
        self.attributes = nn.ParameterList()
        for place, (codes, offsets) in enumerate(bags or []):
            size = int(codes.max()) + 1 if len(codes) else 1
            self.attributes.append(nn.Parameter(torch.randn(size, width) * START))
            self.register_buffer(f"codes_{place}", codes)
            self.register_buffer(f"offsets_{place}", offsets)

    @classmethod
    def of_bags(cls, items: int, width: int, bags: list[Bag]) -> Self:
        """Make a table of items and their attributes.

        Parameters
        ----------
        items, width : int
        bags : list of Bag
            Copied: whoever changes the table's buffers does not change the bags.
        """
        pairs = [
            (torch.from_numpy(bag.codes).clone(), torch.from_numpy(bag.offsets).clone())
            for bag in bags
        ]
        return cls(items, width, bags=pairs)

    def forward(self) -> Tensor:
        """Give the vectors of all items, (V, C)."""
        return self.some(0, len(self.own))

    def some(self, low: int, high: int) -> Tensor:
        """Give the vectors of items from `low` to before `high`, whose own ones are here."""
        table: Tensor = self.own
        for place, attribute in enumerate(self.attributes):
            codes, offsets = (self.get_buffer(f"{name}_{place}") for name in ("codes", "offsets"))
            bounds = offsets[low : high + 1]
            table = table + F.embedding_bag(
                codes[bounds[0] : bounds[-1]], attribute, bounds - bounds[0], mode="mean",
                include_last_offset=True,
            )  # fmt: skip
        return table

    def chosen(self, codes: Tensor) -> Tensor:
        """Give the vectors of some items, (K,), (K, C), making no others."""
        table = F.embedding(codes, self.own)
        for place, attribute in enumerate(self.attributes):
            all_codes, offsets = (
                self.get_buffer(f"{name}_{place}") for name in ("codes", "offsets")
            )
            first, count = offsets[codes], offsets[codes + 1] - offsets[codes]
            begin = count.cumsum(0) - count
            at = torch.arange(int(count.sum()), device=codes.device)
            rows = at + (first - begin).repeat_interleave(count)
            table = table + F.embedding_bag(all_codes[rows], attribute, begin, mode="mean")
        return table

    def lookup(self, codes: Tensor, table: Tensor | None = None) -> Tensor:
        """Give the vectors of codes of shape (...), (..., C); `table` saves making it again."""
        return F.embedding(codes, self() if table is None else table)


class TokenSum(nn.Module):
    """Sums the projections of all fields but the item's; a missing field has a vector learned.

    Parameters
    ----------
    schema : Schema
    width : int
    """

    def __init__(self, schema: Schema, width: int) -> None:
        super().__init__()
        self.fields = [field for field in schema.fields if field.kind != "item"]
        # By place and not by name: a field may be called as some method of a module is.
        self.projections = nn.ModuleList(_projection(field, width) for field in self.fields)
        self.missing = nn.ParameterList(torch.randn(width) * START for _ in self.fields)

    def forward(self, values: Mapping[str, Tensor]) -> Tensor | None:
        """Give the sum, (..., C), for values of shape (...) or (..., D); None without fields."""
        total: Tensor | None = None
        known = zip(self.fields, self.projections, self.missing, strict=True)
        for field, projection, missing in known:
            value = values[field.name]
            part = torch.where(_missing(field, value)[..., None], missing, projection(value))
            total = part if total is None else total + part
        return total


def _missing(field: Field, value: Tensor) -> Tensor:
    if field.kind == "code":
        return value < 0
    return value.isnan() if field.kind == "number" else value.isnan().any(-1)


def _projection(field: Field, width: int) -> nn.Module:
    if field.kind == "code":
        return _Codes(field.size, width)
    return _Number(width) if field.kind == "number" else _Vector(field.size, width)


class _Codes(nn.Module):
    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(size, width) * START)

    def forward(self, codes: Tensor) -> Tensor:
        # A code that came up after training reads as the last one known: callers map it to -1.
        return F.embedding(codes.long().clamp(0, len(self.table) - 1), self.table)


class _Number(nn.Module):
    """A number as itself and as waves of several lengths, so that any curve can be learned.

    References
    ----------
    Gorishniy, Y. et al. (2022). On embeddings for numerical features in tabular deep learning.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lengths = nn.Parameter(torch.tensor([2.0**k for k in range(WAVES)]))
        self.read = nn.Linear(1 + 2 * WAVES, width)
        nn.init.normal_(self.read.weight, std=START)

    def forward(self, numbers: Tensor) -> Tensor:
        plain = torch.nan_to_num(numbers).to(self.lengths.dtype)[..., None]
        waves = plain * self.lengths
        return self.read(torch.cat([plain, waves.sin(), waves.cos()], -1))


class _Vector(nn.Module):
    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.read = nn.Linear(size, width)
        nn.init.normal_(self.read.weight, std=START)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.read(torch.nan_to_num(vectors).to(self.read.weight.dtype))
