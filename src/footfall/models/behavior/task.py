"""Learning several heads at once: a task for the trainer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from footfall.models.behavior.choices import BasketHead, ItemHead
from footfall.models.behavior.future import Asked, Future
from footfall.models.behavior.heads import LEAST_RATE, Head, StateHead
from footfall.models.behavior.network import BehaviorNetwork
from footfall.models.behavior.tokens import Tokens, training_tokens
from footfall.models.checkpoint import Fact
from footfall.models.packed import Batch, plan_batches
from footfall.models.world import ALONE, World

__all__ = ["MultiTask", "Weights", "start_heads"]

Int64 = npt.NDArray[np.int64]
Weights = Literal["fixed", "uncertainty"] | Mapping[str, float]

FEW = 256  # targets of a batch at which a head counts half
MOST_MEASURED = 500_000  # tokens by which heads learn the usual answers
VALIDATION_SEED = 20_260_101  # validation asks at the same moments every time


@dataclass
class MultiTask:
    """All heads of a network: a task for `footfall.models.training.train`.

    A head's loss counts relative to that of the usual answer, so that a head of ten thousand items
    does not drown one of a yes and a no, and the less the fewer targets it has. Events and requests
    count half each, however many they are.

    Parameters
    ----------
    network : BehaviorNetwork
        With heads that were started: see `start_heads`.
    future : Future
        Of the users to learn from.
    requests : int
        Moments each user is asked about in an epoch.
    batch_tokens : int
    weights : {"fixed", "uncertainty"} or mapping of head to weight
        Fixed: all heads count 1, or what the mapping says. Uncertainty: each head counts one over
        a variance that is learned.
    epoch_tokens : int or None
        Tokens of an epoch, at most, drawn anew for each; None: all.
    held_out : Future or None
        Of the users to validate by.
    world : World
        The processes that train together.

    References
    ----------
    Kendall, A., Gal, Y. and Cipolla, R. (2018). Multi-task learning using uncertainty to weigh
    losses for scene geometry and semantics. CVPR.
    """

    network: BehaviorNetwork
    future: Future
    requests: int = 8
    batch_tokens: int = 4096
    weights: Weights = "fixed"
    epoch_tokens: int | None = None
    held_out: Future | None = None
    world: World = ALONE
    skill: dict[str, float] = field(init=False, default_factory=dict)
    usual: dict[str, float] = field(init=False, default_factory=dict)
    _tokens: Tokens | None = field(init=False, default=None)
    _asked: Tokens | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Find how surprising the held-out users are by the usual answers."""
        if self.held_out is not None:
            rng = np.random.default_rng(VALIDATION_SEED)
            self._asked = tokens = self._laid_out(self.held_out, rng)
            asked = Asked.of(self.held_out, tokens, np.arange(len(tokens.users)))
            for name, head in self.network.each_head():
                truth = head.targets(asked)
                rows = np.flatnonzero(head.known(truth))
                targets = {key: torch.from_numpy(values[rows]) for key, values in truth.items()}
                with torch.no_grad():
                    losses = head.usual_losses(targets, len(rows))
                is_event = tokens.rows[rows] >= 0
                everyone = np.ones(len(rows), np.bool_)
                alike = isinstance(head, ItemHead)
                self.usual[name] = float(_halves(_sums(losses, everyone if alike else is_event)))

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Give an epoch's batches, this process's share: the numbers of their tokens."""
        self._tokens = tokens = self._laid_out(self.future, rng)
        left = self.epoch_tokens or len(tokens.users)
        for windows in plan_batches(tokens.lengths, self.batch_tokens, rng):
            mine = windows[self.world.rank :: self.world.size]
            places, there = tokens.layout(mine)
            yield Batch({}, torch.from_numpy(there), torch.from_numpy(places))
            left -= int(tokens.lengths[windows].sum())
            if left <= 0:
                return

    def loss(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, int]:
        """Give the sum of the heads' losses and the number of tokens it is the mean of."""
        if self._tokens is None:
            raise ValueError("Batches come before their loss.")
        mine = int(batch.there.sum())
        parts, network = {}, self.network
        if mine:
            key = int(rng.integers(2**62))
            parts = self._losses(self.future, self._tokens, batch, key)
        nothing = network.spread.new_zeros(2, 2)
        sums = torch.stack([parts.get(name, nothing) for name in network.heads])  # (H, 2, 2)
        # What a mean or a trust is over is that of all processes; the losses are this one's.
        counts = self.world.total(torch.cat([sums[..., 1].flatten(), sums.new_tensor([mine])]))
        sums = torch.stack([sums[..., 0], counts[:-1].view(-1, 2)], 2)
        total = network.spread.new_zeros(())
        for place, (name, head) in enumerate(network.each_head()):
            if name not in parts:  # its gradients are 0, not none
                total = total + 0 * torch.stack([w.sum() for w in head.parameters()]).sum()
            if mine and bool(sums[place, :, 1].any()):
                loss = _halves(sums[place]) * _trust(sums[place]) / head.base
                total = total + self._weighed(place, name, loss * counts[-1] / mine)
        return total, mine

    def validate(self) -> float | None:
        """Give how much less surprising the held-out users are than by the usual answers.

        The mean over heads, those with few targets counting less, of one minus the loss over that
        of saying the same of everybody: 0 is no better, 1 is perfect. `skill` has the heads one by
        one.
        """
        if self.held_out is None or self._asked is None:
            return None
        tokens = self._asked
        sums: dict[str, Tensor] = {}
        with torch.no_grad():
            for windows in plan_batches(tokens.lengths, 4 * self.batch_tokens):
                places, there = tokens.layout(windows)
                batch = Batch({}, torch.from_numpy(there), torch.from_numpy(places))
                for name, sum_ in self._losses(self.held_out, tokens, batch, None).items():
                    sums[name] = sum_.double() + sums.get(name, torch.zeros(()))
        # Where there is one answer only, the usual one is no surprise: there is nothing to gain.
        usual = {name: max(self.usual[name], LEAST_RATE) for name in sums}
        self.skill = {n: (self.usual[n] - float(_halves(sums[n]))) / usual[n] for n in sums}
        trust = [float(_trust(sums[name])) for name in sums]
        return float(np.average(list(self.skill.values()), weights=trust)) if sums else None

    def facts(self) -> Iterator[Fact]:
        """Give all that is learned from, and how."""
        plan, items = self.network.plan, self.network.core.items
        yield plan
        if items is not None:  # the attributes of the items
            for name, values in sorted(items.named_buffers()):
                yield from (name, values.cpu().numpy())
        yield self.weights if isinstance(self.weights, str) else sorted(self.weights.items())
        yield from (self.requests, self.batch_tokens, self.epoch_tokens)
        for future in (self.future, self.held_out):
            if future is not None:
                yield from _facts_of(future)

    def _laid_out(self, future: Future, rng: np.random.Generator) -> Tokens:
        length = self.network.plan.length
        return training_tokens(future.rows, length=length, requests=self.requests, rng=rng)

    def _weighed(self, place: int, name: str, loss: Tensor) -> Tensor:
        if self.weights == "uncertainty":
            spread = self.network.spread[place]
            return loss * torch.exp(-spread) + spread
        if isinstance(self.weights, Mapping):
            return loss * self.weights.get(name, 1.0)
        return loss

    def _losses(
        self, future: Future, tokens: Tokens, batch: Batch, key: int | None
    ) -> dict[str, Tensor]:
        """Give for each head that has a target in the batch its loss in all: see `_sums`."""
        network, table = self.network, self.network.table()
        hidden = network.states(future.rows, tokens, batch.rows.numpy(), table)
        device = hidden.device
        states = hidden[batch.there.to(device)]  # (M, C)
        with torch.autocast(device.type, enabled=False):  # losses are float32
            return self._head_losses(future, tokens, batch, states.float(), table, key)

    def _head_losses(
        self,
        future: Future,
        tokens: Tokens,
        batch: Batch,
        states: Tensor,
        table: Tensor | None,
        key: int | None,
    ) -> dict[str, Tensor]:
        """Give the losses of the states of a batch's tokens, (M, C)."""
        which = batch.rows[batch.there].numpy()
        asked = Asked.of(future, tokens, which)
        is_event = tokens.rows[which] >= 0
        found = {}
        for name, head in self.network.each_head():
            truth = head.targets(asked)
            rows = np.flatnonzero(head.known(truth))
            if not len(rows):
                continue
            targets = {n: torch.from_numpy(v[rows]).to(states.device) for n, v in truth.items()}
            mine = states[torch.from_numpy(rows).to(states.device)]
            if isinstance(head, StateHead):
                found[name] = _sums(head.losses(mine, targets), is_event[rows])
            elif isinstance(head, ItemHead) and table is not None:
                loss = head.loss(mine, targets, table, which[rows], key)
                one = loss.new_tensor([len(rows), 0.0])  # of one kind, whatever was asked
                found[name] = torch.stack([loss * one, one], 1)
        return found


def start_heads(network: BehaviorNetwork, future: Future, *, requests: int, seed: int) -> list[str]:
    """Make each head say the usual answer, and find the heads that have nothing to learn from.

    Parameters
    ----------
    network : BehaviorNetwork
    future : Future
    requests : int
    seed : int

    Returns
    -------
    list of str
        Heads without any target.
    """
    rng = np.random.default_rng((seed, 0))
    tokens = training_tokens(future.rows, length=network.plan.length, requests=requests, rng=rng)
    which = np.arange(len(tokens.users))
    if len(which) > MOST_MEASURED:
        which = np.sort(rng.choice(which, MOST_MEASURED, replace=False))
    asked, empty = Asked.of(future, tokens, which), []
    for name, head in network.each_head():
        if isinstance(head, BasketHead):
            values = future.rows["order_value"]
            head.measure(values[values > 0])
        truth = head.targets(asked)
        rows = np.flatnonzero(head.known(truth))
        head.start(_balanced(head, truth, rows, tokens.rows[which][rows] >= 0, rng))
        if not len(rows):
            empty.append(name)
    return empty


def _facts_of(future: Future) -> Iterator[Fact]:
    """Give all that targets and tokens are made of."""
    rows, codes = future.rows, future.rows.codes
    yield from (future.return_days, future.margins)
    yield from (codes.event_types, codes.purchase, codes.returned, codes.utc_offset_minutes)
    yield from ([attribute.size for attribute in codes.attributes], tuple(codes.properties))
    yield rows.end
    yield from (rows.offsets, rows.began, rows.earlier, rows.attributes, rows.query_vectors)
    for name, column in sorted(rows.columns.items()):
        yield from (name, column)


def _balanced(
    head: Head,
    truth: Mapping[str, npt.NDArray[Any]],
    rows: Int64,
    is_event: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> dict[str, npt.NDArray[Any]]:
    """Take known targets, requests as often as events, as the loss counts them."""
    asked = rows[~is_event]
    if not isinstance(head, ItemHead) and len(asked) and is_event.any():
        events = rows[is_event]
        rows = np.concatenate([events, rng.choice(asked, len(events))])
    return {key: values[rows] for key, values in truth.items()}


def _sums(losses: Tensor, is_event: npt.NDArray[np.bool_]) -> Tensor:
    """Give the sum and the number of losses, of events and of requests, (2, 2)."""
    kinds = torch.from_numpy(np.stack([is_event, ~is_event])).to(losses)
    return torch.stack([kinds @ losses, kinds.sum(1)], 1)


def _halves(sums: Tensor) -> Tensor:
    """Give the mean of the mean over events and the mean over requests, of those there are."""
    there = sums[:, 1] > 0
    return (sums[there, 0] / sums[there, 1]).mean()


def _trust(sums: Tensor) -> Tensor:
    """Give what a head counts: less when it has few targets, which are easily learned by heart."""
    count = sums[:, 1].sum()
    return count / (count + FEW)
