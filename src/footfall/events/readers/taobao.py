"""Taobao UserBehavior: user, item, category, behavior and time in seconds, without a header."""

import re
from collections.abc import Sequence

import pyarrow as pa

from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Export
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, draft_of, epoch

__all__ = ["Taobao"]

_COLUMNS = ("user_id", "item_id", "category_id", "behavior_type", "timestamp")


class Taobao(Export):
    """Lines such as ``1,2268318,2520377,pv,1511544070``; behaviors are pv, cart, fav and buy."""

    name = "taobao"
    description = "Taobao UserBehavior (no header): pv, cart, fav, buy"
    format = FormatOptions(format="csv", delimiter=",", column_names=_COLUMNS)
    needs = _COLUMNS

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Know the names above, or a first line of data that was taken for a header."""
        if super().recognizes(column_names):
            return True
        line = ",".join(column_names)
        return re.fullmatch(r"\d+,\d+,\d+,(pv|cart|fav|buy),\d{10}", line) is not None

    def _convert(self, raw: RawColumns) -> pa.Table:
        return draft_of(
            raw.rows,
            {
                "user_id": raw.text("user_id"),
                "timestamp": epoch(raw.text("timestamp"), "s"),
                "event_type": raw.text("behavior_type"),
                "item_id": raw.text("item_id"),
                "properties": json_objects({"category_id": raw.text("category_id")}),
            },
        )
