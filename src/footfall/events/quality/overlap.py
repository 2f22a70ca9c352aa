"""How the ids of the log meet those of the shop's own table of items or users."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Overlap", "overlap_of"]


@dataclass(frozen=True)
class Overlap:
    """Ids of the log beside ids of a table.

    Parameters
    ----------
    in_log, in_table : int
        Different ids of each.
    found : int
        Ids of the log that the table has.
    unknown : int
        Ids of the log that it lacks.
    unknown_events : int
        Events of those.
    unknown_listed : list of str
        Those with most events.
    never_seen : int
        Ids of the table without any event.
    nearly_found : int
        Unknown ids that the table has in another spelling: upper or lower case, spaces around,
        leading zeros, or a ".0" behind.
    """

    in_log: int
    in_table: int
    found: int
    unknown: int
    unknown_events: int
    unknown_listed: list[str]
    never_seen: int
    nearly_found: int


def overlap_of(
    log_ids: pa.Array, events: npt.NDArray[np.int64], table_ids: pa.ChunkedArray, *, listed: int
) -> Overlap:
    """Compare ids.

    Parameters
    ----------
    log_ids : pa.Array of string, length N
        Different ids that occur in the log.
    events : ndarray of int64, shape (N,)
        Events of each.
    table_ids : pa.ChunkedArray
        The id column of the table; repeats and nulls do not count.
    listed : int
        How many unknown ids to name.

    Examples
    --------
    >>> ids, table = pa.array(["1", "7", "cup"]), pa.chunked_array([["01", "cup", "pot"]])
    >>> found = overlap_of(ids, np.array([5, 9, 2]), table, listed=3)
    >>> found.found, found.unknown_listed, found.never_seen, found.nearly_found
    (1, ['7', '1'], 2, 1)
    """
    table = table_ids.cast(pa.string()).unique().drop_null()
    known = pc.is_in(log_ids, table).to_numpy(zero_copy_only=False)
    lost = np.flatnonzero(~known)
    order = lost[np.argsort(-events[lost], kind="stable")]
    unknown = log_ids.take(pa.array(lost))
    spelled = pc.is_in(_plain_spelling(unknown), _plain_spelling(table))
    return Overlap(
        in_log=len(log_ids),
        in_table=len(table),
        found=int(known.sum()),
        unknown=len(lost),
        unknown_events=int(events[lost].sum()),
        unknown_listed=log_ids.take(pa.array(order[:listed])).to_pylist(),
        never_seen=len(table) - int(known.sum()),
        nearly_found=int(pc.sum(spelled).as_py() or 0),
    )


def _plain_spelling(ids: pa.Array) -> pa.Array:
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(ids))
    plain = pc.replace_substring_regex(plain, r"^([0-9]+)\.0$", r"\1")
    return pc.replace_substring_regex(plain, "^0+(.)", r"\1")
