"""Events as cohort questions name them: "any event", or types joined by "|"."""

import numpy as np
import numpy.typing as npt

from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.store.view import LogView

__all__ = ["ANY", "FIRST", "wanted_types", "whole_number"]

ANY = "any event"
FIRST = "first event"


def wanted_types(log: LogView, named: str, *, option: str, owner: str) -> npt.NDArray[np.bool_]:
    """Say of each event type whether it is meant.

    Parameters
    ----------
    log : LogView
    named : str
        "any event" (or "first event": any may be the first), or event types joined by "|".
    option, owner : str
        What errors name.

    Returns
    -------
    ndarray of bool, shape (types,)

    Raises
    ------
    OptionError
        If it is no text, or a type the log has never seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", "2026-01-01", "view")])
    >>> int(wanted_types(log, "view|purchase", option="start", owner="retention").sum())
    2
    """
    if not isinstance(named, str) or not named.strip():
        allowed = f"{ANY!r} or event types such as 'purchase' or 'view|click'"
        raise OptionError.of(option, owner, allowed, named)
    wanted = np.zeros(len(log.event_types), np.bool_)
    everything = named.strip() in {ANY, FIRST} and named.strip() not in log.event_types
    wanted[slice(None) if everything else codes_of(log, named)] = True
    return wanted


def whole_number(value: object, *, option: str, owner: str, least: int, most: int) -> int:
    """Check an option that is a whole number.

    Raises
    ------
    OptionError
        If it is none, or not between ``least`` and ``most``.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise OptionError.of(option, owner, f"an int from {least} to {most:,}", value)
    return value
