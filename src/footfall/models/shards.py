"""Networks of which each process has a part: rows of the table of items, pieces of the encoder.

Every process scores its own items. The states of all are gathered; of each state's scores only the
log-sum-exp and the wanted item's score are exchanged, and the gradients in the states are added up.
The encoder's weights are put together for each step and parted again (FSDP).
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, distributed, nn

from footfall.errors import OptionError
from footfall.models.network import Network
from footfall.models.tokens import ItemTable
from footfall.models.world import World, add_up

__all__ = ["SHARDS", "ItemShard", "Shard", "ShardedWorld", "all_items_by_shard", "part_network"]

Shard = Literal["none", "items", "all"]
SHARDS = ("none", "items", "all")
OWN = "items.own"
BLOCK_NUMBERS = 3_000_000  # scores held at once
TINY = 1e-6


def part_network(network: Network, world: World, shard: Shard) -> World:
    """Leave each process its part of a network.

    Parameters
    ----------
    network : Network
        The same in every process.
    world : World
    shard : {"none", "items", "all"}
        What is parted: rows of the table of items; these and the encoder's weights.

    Returns
    -------
    World
        To train with.

    Raises
    ------
    OptionError
        If there are fewer items than processes.
    """
    table = network.items
    if shard == "none" or world.size == 1 or table is None:
        return world
    if len(table.own) < world.size:
        allowed = f"'none' for {len(table.own)} items and {world.size} processes"
        raise OptionError.of("shard", "train", allowed, shard)
    network.items = ItemShard(table, world)
    if shard == "all":
        _part_encoder(network.encoder, world)
    return ShardedWorld(world.rank, world.size, with_encoder=shard == "all")


def _part_encoder(encoder: nn.Module, world: World) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

    device = next(encoder.parameters()).device
    mesh = init_device_mesh(device.type, (world.size,))
    # Parted again after looking, too: a validation has no way back that would do it.
    parted = fully_shard(encoder, mesh=mesh, reshard_after_forward=True)
    parted.set_gradient_divide_factor(1.0)  # gradients are summed: the loss is the mean of all
    parted.set_force_sum_reduction_for_comms(True)  # gloo can do no other
    register_fsdp_forward_method(encoder, "last")


class ItemShard(ItemTable):
    """Some rows of a table of items; `forward` gives those, `lookup` any.

    Parameters
    ----------
    whole : ItemTable
    world : World
    """

    def __init__(self, whole: ItemTable, world: World) -> None:
        super().__init__(0, whole.own.shape[1])
        self.world, self.items = world, len(whole.own)
        self.low, self.high = _bounds(self.items, world)
        self.own = nn.Parameter(whole.own.detach()[self.low : self.high].clone())
        self.attributes = whole.attributes
        for name, values in whole.named_buffers():
            self.register_buffer(name, values)

    def forward(self) -> Tensor:
        """Give the vectors of this process's items."""
        return self.some(self.low, self.high)

    def lookup(self, codes: Tensor, table: Tensor | None = None) -> Tensor:
        """Give the vectors of codes of shape (...), (..., C); every process has to ask."""
        mine = self() if table is None else table
        if len(mine) == self.items:  # it was put together before
            return super().lookup(codes, mine)
        found: Tensor = _Lookup.apply(mine, codes, self.low, self.world)  # type: ignore[no-untyped-call]  # torch's
        return found


@dataclass(frozen=True)
class ShardedWorld(World):
    """Processes of which each has a part of the network, and whose loss is that of all.

    Parameters
    ----------
    with_encoder : bool
        Whether the encoder is parted, too.
    """

    with_encoder: bool = False

    @property
    def parted(self) -> bool:
        """Whether every process has to take part in every step: yes."""
        return True

    @property
    def fused(self) -> bool:
        """Whether the optimizer may change all weights in one kernel: not whole and parted ones."""
        return not self.with_encoder

    def share(self, network: nn.Module, loss: float, targets: int) -> tuple[float, int]:
        """Add up the gradients of what every process has whole; the loss is that of all already."""
        add_up(w for name, w in network.named_parameters() if not _is_part(name, w))
        return loss, targets

    def clip(self, network: nn.Module, longest: float) -> None:
        """Shorten the gradient, as one vector of all processes."""
        whole, parts = list[Tensor](), list[Tensor]()
        for name, weight in network.named_parameters():
            if weight.grad is not None:
                (parts if _is_part(name, weight) else whole).append(_local(weight.grad))
        squares = [torch.stack([g.square().sum() for g in each] or [_zero(network)]).sum()
                   for each in (whole, parts)]  # fmt: skip
        distributed.all_reduce(squares[1])
        factor = (longest / ((squares[0] + squares[1]).sqrt() + TINY)).clamp(max=1.0)
        for grad in (*whole, *parts):
            grad.mul_(factor)

    def whole(self, name: str, value: Tensor) -> Tensor:
        """Put a weight together: see `World.whole`."""
        if isinstance(value, _dtensor()):
            full: Tensor = value.detach().full_tensor()
            return full.cpu()
        if name == OWN and value.dim():
            return self.rows(value.detach()).cpu()
        return value.detach().cpu()

    def part(self, network: nn.Module, name: str, value: Tensor) -> Tensor:
        """Give this process's part of what `whole` put together."""
        mine = dict(network.named_parameters()).get(name)
        if mine is None or not value.dim():  # a count of steps
            return value
        if isinstance(mine, _dtensor()):
            from torch.distributed.tensor import distribute_tensor

            given = value.to(mine.device_mesh.device_type)
            parted: Tensor = distribute_tensor(given, mine.device_mesh, mine.placements)
            return parted
        low, high = _bounds(len(value), self)
        return value[low:high].clone() if name == OWN else value

    def rows(self, table: Tensor) -> Tensor:
        """Put a table together of which each process has some rows."""
        return torch.cat(_gathered(table, self))


def all_items_by_shard(
    states: Tensor, table: Tensor, targets: Tensor, low: int, world: World
) -> Tensor:
    """Give the mean cross-entropy of all processes' next items among all processes' items.

    Parameters
    ----------
    states : Tensor, shape (N, C)
        Of this process; each may have another number of them.
    table : Tensor, shape (V', C)
        The process's items, from code `low` on.
    targets : Tensor of int64, shape (N,)
        Codes among all items.
    low : int
    world : World

    Returns
    -------
    Tensor, scalar
        The same in every process. Gradients in the states are of this process's, those in the
        table of all processes' targets.
    """
    loss: Tensor = _AllItemsByShard.apply(states, table, targets, low, world)  # type: ignore[no-untyped-call]  # torch's
    return loss


class _AllItemsByShard(torch.autograd.Function):
    """Cross-entropy by shards, its gradients found on the way there."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, table: Tensor, targets: Tensor, low: int, world: World
    ) -> Tensor:
        everyone = _gathered(states, world)
        asked, wanted = torch.cat(everyone), torch.cat(_gathered(targets, world)) - low
        of_states, of_table = torch.empty_like(asked), torch.zeros_like(table)
        loss = states.new_zeros(())
        block = max(1, BLOCK_NUMBERS // len(table))
        for first in range(0, len(asked), block):
            some, place = asked[first : first + block], wanted[first : first + block]
            row = ((place >= 0) & (place < len(table))).nonzero()[:, 0]  # whose item is here
            chances = some @ table.t()  # (N', V')
            parts = chances.new_full((2, len(some)), -torch.inf)
            parts[0] = chances.logsumexp(1)
            parts[1, row] = chances[row, place[row]]
            told = parts.new_empty(world.size, 2, len(some))
            distributed.all_gather(list(told.unbind()), parts)
            logs, own = told.logsumexp(0)
            loss += (logs - own).sum()
            chances.sub_(logs[:, None]).exp_()
            chances[row, place[row]] -= 1  # the gradient in the scores
            torch.mm(chances, table, out=of_states[first : first + block])
            of_table.addmm_(chances.t(), some)
        distributed.all_reduce(of_states)
        start = sum(len(each) for each in everyone[: world.rank])
        ctx.save_for_backward(of_states[start : start + len(states)].clone(), of_table)
        ctx.count = max(len(asked), 1)
        return loss / ctx.count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        of_states, of_table = ctx.saved_tensors
        scale = grads[0] / ctx.count
        return of_states * scale, of_table * scale, None, None, None


class _Lookup(torch.autograd.Function):
    """Vectors of items that any process has: each tells of its own, and their sum is taken."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, codes: Tensor, low: int, world: World) -> Tensor:
        everyone = _gathered(codes.flatten(), world)
        place = torch.cat(everyone) - low
        row = ((place >= 0) & (place < len(table))).nonzero()[:, 0]
        found = table.new_zeros(len(place), table.shape[1])
        found[row] = table[place[row]]
        distributed.all_reduce(found)
        start = sum(len(each) for each in everyone[: world.rank])
        ctx.save_for_backward(row, place[row])
        ctx.rows, ctx.world = len(table), world
        mine = found[start : start + codes.numel()]
        return mine.view(*codes.shape, table.shape[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        row, place = ctx.saved_tensors
        given = torch.cat(_gathered(grads[0].flatten(0, -2), ctx.world))
        of_table = given.new_zeros(ctx.rows, given.shape[1])
        return of_table.index_add_(0, place, given[row]), None, None, None


def _gathered(values: Tensor, world: World) -> list[Tensor]:
    """Give what each process has; they may have different numbers of rows."""
    count = torch.tensor([len(values)], device=values.device)
    counts = [torch.zeros_like(count) for _ in range(world.size)]
    distributed.all_gather(counts, count)
    sizes = [int(each) for each in counts]
    filled = values.new_zeros(max(sizes), *values.shape[1:])
    filled[: len(values)] = values
    found = [torch.empty_like(filled) for _ in sizes]
    distributed.all_gather(found, filled)
    return [each[:size] for each, size in zip(found, sizes, strict=True)]


def _bounds(items: int, world: World) -> tuple[int, int]:
    """Give the rows of this process."""
    return items * world.rank // world.size, items * (world.rank + 1) // world.size


def _dtensor() -> type[Any]:
    from torch.distributed.tensor import DTensor

    return DTensor


def _is_part(name: str, weight: Tensor) -> bool:
    return name == OWN or isinstance(weight, _dtensor())


def _local(value: Tensor) -> Tensor:
    here: Tensor = value.to_local() if isinstance(value, _dtensor()) else value
    return here


def _zero(network: nn.Module) -> Tensor:
    return next(network.parameters()).new_zeros(())
