"""Making a network from event rows and training it: what a fit does."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import torch

from footfall.errors import NotEnoughDataError
from footfall.features.event_rows import EventRows
from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences
from footfall.models.behavior.fields import behavior_schema
from footfall.models.behavior.future import Future
from footfall.models.behavior.network import BehaviorNetwork, Plan, new_network
from footfall.models.behavior.task import MultiTask, Weights, start_heads
from footfall.models.device import device_named
from footfall.models.network import Shape
from footfall.models.next_item import start_items
from footfall.models.running import Running
from footfall.models.size import Cost, cost_of
from footfall.models.training import Trained, TrainOptions
from footfall.models.warm_start import follow_vectors
from footfall.store.hashing import hash_strings

__all__ = ["Learned", "Recipe", "learn_behavior", "learning_cost"]

Int64 = npt.NDArray[np.int64]

MOST_HELD_OUT = 5_000  # users
MARGIN = "margin"  # column of the item table
NOTHING = (
    "There is nothing to learn from: nobody has two events, and the log is too short for every"
    " horizon. Take more of the log."
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to build and how to train it; see `footfall.models.behavior.model.BehaviorModel`."""

    shape: Shape
    training: TrainOptions
    heads: tuple[str, ...]
    horizons_days: tuple[float, ...]
    churn_days: float
    return_days: int
    weights: Weights
    requests: int
    epoch_tokens: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """What a training leaves behind.

    Parameters
    ----------
    network : BehaviorNetwork
    trained : Trained
    skill : dict of head to float
        How much less surprising the held-out users are than by the usual answers; empty when
        none were held out.
    """

    network: BehaviorNetwork
    trained: Trained
    skill: dict[str, float]


def learn_behavior(
    rows: EventRows,
    recipe: Recipe,
    *,
    item_table: pa.Table | None,
    held_out: float,
    seed: int,
    running: Running | None,
) -> Learned:
    """Train a network on all heads that the rows have targets for.

    Parameters
    ----------
    rows : EventRows
    recipe : Recipe
    item_table : pa.Table or None
        What the shop says of its items.
    held_out : float
        Share of the users who only say when to stop; who they are depends on their ids alone.
    seed : int
    running : Running or None
        Checkpoints, progress, reports, and the processes that train together.

    Raises
    ------
    NotEnoughDataError
        If no head has a target.
    """
    running = running or Running()
    if not rows.n_events:
        raise NotEnoughDataError(NOTHING)
    running.tell_cost(learning_cost(rows, recipe, item_table=item_table))
    training, asked = _split(rows, held_out)
    items = _interests(training, item_table)
    margins = _margins(items.item_table)
    future, validation = (
        Future(rows=each, return_days=recipe.return_days, margins=margins)
        for each in (training, asked)
    )
    network = _started(rows, recipe, items, future, seed)
    network.to(device_named(recipe.training.device))
    running.world.agree(network)
    task = MultiTask(
        network=network,
        future=future,
        requests=recipe.requests,
        batch_tokens=recipe.training.batch_tokens,
        weights=recipe.weights,
        epoch_tokens=recipe.epoch_tokens,
        held_out=validation if asked.n_users else None,
        world=running.world,
    )
    trained = running.train(task, recipe.training, seed=seed)
    task.validate()
    network.cpu()
    return Learned(network=network, trained=trained, skill=task.skill)


def learning_cost(rows: EventRows, recipe: Recipe, *, item_table: pa.Table | None) -> Cost:
    """Give what the network of all heads that are asked for costs to train.

    Nothing as large as the network is made: it may be larger than memory is.

    Parameters
    ----------
    rows : EventRows
    recipe : Recipe
    item_table : pa.Table or None
        What the shop says of its items.

    Raises
    ------
    NotEnoughDataError
        If there are no rows.
    """
    if not rows.n_events:
        raise NotEnoughDataError(NOTHING)
    plan = _plan(rows, recipe)
    bags = item_bags(_interests(rows, item_table).item_table)
    with torch.device("meta"):  # shapes without numbers
        network = new_network(plan, bags)
    table = network.core.items
    of_items = 0 if table is None else sum(weight.numel() for weight in table.parameters())
    return cost_of(
        parameters=sum(weight.numel() for weight in network.parameters()),
        of_items=of_items,
        scored=len(rows.codes.item_ids) if "item" in plan.heads else 0,
        width=recipe.shape.width,
    )


def _split(rows: EventRows, held_out: float) -> tuple[EventRows, EventRows]:
    """Part users by the hashes of their ids."""
    there = np.flatnonzero(np.diff(rows.offsets))
    count = min(int(held_out * len(there)), MOST_HELD_OUT)
    order = np.argsort(hash_strings(rows.user_ids.take(pa.array(there))), kind="stable")
    asked, rest = np.sort(there[order[:count]]), np.sort(there[order[count:]])
    first, stop = rows.offsets[:-1], rows.offsets[1:]
    return rows.select(rest, first[rest], stop[rest]), rows.select(asked, first[asked], stop[asked])


def _started(
    rows: EventRows, recipe: Recipe, items: Sequences, future: Future, seed: int
) -> BehaviorNetwork:
    """Build the network of the heads that have targets, its items where they are met."""
    plan, bags = _plan(rows, recipe), item_bags(items.item_table)
    while True:
        torch.manual_seed(seed)
        network = new_network(plan, bags)
        empty = start_heads(network, future, requests=recipe.requests, seed=seed)
        heads = tuple(head for head in plan.heads if head not in empty)
        if not heads:
            raise NotEnoughDataError(NOTHING)
        if not empty:
            break
        plan = replace(plan, heads=heads)
    if plan.schema.item is not None and len(items.items):
        start_items(network.core, follow_vectors(items, recipe.shape.width, seed=seed))
    return network


def _plan(rows: EventRows, recipe: Recipe) -> Plan:
    """Say what to build for all heads that are asked for, that of items where there are any."""
    schema = behavior_schema(rows)
    return Plan(
        schema=schema,
        shape=recipe.shape,
        heads=tuple(head for head in recipe.heads if head != "item" or schema.item is not None),
        types=len(rows.codes.event_types),
        horizons_days=recipe.horizons_days,
        churn_days=recipe.churn_days,
    )


def _interests(rows: EventRows, item_table: pa.Table | None) -> Sequences:
    """Give the rows that have an item, as sequences of items."""
    there = rows["item"] >= 0
    before = np.concatenate(([0], np.cumsum(there)))
    return Sequences.from_arrays(
        before[rows.offsets],
        rows["item"][there],
        user_ids=rows.user_ids,
        item_ids=rows.codes.item_ids,
        item_table=item_table,
    )


def _margins(table: pa.Table | None) -> npt.NDArray[np.float64] | None:
    if table is None or MARGIN not in table.column_names:
        return None
    column = table.column(MARGIN)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return None
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), np.float64)
