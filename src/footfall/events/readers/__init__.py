"""Readers of named exports: one file each, found by name or by the columns of a file."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from footfall.errors import OptionError
from footfall.events.readers.cdnow import Cdnow
from footfall.events.readers.complete_journey import CompleteJourney
from footfall.events.readers.contract import Reader
from footfall.events.readers.footfall import Footfall
from footfall.events.readers.ga4 import Ga4
from footfall.events.readers.online_retail import OnlineRetail
from footfall.events.readers.open_bandit import OpenBandit
from footfall.events.readers.rees46 import Rees46
from footfall.events.readers.retailrocket import RetailRocket
from footfall.events.readers.segment import Segment
from footfall.events.readers.sequences import Sequences
from footfall.events.readers.shopify import Shopify
from footfall.events.readers.taobao import Taobao

__all__ = ["READERS", "Reader", "detect_reader", "reader_named"]

_ALL: tuple[Reader, ...] = (
    Ga4(),
    Segment(),
    Shopify(),
    RetailRocket(),
    Rees46(),
    Taobao(),
    OnlineRetail(),
    CompleteJourney(),
    Cdnow(),
    OpenBandit(),
    Sequences(),
    Footfall(),
)

# By name, in the order in which files are tried.
READERS: Mapping[str, Reader] = MappingProxyType({reader.name: reader for reader in _ALL})


def reader_named(name: str) -> Reader:
    """Find a reader by the name that ``--reader`` takes.

    Raises
    ------
    OptionError
        When there is no such reader.

    Examples
    --------
    >>> reader_named("taobao").description
    'Taobao UserBehavior (no header): pv, cart, fav, buy'
    """
    reader = READERS.get(name.strip().lower().replace("-", "_"))
    if reader is None:
        raise OptionError.of("reader", "ingest", f"one of {', '.join(READERS)}", name)
    return reader


def detect_reader(column_names: Sequence[str]) -> str | None:
    """Tell a known export by the columns of a file.

    Parameters
    ----------
    column_names
        The header of the file; of a file without one, the cells of its first line.

    Returns
    -------
    str or None
        The reader's name, None when no reader or more than one knows these columns.

    Examples
    --------
    >>> detect_reader(["timestamp", "visitorid", "event", "itemid", "transactionid"])
    'retailrocket'
    >>> detect_reader(["1", "2268318", "2520377", "pv", "1511544070"])
    'taobao'
    >>> detect_reader(["who", "what", "when"]) is None
    True
    """
    known = [name for name, reader in READERS.items() if reader.recognizes(column_names)]
    return known[0] if len(known) == 1 else None
