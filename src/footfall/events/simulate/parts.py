"""The simulation as a stream of tables, each a part of one file."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.events.simulate.behavior import CHANNELS
from footfall.events.simulate.blocks import BLOCK_USERS, Groups, ahead, run_blocks
from footfall.events.simulate.state import World
from footfall.events.simulate.tables import EventTables, Money, item_table, user_table
from footfall.events.simulate.truth import (
    ad_truth,
    channel_truth,
    item_truth,
    policy_truth,
    user_truth,
)

__all__ = ["PARTS", "Part", "Progress", "stream_parts"]

# The files of a simulation, without their endings.
PARTS = (
    "events",
    "users",
    "items",
    "truth/users",
    "truth/items",
    "truth/ads",
    "truth/policy",
    "truth/channels",
    "truth/impressions",
)
GROUP_EVENTS = 262_144
GROUP_USERS = 65_536

Progress = Callable[[int, int], None]  # users done, users in all


class Part(NamedTuple):
    """Some rows of one file."""

    name: str
    table: pa.Table


def stream_parts(
    world: World,
    *,
    unit: Money,
    block_users: int = BLOCK_USERS,
    on_progress: Progress | None = None,
) -> Iterator[Part]:
    """Simulate, and yield every file's rows in pieces that no block size changes.

    Parameters
    ----------
    world : World
        What was drawn before.
    unit : {"minor", "major"}
        Of money: "minor" gives events the exact types of `EVENT_SCHEMA`, "major" gives decimals
        and dictionary columns, for files.
    block_users : int
        Shoppers made at a time; changes nothing but memory.
    on_progress : callable, optional
        Called with (users done, users in all) now and then.

    Yields
    ------
    Part
        Each of `PARTS` at least once.
    """
    yield Part("items", item_table(world.catalog, world.options, unit))
    yield Part("truth/items", item_truth(world))
    yield Part("truth/ads", ad_truth(world))
    yield Part("truth/policy", policy_truth(world))
    tables = EventTables(world)
    rows, shoppers = Groups(GROUP_EVENTS), Groups(GROUP_USERS)
    channels = np.zeros((2, len(CHANNELS)), np.int64)
    done = 0
    for block in ahead(run_blocks(world, block_users=block_users)):
        for piece in rows.add(block.rows):
            yield from _event_parts(tables, piece, unit)
        for piece in shoppers.add(block.shoppers):
            yield from _user_parts(world, piece)
        channels += block.channels
        done += len(block.shoppers)
        if on_progress is not None:
            on_progress(done, world.options.users)
    yield from _event_parts(tables, rows.rest(), unit)
    yield from _user_parts(world, shoppers.rest())
    yield Part("truth/channels", channel_truth(world, channels))


def _event_parts(tables: EventTables, rows: npt.NDArray[np.void], unit: Money) -> Iterator[Part]:
    yield Part("events", tables.events(rows) if unit == "minor" else tables.export(rows, unit))
    yield Part("truth/impressions", tables.impressions(rows))


def _user_parts(world: World, shoppers: npt.NDArray[np.void]) -> Iterator[Part]:
    yield Part("users", user_table(shoppers))
    yield Part("truth/users", user_truth(world, shoppers))
