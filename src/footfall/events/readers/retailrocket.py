"""RetailRocket's events.csv: views, carts and transactions of a shop, times in milliseconds."""

import pyarrow as pa

from footfall.events.readers.contract import Export
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, draft_of, epoch

__all__ = ["RetailRocket"]


class RetailRocket(Export):
    """Columns timestamp, visitorid, event, itemid, transactionid.

    The transaction goes to properties. It is no session: only purchases have one, and a session
    that held them alone would tear the visit apart.

    Examples
    --------
    >>> raw = pa.table({"timestamp": ["1433221332117"], "visitorid": ["257597"], "event": ["view"],
    ...                 "itemid": ["355908"], "transactionid": [""], "__row__": [1]})
    >>> RetailRocket().convert(raw).column_names
    ['user_id', 'timestamp', 'event_type', 'item_id', '__row__']
    """

    name = "retailrocket"
    description = "RetailRocket events.csv: view, addtocart, transaction"
    needs = ("timestamp", "visitorid", "event", "itemid")

    def _convert(self, raw: RawColumns) -> pa.Table:
        columns = {
            "user_id": raw.text("visitorid"),
            "timestamp": epoch(raw.text("timestamp"), "ms"),
            "event_type": raw.text("event"),
            "item_id": raw.text("itemid"),
        }
        kept = raw.texts("transactionid")
        if kept:
            columns["properties"] = json_objects(kept)
        return draft_of(raw.rows, columns)
