"""Files with our own column names, as `footfall simulate` writes them."""

from collections.abc import Sequence

import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, REQUIRED
from footfall.events.readers.contract import Export
from footfall.events.readers.raw_columns import RawColumns, draft_of, folded

__all__ = ["Footfall"]


class Footfall(Export):
    """Columns named as ours, each optional but user_id, timestamp and event_type.

    Price and amount are in major units (19.99), properties is a JSON object as text. Other columns
    of the file are left out.

    Examples
    --------
    >>> raw = pa.table({"user_id": ["ann"], "timestamp": ["2026-01-01T10:00:00Z"],
    ...                 "event_type": ["view"], "price": ["19.99"], "__row__": [1]})
    >>> draft = Footfall().convert(raw).to_pylist()[0]
    >>> draft["user_id"], draft["price"]
    ('ann', '19.99')
    """

    name = "footfall"
    description = "Files with footfall's own column names, as `footfall simulate` writes them"
    needs = REQUIRED

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Know our files by their columns: all of them are ours, so nothing would be left out."""
        names = {folded(name) for name in column_names}
        return super().recognizes(column_names) and names <= {folded(n) for n in EVENT_SCHEMA.names}

    def _convert(self, cells: RawColumns) -> pa.Table:
        present = (name for name in EVENT_SCHEMA.names if cells.native(name) is not None)
        native = (*_NATIVE, "timestamp")
        return draft_of(
            cells.rows,
            {name: cells.native(name) if name in native else cells.text(name) for name in present},
        )


# Already numbers in a Parquet file: text would only cost time.
_NATIVE = ("quantity", "price", "amount", "rating", "slot", "propensity", "reward")
