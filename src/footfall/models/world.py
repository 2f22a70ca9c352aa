"""The processes that train together: each takes a share of every batch, all keep one network."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn

__all__ = ["ALONE", "World", "join_world"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class World:
    """Place of this process among those that train together; each has the whole network.

    `footfall.models.shards.ShardedWorld` is one whose processes have a part of it.

    Parameters
    ----------
    rank : int
        From 0.
    size : int
        How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def parted(self) -> bool:
        """Whether every process has to take part in every step."""
        return False

    @property
    def fused(self) -> bool:
        """Whether the optimizer may change all weights in one kernel."""
        return True

    def total(self, values: Tensor) -> Tensor:
        """Give the sums of all processes' values."""
        if self.size == 1:
            return values
        sums = values.detach().clone()
        distributed.all_reduce(sums)
        return sums

    def gather(self, values: Array) -> list[Array]:
        """Give the arrays of all processes, in the order of their ranks.

        Parameters
        ----------
        values : array, shape (N,)
            Of any numbers; the length is each process's own. All processes have to ask.

        Returns
        -------
        list of arrays
        """
        if self.size == 1:
            return [values]
        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        bytes_ = torch.from_numpy(np.frombuffer(values.tobytes(), np.uint8).copy()).to(device)
        counts = [torch.zeros(1, dtype=torch.int64, device=device) for _ in range(self.size)]
        distributed.all_gather(counts, torch.tensor([len(bytes_)], device=device))
        most = max(int(count) for count in counts)
        found = [bytes_.new_zeros(most) for _ in range(self.size)]
        distributed.all_gather(found, nn.functional.pad(bytes_, (0, most - len(bytes_))))
        return [
            some[: int(count)].cpu().numpy().view(values.dtype)
            for some, count in zip(found, counts, strict=True)
        ]

    def agree(self, network: nn.Module) -> None:
        """Give all processes the weights that the first one starts from.

        Parameters
        ----------
        network : nn.Module
            Of the same shapes in all of them; changed in place.
        """
        if self.size > 1:
            for weight in network.parameters():
                distributed.broadcast(weight.data, 0)

    def share(self, network: nn.Module, loss: float, targets: int) -> tuple[float, int]:
        """Make the gradients those of all processes' targets together.

        Parameters
        ----------
        network : nn.Module
            With the gradients of this process's mean loss.
        loss : float
        targets : int
            How many it is the mean of.

        Returns
        -------
        loss : float
            The mean over all targets.
        targets : int
            Of all processes.
        """
        if self.size == 1:
            return loss, targets
        device = next(network.parameters()).device
        sums = torch.tensor([loss * targets, float(targets)], dtype=torch.float64, device=device)
        distributed.all_reduce(sums)
        total = max(float(sums[1]), 1.0)
        add_up(network.parameters(), targets / total)
        return float(sums[0]) / total, round(total)

    def clip(self, network: nn.Module, longest: float) -> None:
        """Shorten the gradient, as one vector."""
        nn.utils.clip_grad_norm_(network.parameters(), longest)

    def whole(self, name: str, value: Tensor) -> Tensor:  # noqa: ARG002  # others part some
        """Put together what all processes have of something shaped as a weight.

        Parameters
        ----------
        name : str
            Of the weight.
        value : Tensor
            This process's part of it, or of its moments or average.

        Returns
        -------
        Tensor
            On the CPU. All processes have to ask.
        """
        return value.detach().cpu()

    def part(self, network: nn.Module, name: str, value: Tensor) -> Tensor:  # noqa: ARG002  # as above
        """Give this process's part of what `whole` put together."""
        return value

    def rows(self, table: Tensor) -> Tensor:
        """Put together a table of which each process has some rows."""
        return table


def add_up(weights: Iterable[nn.Parameter], factor: float = 1.0) -> None:
    """Make gradients the sums of all processes' gradients, each times its factor."""
    some = list(weights)
    grads = [w.grad if w.grad is not None else torch.zeros_like(w) for w in some]
    if not grads:
        return
    flat = torch.cat([grad.flatten() for grad in grads]) * factor
    distributed.all_reduce(flat)
    place = 0
    for weight in some:
        weight.grad = flat[place : place + weight.numel()].view_as(weight)
        place += weight.numel()


ALONE = World()


def join_world() -> World:
    """Join the processes that ``torchrun`` started; alone when it did not.

    Where there are GPUs, each process takes the one of its number.

    Returns
    -------
    World
    """
    if not distributed.is_available() or not distributed.is_torchelastic_launched():
        return ALONE
    if not distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return World(distributed.get_rank(), distributed.get_world_size())
