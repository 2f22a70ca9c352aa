"""Things that are bought: items, or what the item table says of them (category, brand)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.scope.fields import Looked, field_named
from footfall.errors import OptionError
from footfall.store.view import LogView

__all__ = ["Things", "things_of"]


@dataclass(frozen=True)
class Things:
    """What a basket is made of, and the thing that each item is.

    Parameters
    ----------
    names : pa.Array of string, length T
    of_item : ndarray of int32, shape (items + 1,)
        Thing of each item code; -1: no thing. The last one is for events without an item.
    text : str
        What a thing is, for definitions.
    """

    names: pa.Array
    of_item: npt.NDArray[np.int32]
    text: str

    def __len__(self) -> int:
        return len(self.names)

    def has(self, name: str) -> bool:
        """Say whether there is a thing of this name."""
        return bool(self.names.index(name).as_py() >= 0)

    def code(self, name: str, *, option: str, owner: str) -> int:
        """Give the place of a thing.

        Raises
        ------
        OptionError
            If there is none of this name.
        """
        place = self.names.index(name).as_py()
        if place < 0:
            raise OptionError.of(option, owner, f"the name of one of the {self.text}", name)
        return int(place)


def things_of(log: LogView, level: str, depth: int | None, *, owner: str) -> Things:
    """Say what baskets are made of.

    Parameters
    ----------
    log : LogView
    level : str
        "item", or a column of the item table such as "category" or "brand".
    depth : int or None
        Parts of a path to keep, from the left: "home/kitchen/kettles" at depth 1 is "home".

    Raises
    ------
    OptionError
        If there is no such column, or the depth is no int of at least 1.
    """
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
        raise OptionError.of("depth", owner, "an int of at least 1, or None", depth)
    if level in ("item", "item_id"):
        size = len(log.item_ids)
        return Things(
            log.item_ids.strings(), np.append(np.arange(size), -1).astype(np.int32), "items"
        )
    home, _, column = level.rpartition(".")
    if not home and log.items is not None and column in log.items.column_names:
        home = "items"  # whatever else of the log has a column of this name
    found = field_named(
        log, f"{home}.{column}" if home else column, owner=owner, option="level", time_zone="UTC"
    )
    if not isinstance(found, Looked) or found.key != "item":
        raise OptionError.of("level", owner, "'item' or a column of the item table", level)
    words = found.words.cast(pa.string()).to_pylist()
    names = [name if depth is None else "/".join(name.split("/")[:depth]) for name in words]
    kept = sorted(set(names))
    place = {name: number for number, name in enumerate(kept)}
    of_name = np.array([*(place[name] for name in names), -1], np.int32)
    text = f"{level} of items" + ("" if depth is None else f" at depth {depth}")
    return Things(pa.array(kept, pa.string()), of_name[found.code_of], text)
