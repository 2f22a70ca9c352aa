"""UCI Online Retail and Online Retail II: invoice lines of a British gift wholesaler."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.readers.contract import Export
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, draft_of, folded

__all__ = ["OnlineRetail"]


class OnlineRetail(Export):
    """One event an invoice line, the invoice as its session; cancellations become returns.

    A line is a `return` when its invoice number starts with "C" or its quantity is negative; the
    quantity is then written without the sign. Postage, bank charges and manual corrections are
    lines with stock codes such as POST and M: they stay, as items. Lines without a customer stay
    too, for cleaning to reject and count.

    Times are as the file has them: "12/1/2010 8:26" is read with the month first.

    Examples
    --------
    >>> raw = pa.table({"Invoice": ["C536379"], "StockCode": ["D"], "Quantity": ["-1"],
    ...                 "InvoiceDate": ["12/1/2010 9:41"], "Price": ["27.5"],
    ...                 "Customer ID": ["14527.0"], "__row__": [1]})
    >>> draft = OnlineRetail().convert(raw).to_pylist()[0]
    >>> draft["event_type"], draft["quantity"], draft["user_id"]
    ('return', '1', '14527')
    """

    name = "online_retail"
    description = "UCI Online Retail I and II (CSV, Excel, Parquet): invoices and cancellations"
    needs = ("StockCode", "Quantity", "InvoiceDate")

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Know both editions: InvoiceNo, UnitPrice, CustomerID and Invoice, Price, Customer ID."""
        names = {folded(name) for name in column_names}
        return (
            super().recognizes(column_names)
            and bool(names & {"invoiceno", "invoice"})
            and "customerid" in names
        )

    def _convert(self, raw: RawColumns) -> pa.Table:
        invoice = raw.text("InvoiceNo", "Invoice")
        quantity = raw.text("Quantity")
        back = pc.or_(pc.starts_with(invoice, "C"), pc.starts_with(quantity, "-"))
        back = pc.fill_null(back, fill_value=False)
        columns = {
            "user_id": pc.replace_substring_regex(raw.text("CustomerID"), r"\.0+$", ""),
            "timestamp": raw.time("InvoiceDate"),
            "event_type": pc.if_else(back, "return", "purchase"),
            "item_id": raw.text("StockCode"),
            "session_id": invoice,
            "quantity": pc.if_else(back, pc.replace_substring_regex(quantity, "^-", ""), quantity),
            "price": raw.text("UnitPrice", "Price"),
        }
        kept = raw.texts("Description", "Country")
        if kept:
            columns["properties"] = json_objects({key.lower(): kept[key] for key in kept})
        return draft_of(raw.rows, columns)
