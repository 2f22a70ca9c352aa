"""REES46 open data: a multi-category shop's clickstream with sessions, categories and brands."""

import pyarrow as pa

from footfall.events.readers.contract import Export
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, draft_of

__all__ = ["Rees46"]


class Rees46(Export):
    """Columns event_time, event_type, product_id, category_*, brand, price, user_id, user_session.

    Category and brand go to properties: they belong to the item, but the file has no item table.
    """

    name = "rees46"
    description = "REES46 multi-category store: view, cart, remove_from_cart, purchase"
    needs = ("event_time", "event_type", "product_id", "user_id", "user_session")

    def _convert(self, raw: RawColumns) -> pa.Table:
        kept = raw.texts("category_id", "category_code", "brand")
        columns = {
            "user_id": raw.text("user_id"),
            "timestamp": raw.text("event_time"),
            "event_type": raw.text("event_type"),
            "item_id": raw.text("product_id"),
            "session_id": raw.text("user_session"),
            "price": raw.text("price"),
        }
        if kept:
            columns["properties"] = json_objects(kept)
        return draft_of(raw.rows, columns)
