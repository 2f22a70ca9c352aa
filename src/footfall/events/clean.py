"""Turns drafts of events into events: every row is kept, or rejected by a rule with a name."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.events.cells import CleanOptions, cells_of
from footfall.events.columns import ROW
from footfall.events.rules import RULES, Rule

__all__ = ["RULES", "CleanOptions", "Cleaned", "Rule", "clean"]


@dataclass(frozen=True)
class Cleaned:
    """The rows that were kept, and what became of the others.

    Parameters
    ----------
    events : pyarrow.Table
        The required columns and those optional ones the draft has, with the types of
        `EVENT_SCHEMA`, and the int64 column ``__row__``.
    rejects : dict of str to int64 array
        By the name of the rule the numbers of the rows that it rejected, in their order. Rules
        that rejected nothing are left out.
    repaired : dict of str to int
        By the name of the rule how many of the kept rows it changed.
    """

    events: pa.Table
    rejects: dict[str, np.ndarray]
    repaired: dict[str, int]


def clean(draft: pa.Table, options: CleanOptions) -> Cleaned:
    """Read, judge and repair the rows of a draft.

    Parameters
    ----------
    draft : pyarrow.Table
        Columns of events of any type, and ``__row__`` (without it rows are counted from 1).
    options : CleanOptions
        The clock, the zone of times that name none, and other things rows do not say.

    Returns
    -------
    Cleaned
        ``events.num_rows`` and the lengths of ``rejects`` add up to ``draft.num_rows``.

    Raises
    ------
    MappingError
        When the draft lacks a required column.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> import pyarrow as pa
    >>> draft = pa.table({
    ...     "user_id": ["17850.0", ""],
    ...     "timestamp": ["2024-01-02 10:00", "2024-01-02 10:01"],
    ...     "event_type": ["pv", "buy"],
    ... })
    >>> cleaned = clean(draft, CleanOptions(now=datetime(2024, 6, 1, tzinfo=UTC)))
    >>> cleaned.events.select(["user_id", "event_type"]).to_pylist()
    [{'user_id': '17850', 'event_type': 'view'}]
    >>> {rule: rows.tolist() for rule, rows in cleaned.rejects.items()}
    {'no_user': [2]}
    """
    cells = cells_of(draft, options)
    rows = cells.table[ROW].to_numpy()
    kept = np.ones(len(rows), bool)
    rejects: dict[str, np.ndarray] = {}
    repaired: dict[str, int] = {}
    for rule in RULES:  # all that reject stand before those that repair
        found = rule.find(cells, options) & kept
        if not found.any():
            continue
        if rule.kind == "reject":
            rejects[rule.name] = rows[found]
            kept &= ~found
        else:
            repaired[rule.name] = int(found.sum())
    events = cells.table if kept.all() else cells.table.filter(pa.array(kept))
    return Cleaned(events, rejects, repaired)
