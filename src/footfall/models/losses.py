"""Losses of the next item, over all items or over a few.

The one over all items computes scores, probabilities and gradients of a few hundred states at a
time, in a block that stays in the processor's cache, and keeps the gradients only: a catalogue of
12,000 items takes megabytes, not gigabytes.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

__all__ = ["all_items", "binary", "sampled_items", "soft_items"]

BLOCK_NUMBERS = 3_000_000  # scores held at once: 12 MB
LANE = 16  # rows of scores start at multiples of it: products of rows that do not take half longer
TINY = 1e-30


def all_items(states: Tensor, table: Tensor, targets: Tensor) -> Tensor:
    """Give the mean cross-entropy of the next item among all items.

    Parameters
    ----------
    states : Tensor, shape (N, C)
    table : Tensor, shape (V, C)
        A vector an item; the score of an item is its product with the state.
    targets : Tensor of int64, shape (N,)

    Returns
    -------
    Tensor, scalar
        Differentiable once in ``states`` and ``table``.

    Examples
    --------
    >>> loss = all_items(torch.zeros(1, 2), torch.zeros(4, 2), torch.tensor([3]))
    >>> round(loss.item(), 4) == round(math.log(4), 4)
    True
    """
    return soft_items(states, table, targets[:, None], states.new_ones(len(targets), 1))


def soft_items(states: Tensor, table: Tensor, items: Tensor, chances: Tensor) -> Tensor:
    """Give the mean cross-entropy of chances that are expected of a few items, among all items.

    Parameters
    ----------
    states, table : Tensor
        As in `all_items`.
    items : Tensor of int64, shape (N, K)
        An item may be there twice: its chances add up.
    chances : Tensor, shape (N, K)
        Rows sum to 1; all other items are expected to have none.

    Returns
    -------
    Tensor, scalar
        Differentiable once in ``states`` and ``table``.

    References
    ----------
    Hinton, G., Vinyals, O. and Dean, J. (2015). Distilling the knowledge in a neural network.

    Examples
    --------
    >>> states, table = torch.zeros(1, 2), torch.zeros(4, 2)
    >>> loss = soft_items(states, table, torch.tensor([[3, 1]]), torch.tensor([[0.7, 0.3]]))
    >>> round(loss.item(), 4) == round(math.log(4), 4)
    True
    """
    return _AllItems.apply(states, table, items, chances)  # type: ignore[no-untyped-call]  # torch's


class _AllItems(torch.autograd.Function):
    """Cross-entropy whose gradients are found on the way there."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, table: Tensor, items: Tensor, expected: Tensor) -> Tensor:
        count = len(states)
        of_states, of_table = torch.empty_like(states), torch.zeros_like(table)
        loss = states.new_zeros(())
        block = max(1, BLOCK_NUMBERS // len(table))
        held = states.new_empty(min(block, count), -(-len(table) // LANE) * LANE)
        for low in range(0, count, block):
            some, wanted = states[low : low + block], items[low : low + block]
            wished = expected[low : low + block]
            whole = held[: len(some)]
            chances = whole[:, : len(table)]  # (N', V)
            torch.mm(some, table.t(), out=chances)
            whole[:, len(table) :] = -math.inf  # no item: no chance
            torch.softmax(whole, 1, out=whole)
            loss -= (chances.gather(1, wanted).clamp_min(TINY).log() * wished).sum()
            chances.scatter_add_(1, wanted, -wished)  # the gradient in the scores
            torch.mm(chances, table, out=of_states[low : low + block])
            of_table.addmm_(chances.t(), some)
        ctx.save_for_backward(of_states, of_table)
        ctx.count = max(count, 1)
        return loss / ctx.count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        of_states, of_table = ctx.saved_tensors
        scale = grads[0] / ctx.count
        return of_states * scale, of_table * scale, None, None


def sampled_items(
    states: Tensor,
    table: Tensor,
    targets: Tensor,
    negatives: Tensor,
    log_expected: Tensor | None = None,
) -> Tensor:
    """Give the mean cross-entropy of the next item among a sample that all states share.

    Parameters
    ----------
    states, table, targets : Tensor
        As in `all_items`.
    negatives : Tensor of int64, shape (S,)
        The sample, drawn with replacement.
    log_expected : Tensor, shape (V,), or None
        Logarithm of how often each item is expected in the sample (logQ correction). None: all
        items are as likely.

    References
    ----------
    Bengio, Y. and Senecal, J.-S. (2008). Adaptive importance sampling to accelerate training of
    a neural probabilistic language model. Yi, X. et al. (2019). Sampling-bias-corrected neural
    modeling for large corpus item recommendations. RecSys.

    Examples
    --------
    >>> table = torch.zeros(4, 2)
    >>> loss = sampled_items(torch.zeros(1, 2), table, torch.tensor([3]), torch.tensor([0, 1, 2]))
    >>> round(loss.item(), 3) == round(math.log(5), 3)  # three stand for all four
    True
    """
    if log_expected is None:
        shift = states.new_full((len(negatives),), math.log(len(table) / len(negatives)))
    else:
        shift = -log_expected[negatives]
    return _SampledItems.apply(states, table, targets, negatives, shift)  # type: ignore[no-untyped-call]  # torch's


class _SampledItems(torch.autograd.Function):
    """Cross-entropy against shared negatives, its gradients found on the way there."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, table: Tensor, targets: Tensor, negatives: Tensor, shift: Tensor
    ) -> Tensor:
        count, size = len(states), len(negatives)
        own, others = table[targets], table[negatives]
        of_states, of_own = torch.empty_like(states), torch.empty_like(states)
        of_others, loss = torch.zeros_like(others), states.new_zeros(())
        block = max(1, BLOCK_NUMBERS // (size + 1))
        held = states.new_empty(min(block, count), -(-(size + 1) // LANE) * LANE)
        for low in range(0, count, block):
            some = states[low : low + block]
            whole = held[: len(some)]
            chances, wanted = whole[:, :size], whole[:, size : size + 1]  # (N', S), (N', 1)
            torch.mm(some, others.t(), out=chances)
            chances += shift
            chances[_places(targets[low : low + block], negatives)] = -math.inf
            torch.sum(some * own[low : low + block], 1, keepdim=True, out=wanted)
            whole[:, size + 1 :] = -math.inf
            torch.softmax(whole, 1, out=whole)
            loss -= wanted.clamp_min(TINY).log().sum()
            wanted -= 1
            torch.addmm(
                wanted * own[low : low + block], chances, others, out=of_states[low : low + block]
            )
            torch.mul(wanted, some, out=of_own[low : low + block])
            of_others.addmm_(chances.t(), some)
        of_table = torch.zeros_like(table)
        of_table.index_add_(0, negatives, of_others).index_add_(0, targets, of_own)
        ctx.save_for_backward(of_states, of_table)
        ctx.count = max(count, 1)
        return loss / ctx.count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        of_states, of_table = ctx.saved_tensors
        scale = grads[0] / ctx.count
        return of_states * scale, of_table * scale, None, None, None


def _places(targets: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
    """Give rows and columns at which a target is among the negatives."""
    ascending, order = negatives.sort()
    first = torch.searchsorted(ascending, targets)
    counts = torch.searchsorted(ascending, targets, right=True) - first
    rows = torch.repeat_interleave(counts)
    place = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
    return rows, order[first[rows] + place]


def binary(
    states: Tensor, table: Tensor, targets: Tensor, negatives: Tensor, *, calibration: float = 0.0
) -> Tensor:
    """Give the binary cross-entropy of the next item against sampled ones, for comparison.

    Parameters
    ----------
    states, table, targets, negatives : Tensor
        As in `sampled_items`.
    calibration : float
        0: plain (SASRec). Up to 1: how far the sampling is made good for (gBCE's t).

    References
    ----------
    Petrov, A. and Macdonald, C. (2023). gSASRec: reducing overconfidence in sequential
    recommendation trained with negative sampling. RecSys.
    """
    share = len(negatives) / max(len(table) - 1, 1)
    power = share * (calibration * (1 - 1 / share) + 1 / share)
    wanted = (states * F.embedding(targets, table)).sum(1)
    others = states @ F.embedding(negatives, table).t()
    hit = negatives[None] == targets[:, None]
    against = F.softplus(others).masked_fill(hit, 0).sum(1)
    return (power * F.softplus(-wanted) + against).mean()
