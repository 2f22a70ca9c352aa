"""Nodes: what the places of a path are, as dense codes and names, with the rare ones as one."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.analytics.path.naming import ByField, ByType, Naming
from footfall.analytics.scope.fields import field_named
from footfall.analytics.scope.grouping import OTHER
from footfall.errors import OptionError
from footfall.events.vocabulary import event_type_of
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["NamesNodes", "Nodes", "nodes_of"]


class NamesNodes(Protocol):
    """Something that ``nodes=`` takes: :class:`Patterns`, :class:`Categories`."""

    def naming(self, log: LogView, *, owner: str) -> Naming:
        """Find what it needs in a log."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Names of nodes, and how the events of a chunk get theirs.

    Parameters
    ----------
    names : tuple of str, length K
        The place of a name is its code.
    naming : Naming
        Labels events.
    left_out : ndarray of int16
        Event types whose events are no nodes at all.
    other : int
        Code of what has no name of its own; -1 where everything has.
    """

    names: tuple[str, ...]
    naming: Naming
    left_out: npt.NDArray[np.int16]
    other: int = -1

    def __len__(self) -> int:
        return len(self.names)

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that :meth:`of` reads."""
        return self.naming.columns

    def of(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        """Give the node of each event, shape (N,); -1 where it is passed over."""
        codes, labels = self.naming.labels(chunk)
        found = pc.index_in(labels, pa.array(self.names, pa.string()))
        place = found.fill_null(self.other).to_numpy(zero_copy_only=False).astype(np.int32)
        if isinstance(self.naming, ByType):
            place[self.left_out] = -1
            return place[codes]
        nodes = place[codes]
        if len(self.left_out):
            nodes[np.isin(chunk["event_type"], self.left_out)] = -1
        return nodes

    def codes(self, log: LogView, names: str, *, option: str, owner: str) -> npt.NDArray[np.int32]:
        """Give the codes of the nodes some names joined by "|" stand for.

        Raises
        ------
        OptionError
            If there is no such node; near names are suggested.
        """
        if not isinstance(names, str):
            raise OptionError.of(option, owner, "the name of a node", names)
        found = []
        for name in _split(names, self.names):
            word = name
            if word not in self.names and isinstance(self.naming, ByType):
                word = event_type_of(word)
                log.event_type_code(word)  # says near names of event types
            if word not in self.names:
                raise _no_node(name, self.names, option, owner)
            found.append(self.names.index(word))
        return np.array(sorted(set(found)), np.int32)

    def mask(self, codes: Array) -> npt.NDArray[np.bool_]:
        """Say of each node whether it is among some codes."""
        wanted = np.zeros(len(self.names), np.bool_)
        wanted[codes] = True
        return wanted


def _split(names: str, known: Sequence[str]) -> list[str]:
    return [names] if names in known else [part.strip() for part in names.split("|")]


def _no_node(name: str, names: Sequence[str], option: str, owner: str) -> OptionError:
    near = difflib.get_close_matches(name, names, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    some = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return OptionError(str(OptionError.of(option, owner, f"a node: {some}", name)) + hint)


def nodes_of(
    log: LogView,
    nodes: str | NamesNodes | None,
    *,
    owner: str,
    without: str | None = None,
    most: int | None = None,
    least_users: int = 1,
    keep: Sequence[str | None] = (),
) -> Nodes:
    """Decide what the nodes of a log are.

    Parameters
    ----------
    log : LogView
    nodes : None, str, Patterns or Categories
        None: event types. A str: values of a field.
    owner : str
        The question, for errors.
    without : str, optional
        Event types ("impression|void") that are passed over.
    most : int, optional
        How many nodes keep their name: those of most users; the rest becomes "(other)".
    least_users : int, default=1
        A node needs as many users to keep its name.
    keep : sequence of str
        Names (joined by "|") that are kept however rare.

    Raises
    ------
    OptionError
        If an option is not as above.
    """
    for option, value in (("most_nodes", most), ("least_users", least_users)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise OptionError.of(option, owner, "an int of at least 1", value)
    naming = _naming(log, nodes, owner)
    passed = _split(without, log.event_types) if without else []
    left_out = np.array(
        sorted({log.event_type_code(_type_name(log, name)) for name in passed}), np.int16
    )
    by_type = isinstance(naming, ByType)
    if by_type and least_users == 1 and (most is None or len(log.event_types) <= most):
        return Nodes(log.event_types, naming, left_out)
    support = log.map(
        partial(_support, naming, left_out),
        _added,
        columns=naming.columns,
        label=f"{owner}: nodes",
    )
    wanted = {part for names in keep if names for part in _split(names, [*support])}
    wanted |= {event_type_of(name) for name in wanted} if by_type else set()
    ranked = sorted(support, key=lambda name: (-support[name], name))
    kept = [name for name in ranked if support[name] >= least_users]
    kept = kept if most is None else kept[:most]
    kept += [name for name in ranked if name in wanted and name not in set(kept)]
    if by_type:  # asked for, known to the log, and without a single event
        known = set(log.event_types)
        kept += sorted(name for name in wanted & known if name not in support)
    if len(kept) >= len(support):
        return Nodes(tuple(kept), naming, left_out)
    kept = [name for name in kept if name != OTHER]
    return Nodes((*kept, OTHER), naming, left_out, len(kept))


def _naming(log: LogView, nodes: str | NamesNodes | None, owner: str) -> Naming:
    if nodes is None or nodes == "event_type":
        return ByType(log.event_types)
    if isinstance(nodes, str):
        return ByField(log.event_types, field_named(log, nodes, owner=owner, option="nodes"))
    if not hasattr(nodes, "naming"):
        allowed = "a field's name, Patterns(...) or Categories(...)"
        raise OptionError.of("nodes", owner, allowed, nodes)
    return nodes.naming(log, owner=owner)


def _type_name(log: LogView, name: str) -> str:
    return name if name in log.event_types else event_type_of(name)


@kernel(types.void(i64, i32, out_i32, out_i64))
def _count_users(offsets: Array, node: Array, seen: Array, users: Array) -> None:
    for user in range(len(offsets) - 1):
        for row in range(offsets[user], offsets[user + 1]):
            at = node[row]
            if at >= 0 and seen[at] != user + 1:
                seen[at] = user + 1
                users[at] += 1


def _support(
    naming: Naming, left_out: npt.NDArray[np.int16], chunk: UserChunk
) -> tuple[list[str], list[int]]:
    """Count the users of each label of a chunk."""
    codes, labels = naming.labels(chunk)
    unique = labels.dictionary_encode()
    place = unique.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    nodes = place[codes]
    if len(left_out):
        nodes[np.isin(chunk["event_type"], left_out)] = -1
    size = len(unique.dictionary)
    users = np.zeros(size, np.int64)
    _count_users(chunk.offsets, nodes, np.zeros(size, np.int32), users)
    found = np.flatnonzero(users)
    return unique.dictionary.take(pa.array(found)).to_pylist(), users[found].tolist()


def _added(parts: list[tuple[list[str], list[int]]]) -> dict[str, int]:
    """Add up the users of labels (users are never in two chunks)."""
    total: dict[str, int] = {}
    for labels, users in parts:
        for label, count in zip(labels, users, strict=True):
            total[label] = total.get(label, 0) + count
    return total
