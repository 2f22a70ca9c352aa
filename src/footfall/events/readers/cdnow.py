"""CDNOW_master.txt: every order of 23,570 customers of an online CD shop, 1997-98."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Export
from footfall.events.readers.raw_columns import RawColumns, constant, draft_of

__all__ = ["Cdnow"]

_COLUMNS = ("customer_id", "date", "number_of_cds", "dollar_value")


class Cdnow(Export):
    """Lines of customer, date, number of CDs and dollars, parted by blanks; one order a line.

    - The items of an order are not in the file: events are purchases without an item.
    - Two orders of one customer on one day may look alike (255 lines repeat another). Each has
      an event_id of its own, from its line, so that none is taken for a copy of another.
    - Some copies of the file begin with a line of column names; it gives no event.

    Examples
    --------
    >>> raw = pa.table({"customer_id": ["00001"], "date": ["19970101"], "number_of_cds": ["1"],
    ...                 "dollar_value": ["11.77"], "__row__": [1]})
    >>> draft = Cdnow().convert(raw).to_pylist()[0]
    >>> draft["timestamp"], draft["amount"]
    ('1997-01-01', '11.77')
    """

    name = "cdnow"
    description = "CDNOW_master.txt: customer, date, number of CDs, dollars (no header)"
    format = FormatOptions(format="csv", delimiter=" ", column_names=_COLUMNS)
    needs = _COLUMNS

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Know the names above, also when the blanks between them were not split."""
        return super().recognizes([word for name in column_names for word in name.split()])

    def _convert(self, raw: RawColumns) -> pa.Table:
        columns = {
            "event_id": pc.binary_join_element_wise(
                "cdnow", raw.text("customer_id"), pc.cast(raw.rows, pa.string()), "-"
            ),
            "user_id": raw.text("customer_id"),
            "timestamp": pc.replace_substring_regex(
                raw.text("date"), r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3"
            ),
            "event_type": constant("purchase", raw.length),
            "quantity": raw.text("number_of_cds"),
            "amount": raw.text("dollar_value"),
        }
        header = pc.equal(columns["user_id"], "customer_id")
        return draft_of(raw.rows, columns).filter(pc.invert(pc.fill_null(header, fill_value=False)))
