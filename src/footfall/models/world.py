"""The processes that train together: each takes a share of every batch, all keep one network."""

from dataclasses import dataclass

import torch
from torch import distributed, nn

__all__ = ["ALONE", "World", "join_world"]


@dataclass(frozen=True)
class World:
    """Place of this process among those that train together.

    Parameters
    ----------
    rank : int
        From 0.
    size : int
        How many there are.
    """

    rank: int = 0
    size: int = 1

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
        sums = torch.tensor([loss * targets, float(targets)], dtype=torch.float64)
        distributed.all_reduce(sums)
        total = max(float(sums[1]), 1.0)
        grads = [
            w.grad if w.grad is not None else torch.zeros_like(w) for w in network.parameters()
        ]
        flat = torch.cat([grad.flatten() for grad in grads]) * (targets / total)
        distributed.all_reduce(flat)
        place = 0
        for weight in network.parameters():
            weight.grad = flat[place : place + weight.numel()].view_as(weight)
            place += weight.numel()
        return float(sums[0]) / total, round(total)


ALONE = World()


def join_world() -> World:
    """Join the processes that ``torchrun`` started; alone when it did not.

    Returns
    -------
    World
    """
    if not distributed.is_available() or not distributed.is_torchelastic_launched():
        return ALONE
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return World(distributed.get_rank(), distributed.get_world_size())
