"""Runs the shoppers in blocks, and cuts what they did into groups that no block size changes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from footfall.events.simulate.ads import make_ads
from footfall.events.simulate.behavior import CHANNELS
from footfall.events.simulate.catalog import make_catalog
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.shoppers import make_shoppers
from footfall.events.simulate.state import (
    MAX_USER_EVENTS,
    ROW_TYPE,
    SESSION_EVENTS,
    World,
    open_shop,
)
from footfall.events.simulate.users import run_users

__all__ = ["Block", "Groups", "ahead", "draw_world", "run_blocks"]

BLOCK_USERS = 4096
_SHEET_ROWS = 2 * (MAX_USER_EVENTS + SESSION_EVENTS)
_PILOTS = 2048  # shoppers whose natural tempo is measured to meet `events_per_user`
T = TypeVar("T")


class Block(NamedTuple):
    """What some shoppers did.

    Parameters
    ----------
    rows : ndarray of `ROW_TYPE` records
        Their events, shopper by shopper, each in time order.
    shoppers : ndarray of `SHOPPER` records
        The shoppers, with the moment they churned.
    channels : ndarray of shape (2, channels), int64
        Touches by channel, and orders gained by them in millionths.
    """

    rows: npt.NDArray[np.void]
    shoppers: npt.NDArray[np.void]
    channels: npt.NDArray[np.int64]


def draw_world(options: SimulateOptions) -> World:
    """Draw what is there before any shopper comes: catalog, ads, and the tempo that was asked for.

    Parameters
    ----------
    options : SimulateOptions
        Of the simulation.

    Returns
    -------
    World
        With `tempo_scale` set so that the first shoppers make `events_per_user` events, about.
    """
    catalog = make_catalog(options)
    world = World(options, catalog, make_ads(options, catalog), 1.0)
    if options.events_per_user is None:
        return world
    return world._replace(tempo_scale=_fit_tempo(world, options.events_per_user))


def _fit_tempo(world: World, wanted: float) -> float:
    """Find the tempo at which the first shoppers make the wanted number of events (two secants)."""
    pilots = min(world.options.users, _PILOTS)

    def events_at(scale: float) -> float:
        blocks = run_blocks(world._replace(tempo_scale=scale), users=pilots)
        return sum(len(block.rows) for block in blocks) / pilots

    low, low_events = 0.0, events_at(0.0)
    scale, events = 1.0, events_at(1.0)
    for _ in range(2):
        slope = max((events - low_events) / (scale - low), 1e-9)
        scale = min(max(low + (wanted - low_events) / slope, 1e-6), 1e4)
        events = events_at(scale)
    return scale * min(max(wanted / max(events, 1e-9), 0.5), 2.0)


def run_blocks(
    world: World, *, users: int | None = None, block_users: int = BLOCK_USERS
) -> Iterator[Block]:
    """Simulate the shoppers, a block at a time.

    Parameters
    ----------
    world : World
        What was drawn before.
    users : int, optional
        Only the first so many shoppers; None: all of them.
    block_users : int
        Shoppers made at a time; changes nothing but memory.

    Yields
    ------
    Block
        In the order of the shoppers' numbers.
    """
    shop = open_shop(world)
    total = world.options.users if users is None else users
    for first in range(0, total, block_users):
        count = min(block_users, total - first)
        shoppers = make_shoppers(world.options, first, count, world.tempo_scale)
        done = 0
        while done < count:
            sheet = np.empty(_SHEET_ROWS, ROW_TYPE)
            channels = np.zeros((2, len(CHANNELS)), np.int64)
            written, until = run_users(shop, shoppers, done, sheet, channels)
            yield Block(sheet[:written], shoppers[done:until], channels)
            done = until


class Groups:
    """Cuts a stream of arrays into pieces of one length, whatever lengths come in.

    Parameters
    ----------
    size : int
        Length of a piece.

    Examples
    --------
    >>> groups = Groups(3)
    >>> parts = [np.array([1, 2]), np.array([3, 4, 5, 6, 7])]
    >>> [piece.tolist() for part in parts for piece in groups.add(part)]
    [[1, 2, 3], [4, 5, 6]]
    >>> groups.rest().tolist()
    [7]
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: list[npt.NDArray[Any]] = []
        self._length = 0

    def add(self, array: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """Take in an array; yield each piece that is now full."""
        self._waiting.append(array)
        self._length += len(array)
        if self._length < self._size:
            return
        joined = np.concatenate(self._waiting)
        whole = self._length // self._size * self._size
        for start in range(0, whole, self._size):
            yield joined[start : start + self._size]
        self._waiting, self._length = [joined[whole:].copy()], self._length - whole

    def rest(self) -> npt.NDArray[Any]:
        """Give what is left, shorter than a piece; to be asked after something came."""
        return np.concatenate(self._waiting)


def ahead(work: Iterator[T]) -> Iterator[T]:
    """Make the next thing in a second thread while the caller handles this one.

    Parameters
    ----------
    work : iterator
        Whose items are made one at a time.

    Yields
    ------
    object
        The items, in order.

    Examples
    --------
    >>> list(ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    nothing = object()
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(next, work, nothing)
        while (item := waiting.result()) is not nothing:
            waiting = pool.submit(next, work, nothing)
            yield item  # type: ignore[misc]  # not `nothing`, hence a T
