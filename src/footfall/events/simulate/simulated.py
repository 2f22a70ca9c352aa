"""A simulation held in memory."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from footfall.events.simulate.blocks import draw_world
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.parts import PARTS, Progress, stream_parts
from footfall.events.simulate.truth import facts

__all__ = ["Simulated", "Truth", "simulate"]


@dataclass(frozen=True)
class Truth:
    """What the log hides.

    Parameters
    ----------
    users : pa.Table
        Tastes, price sensitivity, tempo, churn: see `truth.user_truth`.
    items : pa.Table
        Factors, quality, popularity, followers: see `truth.item_truth`.
    ads : pa.Table
        What is needed to compute any expected reward: see `truth.ad_truth`.
    policy : pa.Table
        The logging policy whole: see `truth.policy_truth`.
    channels : pa.Table
        True effects of channels: see `truth.channel_truth`.
    impressions : pa.Table
        True click probability of every impression in the log.
    facts : dict
        Options, parameters and planted causes, plain values.
    """

    users: pa.Table
    items: pa.Table
    ads: pa.Table
    policy: pa.Table
    channels: pa.Table
    impressions: pa.Table
    facts: dict[str, Any]


@dataclass(frozen=True)
class Simulated:
    """A simulated shop.

    Parameters
    ----------
    options : SimulateOptions
        What was simulated.
    events : pa.Table
        The log, in the types of `EVENT_SCHEMA`; user by user, each in time order.
    users, items : pa.Table
        What the shop knows of its users and items; prices in minor units.
    truth : Truth
        What it does not know.
    """

    options: SimulateOptions
    events: pa.Table
    users: pa.Table
    items: pa.Table
    truth: Truth


def simulate(options: SimulateOptions, *, on_progress: Progress | None = None) -> Simulated:
    """Simulate a shop's log and the truth behind it.

    For logs that do not fit into memory see `write_simulation`.

    Parameters
    ----------
    options : SimulateOptions
        What to simulate.
    on_progress : callable, optional
        Called with (users done, users in all) now and then.

    Returns
    -------
    Simulated
        The same for the same options, always.

    Examples
    --------
    >>> shop = simulate(SimulateOptions(users=50, days=30, seed=7))
    >>> shop.users.num_rows, shop.items.num_rows
    (50, 2000)
    >>> shop.events == simulate(SimulateOptions(users=50, days=30, seed=7)).events
    True
    """
    world = draw_world(options)
    pieces: dict[str, list[pa.Table]] = {name: [] for name in PARTS}
    for part in stream_parts(world, unit="minor", on_progress=on_progress):
        pieces[part.name].append(part.table)
    tables = {name: pa.concat_tables(some) for name, some in pieces.items()}
    hidden = {name.partition("/")[2]: table for name, table in tables.items() if "/" in name}
    truth = Truth(facts=facts(world), **hidden)
    return Simulated(options, tables["events"], tables["users"], tables["items"], truth)
