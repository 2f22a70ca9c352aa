"""A small network that learns what a large one expects."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.models.losses import soft_items
from footfall.models.network import Network, Shape
from footfall.models.next_item import NextItem, packed_items, start_items, windows
from footfall.models.packed import Batch, Packed
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable
from footfall.models.training import Trained, TrainOptions, train
from footfall.store.progress import Progress, silent

__all__ = ["distill"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

TOP = 50  # items a row whose chances the student is told
TOKENS = 4096  # of a batch the teacher is asked for
MOST_VALIDATED = 5_000  # users whose held-out items decide when to stop
SPREAD = 0.005  # of coordinates the teacher has nothing to say of


@dataclass
class Imitation(NextItem):
    """What the teacher expects after every row, beside what came: a task for `train`.

    Parameters
    ----------
    items : Tensor of int64, shape (N, K)
        What came, then what the teacher has on top.
    chances : Tensor, shape (N, K)
        Rows sum to 1.
    """

    items: Tensor | None = None
    chances: Tensor | None = None

    def loss(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, int]:
        """Give the mean loss of a batch and how many targets it has."""
        if self.items is None or self.chances is None:
            return super().loss(batch, rng)
        table, rows = self.network.table(), batch.rows[batch.there]
        items, chances = (told[rows].to(table.device) for told in (self.items, self.chances))
        batch = batch.to(table.device)
        hidden = self.network(batch.fields, table, batch.fields.get("seconds"))
        with torch.autocast(table.device.type, enabled=False):  # losses are float32
            states = hidden[batch.there].float()
            return soft_items(states, table, items.long(), chances), len(states)


def distill(
    teacher: Network,
    sequences: Sequences,
    shape: Shape,
    training: TrainOptions,
    *,
    held_out: HeldOut | None,
    trust: float = 0.5,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Network, Trained]:
    """Train a small network on what came next and on what a large one expected.

    The small one's item vectors start as the large one's, seen from their strongest directions.

    Parameters
    ----------
    teacher : Network
        It reads items and nothing else.
    sequences : Sequences
    shape : Shape
        Of the student.
    training : TrainOptions
    held_out : HeldOut or None
        By which to stop.
    trust : float
        Weight of what the teacher expects; the rest is that of what came.
    seed : int
    progress : callable (label, done, total)

    Returns
    -------
    student : Network
    trained : Trained

    References
    ----------
    Hinton, G., Vinyals, O. and Dean, J. (2015). Distilling the knowledge in a neural network.
    Tang, J. and Wang, K. (2018). Ranking distillation: learning compact ranking models with high
    performance for recommender system. KDD.
    """
    # Both read whole runs, so that what the teacher says of a row is told at that row.
    inputs, targets = windows(sequences.by_user_id(), min(shape.context, teacher.shape.context))
    torch.manual_seed(seed)
    schema = Schema([Field(name="item", kind="item", size=sequences.n_items)])
    student = Network(schema, shape, ItemTable(sequences.n_items, shape.width))
    vectors = teacher.table().detach()
    start_items(student, _strongest(vectors.numpy(), shape.width, np.random.default_rng(seed)))
    items, chances = _expected(teacher, vectors, packed_items(inputs, teacher), targets, trust)
    task = Imitation(
        network=student,
        inputs=packed_items(inputs, student),
        targets=targets,
        batch_tokens=training.batch_tokens,
        held_out=None if held_out is None else held_out.some(MOST_VALIDATED),
        items=items,
        chances=chances,
    )
    trained = train(task, training, seed=seed, progress=progress)
    return student, trained


@torch.no_grad()
def _expected(
    teacher: Network, vectors: Tensor, inputs: Packed, targets: npt.NDArray[np.int64], trust: float
) -> tuple[Tensor, Tensor]:
    """Give the items the teacher has on top after each row, behind the one that came."""
    top = min(TOP, len(vectors))
    items = torch.empty(len(targets), 1 + top, dtype=torch.int32)
    chances = torch.empty(len(targets), 1 + top)
    items[:, 0], chances[:, 0] = torch.from_numpy(targets), 1 - trust
    teacher.eval()
    for batch in inputs.batches(TOKENS):
        hidden = teacher(batch.fields, vectors, batch.fields.get("seconds"))
        rows = batch.rows[batch.there]
        best, codes = (hidden[batch.there] @ vectors.t()).topk(top, dim=1)
        items[rows, 1:], chances[rows, 1:] = codes.int(), trust * best.softmax(1)
    return items, chances


def _strongest(vectors: Float32, width: int, rng: np.random.Generator) -> Float32:
    """Give vectors of another width whose products are as near to the given ones' as can be.

    Turned at random, so that no coordinate stands out.
    """
    _, _, directions = np.linalg.svd(vectors.T @ vectors.astype(np.float64))
    rank = min(width, vectors.shape[1])
    seen = np.zeros((len(vectors), width))
    seen[:, :rank] = vectors @ directions[:rank].T
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0]
    noise = SPREAD * rng.standard_normal(seen.shape)
    return (seen @ turn + noise).astype(np.float32)
