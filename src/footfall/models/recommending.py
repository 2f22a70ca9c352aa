"""The network of a recommender: made from options, trained on sequences, kept as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from footfall.errors import InputError
from footfall.features.gathering import Gather
from footfall.features.held_out import HeldOut
from footfall.features.item_bags import Bag, bags_among
from footfall.features.sequences import Sequences
from footfall.models.device import device_named
from footfall.models.network import Network, Shape
from footfall.models.next_item import (
    Loss,
    NextItem,
    last_states,
    packed_items,
    windows,
)
from footfall.models.running import Running
from footfall.models.runs import Runs
from footfall.models.schema import Field, Schema
from footfall.models.shards import Shard, part_network
from footfall.models.size import Cost, cost_of
from footfall.models.tokens import ItemTable
from footfall.models.training import Trained, TrainOptions
from footfall.models.warm_start import follow_vectors, met_with_others, part_words

__all__ = [
    "Recipe",
    "learn_items",
    "make_chances",
    "network_from",
    "recipe_cost",
    "score_items",
    "score_states",
    "user_states",
]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]

ALONE_AND_SILENT = Running()
MOST_VALIDATED = 5_000  # users whose held-out items decide when to stop
TABLE = "items."
ATTRIBUTES, KEYS = f"{TABLE}attributes.", f"{TABLE}keys_"  # vectors of words, and their keys


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to build and how to train it.

    Parameters
    ----------
    shape : Shape
    training : TrainOptions
    loss : {"all", "sampled", "bce", "gbce"}
    negatives : int
    augment : tuple of str
        See `footfall.models.augment.augment`.
    epoch_rows : int or None
        Rows of an epoch, at most; None: all.
    shard : {"none", "items", "all"}
        What processes part among themselves: see `footfall.models.shards.part_network`.
    """

    shape: Shape
    training: TrainOptions
    loss: Loss = "all"
    negatives: int = 1024
    augment: tuple[str, ...] = ()
    epoch_rows: int | None = None
    shard: Shard = "none"


def learn_items(
    sequences: Sequences,
    recipe: Recipe,
    *,
    bags: list[Bag],
    held_out: HeldOut | None,
    seed: int,
    start: Mapping[str, Array] | None = None,
    running: Running = ALONE_AND_SILENT,
) -> tuple[dict[str, Array], Trained]:
    """Train a network on what came next.

    Parameters
    ----------
    sequences : Sequences
        Of several processes each has its own users, and all have the same catalogue: see
        `footfall.features.gathering`.
    recipe : Recipe
    bags : list of Bag
        Attributes of the items.
    held_out : HeldOut or None
        By which to stop; this process's.
    seed : int
    start : mapping of arrays or None
        Weights to go on from; None: random ones, and item vectors from what follows what and from
        what the items' words say.
    running : Running
        Checkpoints, progress, reports, and the processes that train together.

    Returns
    -------
    weights : dict of arrays
        See `network_from`; and keys of the bags' words, by which a later `start` finds them.
    trained : Trained
    """
    gather = running.world.gather
    inputs, targets = windows(sequences.by_user_id(), recipe.shape.context)
    runs = Runs.of(inputs, running.world)
    torch.manual_seed(seed)
    network = _new_network(sequences.n_items, recipe.shape, bags)
    if start is None:
        _start(network, sequences, bags, seed, gather)
    else:
        _take_over(network, start, bags)
    network.to(device_named(recipe.training.device))
    running.world.agree(network)  # where directions are equally strong, each may find others
    world = part_network(network, running.world, recipe.shard)
    task = NextItem(
        network=network,
        inputs=packed_items(inputs, network),
        targets=targets,
        batch_tokens=recipe.training.batch_tokens,
        loss_of=recipe.loss,
        negatives=recipe.negatives,
        held_out=None if held_out is None else held_out.together(gather).some(MOST_VALIDATED),
        world=world,
        augment=recipe.augment,
        epoch_rows=recipe.epoch_rows,
        runs=runs,
    )
    trained = running.train(task, recipe.training, seed=seed, world=world)
    weights = {k: world.whole(k, w).numpy() for k, w in network.state_dict().items()}
    return weights | {f"{KEYS}{at}": bag.keys for at, bag in enumerate(bags)}, trained


def network_from(weights: Mapping[str, Array], shape: Shape) -> Network:
    """Build the network that weights belong to.

    Parameters
    ----------
    weights : mapping of name to array
        From `learn_items`.
    shape : Shape
        The one it was trained with.

    Raises
    ------
    InputError
        If they do not fit together.
    """
    if f"{TABLE}own" not in weights:
        raise InputError("The model has no vectors of items. Train and save it again.")
    bags = bags_among(weights, TABLE)
    network = _new_network(len(weights[f"{TABLE}own"]), shape, bags)
    try:
        network.load_state_dict(
            {k: torch.from_numpy(w) for k, w in weights.items() if not k.startswith(KEYS)}
        )
    except RuntimeError as error:
        raise InputError("The model's weights are not those of its options.") from error
    network.eval()
    return network


def user_states(network: Network, table: Tensor, histories: Sequences) -> Float32:
    """Give the state after each user's last row, by the latest rows.

    Parameters
    ----------
    network : Network
    table : Tensor, shape (V, C)
        ``network.table()``.
    histories : Sequences

    Returns
    -------
    float32 array, shape (B, C)
        Zeros for users without rows.
    """
    states: Float32 = last_states(network, packed_items(histories, network), table).numpy()
    return states


def score_states(states: Float32, table: Tensor) -> Float32:
    """Score all items after given states.

    Parameters
    ----------
    states : float32 array, shape (B, C)
    table : Tensor, shape (V, C)

    Returns
    -------
    float32 array, shape (B, V)
        Logarithms of chances, but for a constant a user.
    """
    return states @ table.numpy().T  # of so few rows NumPy's product is the faster one


def score_items(network: Network, table: Tensor, histories: Sequences) -> Float32:
    """Score all items for users, by their latest rows: see `user_states`, `score_states`."""
    return score_states(user_states(network, table, histories), table)


def make_chances(scores: Float32) -> None:
    """Turn scores that are logarithms of chances, but for a constant a row, into chances, in place.

    Parameters
    ----------
    scores : float32 array, shape (B, V)

    Examples
    --------
    >>> scores = np.log(np.array([[3, 1]], np.float32)) - 7
    >>> make_chances(scores)
    >>> scores.round(4).tolist()
    [[0.75, 0.25]]
    """
    rows = torch.from_numpy(scores)
    torch.softmax(rows, 1, out=rows)
    rows.nan_to_num_(0.0)  # where every item is shut out


def recipe_cost(items: int, recipe: Recipe, bags: list[Bag]) -> Cost:
    """Give what a network for so many items costs to train.

    Parameters
    ----------
    items : int
    recipe : Recipe
    bags : list of Bag
    """
    with torch.device("meta"):  # shapes without numbers: the answer may be more than memory holds
        network = _new_network(items, recipe.shape, bags)
    parameters = sum(weight.numel() for weight in network.parameters())
    table = network.items
    of_items = 0 if table is None else sum(weight.numel() for weight in table.parameters())
    scored = items if recipe.loss == "all" else recipe.negatives
    return cost_of(
        parameters=parameters, of_items=of_items, scored=scored, width=recipe.shape.width
    )


def _new_network(items: int, shape: Shape, bags: list[Bag]) -> Network:
    schema = Schema([Field(name="item", kind="item", size=items)])
    return Network(schema, shape, ItemTable.of_bags(items, shape.width, bags))


@torch.no_grad()
def _start(
    network: Network, sequences: Sequences, bags: list[Bag], seed: int, gather: Gather
) -> None:
    """Start the items' vectors from which items follow each other, and the words' from these."""
    vectors = follow_vectors(sequences, network.shape.width, seed=seed, gather=gather)
    own, words = part_words(vectors, bags, met_with_others(sequences, gather=gather))
    weights = dict(network.named_parameters())
    for name, value in {"own": own, **{f"attributes.{k}": w for k, w in enumerate(words)}}.items():
        weights[TABLE + name].copy_(torch.from_numpy(value))


@torch.no_grad()
def _take_over(network: Network, weights: Mapping[str, Array], bags: list[Bag]) -> None:
    """Copy what was learned; items and words that came since keep the vectors they start with."""
    keys = _keys(weights)
    own = dict(network.named_parameters())  # and no buffers: the items' attributes may be others
    for name in own.keys() & weights.keys():
        given = torch.from_numpy(weights[name])
        if name == f"{TABLE}own":
            own[name][: len(given)] = given
        elif keys and name.startswith(ATTRIBUTES):
            continue  # by their words, below
        elif own[name].shape == given.shape:
            own[name].copy_(given)
    if keys:
        vectors = [weights[f"{ATTRIBUTES}{at}"] for at in range(len(keys))]
        _take_over_words(own, np.concatenate(keys), np.concatenate(vectors), bags)


def _take_over_words(
    own: Mapping[str, Tensor], keys: Array, vectors: Array, bags: list[Bag]
) -> None:
    """Copy the vectors of words that are in the bags still, wherever they stand there."""
    for place, bag in enumerate(bags):
        _, here, there = np.intersect1d(bag.keys, keys, return_indices=True)
        own[f"{ATTRIBUTES}{place}"][torch.from_numpy(here)] = torch.from_numpy(vectors[there])


def _keys(weights: Mapping[str, Array]) -> list[Array]:
    """Give the keys of each bag's words; none for models saved before there were any."""
    return [weights[f"{KEYS}{at}"] for at in range(sum(k.startswith(KEYS) for k in weights))]
