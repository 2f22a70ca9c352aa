"""Learning what comes next: windows of histories, the loss, the validation, states of users."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn

from footfall.features.gathering import gathered
from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.models.augment import augment
from footfall.models.checkpoint import Fact, checksum
from footfall.models.losses import all_items, binary, sampled_items
from footfall.models.network import Network
from footfall.models.packed import Batch, Packed, plan_batches
from footfall.models.runs import Runs
from footfall.models.shards import ItemShard, all_items_by_shard
from footfall.models.world import ALONE, World

__all__ = ["Loss", "NextItem", "last_states", "packed_items", "windows"]

Loss = Literal["all", "sampled", "bce", "gbce"]
Int64 = npt.NDArray[np.int64]
SECOND = 1_000_000  # microseconds
STATE_TOKENS = 512  # of a batch without gradients: it stays in the cache, with little filled up


@dataclass
class NextItem:
    """The next item of every row but each user's last: a task for `train`.

    Parameters
    ----------
    network : Network
    inputs : Packed
        Windows of histories: see `windows`.
    targets : int64 array, shape (N,)
        The item after each row.
    batch_tokens : int
    loss_of : {"all", "sampled", "bce", "gbce"}
        Over all items, or over `negatives` items that a batch shares.
    negatives : int
    held_out : HeldOut or None
        What to validate by.
    world : World
        The processes that train together.
    augment : tuple of str
        How histories are changed on the way: see `footfall.models.augment.augment`.
    epoch_rows : int or None
        Rows of an epoch, at most, drawn anew for each; None: all.
    runs : Runs or None
        Which of all processes' runs the inputs are; None: there is no other process.
    """

    network: Network
    inputs: Packed
    targets: Int64
    batch_tokens: int = 512
    loss_of: Loss = "all"
    negatives: int = 1024
    held_out: HeldOut | None = None
    world: World = ALONE
    augment: tuple[str, ...] = ()
    epoch_rows: int | None = None
    runs: Runs | None = None

    @property
    def _runs(self) -> Runs:
        return self.runs or Runs.alone(self.inputs.offsets)

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Give an epoch's batches, planned over all processes' runs; of each, those of this one."""
        runs, left = self._runs, self.epoch_rows
        for planned in plan_batches(runs.lengths, self.batch_tokens, rng):
            if left is not None:
                if left <= 0:
                    return
                left -= int(runs.lengths[planned].sum())
            mine = runs.mine[planned]
            mine = mine[mine >= 0]
            if self.world.parted and len(mine) == 0:  # nobody, but others wait for this process
                yield self.inputs.batch(np.zeros(1, np.int64)).nobody()
            else:
                yield self.inputs.batch(mine)

    def loss(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, int]:
        """Give the mean loss of a batch and how many targets it has."""
        after = torch.from_numpy(self.targets)[batch.rows]  # (B, T)
        if self.augment:
            key = int(rng.integers(2**62))
            places = torch.from_numpy(self._runs.places(batch.rows.numpy()))
            batch, after = augment(replace(batch, rows=places), after, self.augment, key)
        if self.loss_of == "sampled" and not self.world.parted and batch.there.any():
            return self._loss_of_few(batch, after, rng)
        table = self.network.table()
        if not self.world.parted and not batch.there.any():  # fewer users than processes
            return table.sum() * 0, 0
        batch, after = batch.to(table.device), after.to(table.device)
        hidden = self.network(batch.fields, table, batch.fields.get("seconds"))
        with torch.autocast(table.device.type, enabled=False):  # losses are float32
            states, wanted = hidden[batch.there].float(), after[batch.there]
            if self.world.parted:
                return self._parted_loss(states, table, wanted, rng)
            return self._loss(states, table, wanted, rng), len(states)

    def _loss_of_few(
        self, batch: Batch, after: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, int]:
        """Give the loss over a sample; of all items only those that occur get a vector."""
        items = self.network.items
        if items is None:
            raise ValueError("This network knows no items.")
        device, size = items.own.device, len(items.own)
        batch, wanted = batch.to(device), after[batch.there].to(device)
        codes = batch.fields["item"].long()
        drawn = torch.from_numpy(rng.integers(0, size, self.negatives)).to(device)
        asked = torch.cat([codes.clamp(min=0).flatten(), wanted, drawn])
        kept, place = asked.unique(return_inverse=True)  # type: ignore[no-untyped-call]  # torch's
        table = items.chosen(kept)
        seen, wanted, drawn = place.split([codes.numel(), len(wanted), len(drawn)])
        fields = {**batch.fields, "item": torch.where(codes < 0, -1, seen.view_as(codes))}
        hidden = self.network(fields, table, batch.fields.get("seconds"))
        often = table.new_full((len(table),), math.log(len(drawn) / size))
        with torch.autocast(device.type, enabled=False):  # losses are float32
            states = hidden[batch.there].float()
            return sampled_items(states, table.float(), wanted, drawn, often), len(states)

    def _parted_loss(
        self, states: Tensor, table: Tensor, wanted: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, int]:
        """Give the mean loss of all processes' targets and how many these are."""
        items = self.network.items
        if not isinstance(items, ItemShard):
            raise TypeError("Processes that have parts of a network share its table of items.")
        counts = torch.tensor(len(states), dtype=torch.float64, device=states.device)
        distributed.all_reduce(counts)
        if self.loss_of == "all":
            loss = all_items_by_shard(states, table, wanted, items.low, self.world)
            return loss, int(counts)
        # Of the table only the vectors of the sample and of the wanted items.
        drawn = torch.from_numpy(rng.integers(0, items.items, self.negatives)).to(wanted)
        codes, place = torch.cat([drawn, wanted]).unique(return_inverse=True)  # type: ignore[no-untyped-call]  # torch's
        some = items.lookup(codes, table)
        often = some.new_full((len(codes),), math.log(len(drawn) / items.items))
        loss = sampled_items(states, some, place[len(drawn) :], place[: len(drawn)], often)
        mine = loss * (len(states) / max(float(counts), 1.0))
        told = mine.detach().clone()
        distributed.all_reduce(told)
        return mine + (told - mine.detach()), int(counts)  # all tell the same, each learns its own

    def _loss(
        self, states: Tensor, table: Tensor, wanted: Tensor, rng: np.random.Generator
    ) -> Tensor:
        if self.loss_of == "all":
            return all_items(states, table, wanted)
        drawn = torch.from_numpy(rng.integers(0, len(table), self.negatives)).to(wanted.device)
        if self.loss_of == "sampled":
            return sampled_items(states, table, wanted, drawn)
        return binary(
            states, table, wanted, drawn, calibration=0.75 if self.loss_of == "gbce" else 0.0
        )

    def validate(self) -> float | None:
        """Give NDCG@10 of the held-out items among all items not seen before."""
        if self.held_out is None or len(self.held_out.items) == 0:
            return None
        from footfall.evaluate import rank_targets, ranking_metrics, select_targets
        from footfall.evaluate.splits import Split

        histories, wanted = self.held_out.histories, self.held_out.items
        rows, order = _with_targets(histories, wanted)
        split = Split(
            name="validation", train_stop=rows[1:] - 1, users=np.arange(len(wanted)),
            history_stop=rows[1:] - 1, target_stop=rows[1:], validation_in_training=False,
            left_out=0,
        )  # fmt: skip
        chosen = select_targets(split, rows, order, n_items=histories.n_items)
        if len(chosen.asked) == 0:
            return None
        with torch.no_grad():
            table = self.world.rows(self.network.table())
            asked = histories.select(chosen.asked, histories.offsets[chosen.asked + 1])
            states = last_states(self.network, packed_items(asked, self.network), table)
            if not states.isfinite().all():
                return math.nan
            ranks = rank_targets(
                lambda low, high: (states[low:high] @ table.t()).cpu().numpy(),
                chosen,
                n_items=histories.n_items,
            )
        return ranking_metrics(ranks, k=[10])[0]["ndcg@10"]

    def facts(self) -> Iterator[Fact]:
        """Give all that is learned from, and how."""
        yield from (self.network.schema, self.network.shape)
        if self.network.items is not None:  # the attributes of the items
            for name, values in sorted(self.network.items.named_buffers()):
                yield from (name, values.cpu().numpy())
        names = sorted(self.inputs.fields)
        yield from (self._runs.lengths, names)
        columns = [self.targets, *(self.inputs.fields[name] for name in names)]
        rows = checksum(self._runs.all_places(), columns)
        yield int(gathered(np.array([rows], np.uint64), self.world.gather).sum(dtype=np.uint64))
        yield from (self.batch_tokens, self.loss_of, self.augment, self.epoch_rows)
        yield self.negatives if self.loss_of != "all" else None
        if self.held_out is not None:
            histories = self.held_out.histories
            yield from (histories.offsets, histories.items, histories.timestamps)
            yield self.held_out.items


def _with_targets(
    histories: Sequences, wanted: npt.NDArray[np.int32]
) -> tuple[Int64, npt.NDArray[np.int32]]:
    """Put each target after its history."""
    offsets = histories.offsets + np.arange(len(histories.offsets))
    items = np.empty(offsets[-1], np.int32)
    last = np.zeros(len(items), np.bool_)
    last[offsets[1:] - 1] = True
    items[last], items[~last] = wanted, histories.items
    return offsets, items


def windows(sequences: Sequences, context: int) -> tuple[Sequences, Int64]:
    """Cut histories into runs of rows to learn from, and give the item after each row.

    Parameters
    ----------
    sequences : Sequences
    context : int
        Rows of a run, at most; a longer history is several runs, cut from its end.

    Returns
    -------
    inputs : Sequences
        A "user" a run; all rows but each user's last.
    targets : int64 array, shape (N,)

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 4, 5], [5, 6, 7, 8, 9])
    >>> inputs, targets = windows(shop, 2)
    >>> inputs.offsets.tolist(), inputs.items.tolist(), targets.tolist()
    ([0, 1, 3], [5, 6, 7], [6, 7, 8])
    """
    offsets = sequences.offsets
    ends = np.maximum(offsets[1:] - 1, offsets[:-1])  # inputs of user u: offsets[u] .. ends[u]
    counts = ends - offsets[:-1]
    runs = -(-counts // context)
    owner = np.repeat(np.arange(len(counts)), runs)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(runs) - runs, runs)
    stop = ends[owner] - (runs[owner] - 1 - place) * context
    first = np.maximum(stop - context, offsets[owner])
    lengths = stop - first
    starts = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.arange(starts[-1]) + np.repeat(first - starts[:-1], lengths)
    inputs = Sequences(
        offsets=starts,
        items=sequences.items[rows],
        user_ids=sequences.user_ids.take(owner),
        item_ids=sequences.item_ids,
        timestamps=None if sequences.timestamps is None else sequences.timestamps[rows],
    )
    return inputs, sequences.items[rows + 1].astype(np.int64)


def packed_items(sequences: Sequences, network: Network) -> Packed:
    """Give the fields that a network of items reads, for the latest rows of each user.

    Parameters
    ----------
    sequences : Sequences
        Item codes of the network's table.
    network : Network
        Its `context` says how many rows it can look back on, its schema which fields it reads.

    Returns
    -------
    Packed
    """
    context = network.shape.context
    first = np.maximum(sequences.offsets[:-1], sequences.offsets[1:] - context)
    lengths = sequences.offsets[1:] - first
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths)
    fields: dict[str, npt.NDArray[np.generic]] = {"item": sequences.items[rows].astype(np.int64)}
    if sequences.timestamps is not None:
        times = sequences.timestamps[rows]
        fields["seconds"] = (times - times.min(initial=0)) / SECOND
    return Packed(offsets=offsets, fields=fields)


@torch.no_grad()
def last_states(network: Network, packed: Packed, table: Tensor | None = None) -> Tensor:
    """Give the state after each user's last token.

    Parameters
    ----------
    network : Network
    packed : Packed
        ``U`` users; those without tokens get zeros.
    table : Tensor or None
        Vectors of the items, when they are at hand.

    Returns
    -------
    Tensor, shape (U, C)
    """
    was_training = network.training
    if was_training:  # looks at every layer, which takes longer than one user
        network.eval()
    device = network.no_item.device
    states = torch.zeros(len(packed.offsets) - 1, network.shape.width, device=device)
    for users in plan_batches(np.diff(packed.offsets), STATE_TOKENS):
        batch = packed.batch(users).to(device)
        last = batch.there.sum(1) - 1
        found = network.last(batch.fields, last, table, batch.fields.get("seconds"))
        states[torch.from_numpy(users).to(device)] = found
    if was_training:
        network.train()
    return states


def start_items(network: Network, vectors: npt.NDArray[np.float32]) -> None:
    """Give the item table a start: see `footfall.models.warm_start.follow_vectors`."""
    if network.items is not None:
        nn.init.zeros_(network.items.own)
        with torch.no_grad():
            network.items.own.copy_(torch.from_numpy(vectors))
