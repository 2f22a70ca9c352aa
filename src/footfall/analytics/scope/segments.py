"""Segments of users: a rule or a list of ids under a name, and who is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.scope.rules import users_matching
from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.store.view import LogView

__all__ = ["Segment", "members_of", "segment_named"]


@dataclass(frozen=True)
class Segment:
    """Users under a name: those a rule finds, or those of a list.

    Parameters
    ----------
    name : str
    rule : str, optional
        Such as ``"count(purchase) >= 2 and days_since(view) < 30"``; see
        :func:`footfall.analytics.scope.rules.users_matching`.
    users : sequence of str, optional
        Ids; ids the log has never seen count for nothing.

    Raises
    ------
    OptionError
        Unless exactly one of ``rule`` and ``users`` is given.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", 1, "view"), ("bob", 2, "purchase")])
    >>> Segment("buyers", rule="did(purchase)").members(log).tolist()
    [False, True]
    >>> Segment("asked", users=["ann", "zoe"]).members(log).tolist()
    [True, False]
    """

    name: str
    rule: str | None = None
    users: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise OptionError.of("name", "Segment", "a word or two", self.name)
        if (self.rule is None) == (self.users is None):
            got = "neither" if self.rule is None else "both"
            raise OptionError.of("rule", "Segment", "given, or users=, one of them", got)
        if isinstance(self.users, str):
            raise OptionError.of("users", "Segment", "a list of ids", self.users)

    def members(
        self, log: LogView, at: Moment | None = None, *, time_zone: str = "UTC"
    ) -> npt.NDArray[np.bool_]:
        """Say of each user code whether the user is in the segment.

        Parameters
        ----------
        log : LogView
        at : str, datetime or int, optional
            The moment to look from; nothing later counts. None: the last event of the log.
        time_zone : str, default="UTC"
            Zone of the days a rule counts.

        Returns
        -------
        ndarray of bool, shape (user codes,)
        """
        if self.rule is not None:
            return users_matching(log, self.rule, at=at, time_zone=time_zone)
        members = np.zeros(len(log.user_ids), np.bool_)
        codes = log.user_ids.codes(pa.array([str(u) for u in self.users or ()], pa.string()))
        members[codes[codes >= 0]] = True
        return members

    def to_json(self) -> dict[str, Any]:
        """Give what is saved under the segment's name."""
        return {"rule": self.rule} if self.rule is not None else {"users": [*(self.users or ())]}


def segment_named(log: LogView, name: str) -> Segment:
    """Read a saved segment of a log.

    Raises
    ------
    OptionError
        If the log has none of this name; near names are suggested.
    """
    saved = log.saved_segment(name)
    return Segment(name, rule=saved.get("rule"), users=saved.get("users"))


def members_of(
    log: LogView, segment: "str | Segment", at: Moment | None = None, *, time_zone: str = "UTC"
) -> npt.NDArray[np.bool_]:
    """Say of each user code whether the user is in a segment.

    Parameters
    ----------
    log : LogView
    segment : str or Segment
        The name of a saved one, or one that was made here.
    at : str, datetime or int, optional
        The moment a rule looks from. None: the last event of the log.
    time_zone : str, default="UTC"
        Zone of the days a rule counts.

    Returns
    -------
    ndarray of bool, shape (user codes,)

    Raises
    ------
    OptionError
        If there is no such segment, or its rule cannot be read.
    """
    if isinstance(segment, str):
        segment = segment_named(log, segment)
    return segment.members(log, at, time_zone=time_zone)
