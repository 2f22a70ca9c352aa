"""Shopify's Orders export: one line an item, the order's own fields on its first line only."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import ROW
from footfall.events.readers.contract import Export, Reader
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, constant, draft_of, first_given

__all__ = ["Shopify"]

# Fields of the order, carried down to its other lines.
_ORDER = (
    "Email",
    "Phone",
    "Created at",
    "Currency",
    "Cancelled at",
    "Financial Status",
    "Discount Code",
    "Source",
)
_TAKEN_BACK = ("refunded", "voided")
_CARRIED = ("order", "line", *_ORDER)


class Shopify(Export):
    """A purchase for each line of an order, and returns for what was cancelled or refunded.

    - User: the email in lower case, else the phone number. Session: the order's name. Time: Created
      at. Item: the SKU, else the line's name.
    - An order that is cancelled, or whose financial status is refunded or voided, gives a return
      for each line, at Cancelled at (else at Created at: the export has no time of a refund).
    - A refund of a part gives one return without an item, of the Refunded Amount.
    - Names, addresses, notes and phone numbers are left out. Line name, vendor, line discount,

    An order may go on in the next batch of rows, so `start` gives a new reader for each file.

    Examples
    --------
    >>> raw = pa.table({"Name": ["#1001", "#1001"], "Email": ["ann@example.com", ""],
    ...     "Created at": ["2026-01-05 10:00:00 +0100", ""], "Lineitem quantity": ["1", "2"],
    ...     "Lineitem name": ["Kettle", "Cup"], "Lineitem price": ["29.90", "4.50"],
    ...     "__row__": [1, 2]})
    >>> draft = Shopify().start("orders.csv").convert(raw)
    >>> draft["user_id"].to_pylist(), draft["item_id"].to_pylist()
    (['ann@example.com', 'ann@example.com'], ['Kettle', 'Cup'])
    """

    name = "shopify"
    description = "Shopify orders CSV: lines of orders, cancellations and refunds"
    needs = ("Name", "Email", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price")

    def __init__(self) -> None:
        self._last: dict[str, pa.Array] | None = None

    def start(self, file: str) -> Reader:  # noqa: ARG002 -- every file is read alike, but apart
        """Give a reader that remembers the order it is in, for one file."""
        return Shopify()

    def _convert(self, raw: RawColumns) -> pa.Table:
        order = self._carried_down(raw)
        bought = _lines(raw, order)
        purchases = _events(raw.rows, bought, "purchase", order["Created at"])
        back = pc.or_kleene(
            pc.is_valid(order["Cancelled at"]),
            pc.is_in(order["Financial Status"], pa.array(_TAKEN_BACK)),
        )
        when = first_given(order["Cancelled at"], order["Created at"])
        returns = _events(raw.rows, bought, "return", when).filter(back)
        part = pc.and_(pc.invert(back), _has_amount(raw.text("Refunded Amount")))
        refunds = _refunds(raw, bought, order["Created at"]).filter(part)
        drafts = pa.concat_tables([purchases, returns, refunds], promote_options="default")
        # In the order of the file, and a purchase before its return.
        return drafts.take(pa.array(np.argsort(drafts[ROW].to_numpy(), kind="stable")))

    def _carried_down(self, raw: RawColumns) -> dict[str, pa.Array]:
        """Fill each line's order fields from the lines above it, also across batches."""
        fields = {"order": raw.text("Name"), **{name: raw.text(name) for name in _ORDER}}
        fields["Financial Status"] = pc.utf8_lower(fields["Financial Status"])
        last = self._last or {name: pa.nulls(1, pa.string()) for name in _CARRIED}
        joined = {name: pa.concat_arrays([last[name], fields[name]]) for name in fields}
        # A line without a name goes on with the order above it.
        joined["order"] = pc.fill_null_forward(joined["order"])
        filled, starts = _filled_by_order(joined)
        before = int(last["line"][0].as_py() or 0)
        filled["line"] = _line_numbers(starts, before)
        if raw.length:
            self._last = {name: filled[name].slice(raw.length) for name in _CARRIED}
        return {name: array.slice(1) for name, array in filled.items()}


def _filled_by_order(
    fields: Mapping[str, pa.Array],
) -> tuple[dict[str, pa.Array], npt.NDArray[np.bool_]]:
    """Carry the first value of each field down to the end of its order.

    Returns
    -------
    (fields, starts)
        The filled arrays, and for each row whether an order starts there.
    """
    codes = pc.fill_null(fields["order"].dictionary_encode().indices, -1).to_numpy()
    starts = np.concatenate([[True], codes[1:] != codes[:-1]])
    rows = np.arange(len(codes))
    filled: dict[str, pa.Array] = {}
    for name, array in fields.items():
        given = array.is_valid().to_numpy(zero_copy_only=False)
        source = np.maximum.accumulate(np.where(given | starts, rows, 0))
        filled[name] = array.take(pa.array(source))
    return filled, starts


def _line_numbers(starts: npt.NDArray[np.bool_], before: int) -> pa.Array:
    """Count the lines within each order; row 0 is the last line of the batch before."""
    rows = np.arange(len(starts))
    first = np.maximum.accumulate(np.where(starts, rows, 0))
    numbers = rows - first + 1
    numbers[first == 0] += before - 1
    return pc.cast(pa.array(numbers), pa.string())


def _lines(raw: RawColumns, order: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Take the columns that a line's purchase and its return share."""
    kept = {
        "name": raw.text("Lineitem name"),
        "vendor": raw.text("Vendor"),
        "line_discount": raw.text("Lineitem discount"),
        "discount_code": order["Discount Code"],
        "source": order["Source"],
    }
    return {
        "event_id": pc.binary_join_element_wise(order["order"], order["line"], "/"),
        "user_id": first_given(pc.utf8_lower(order["Email"]), order["Phone"]),
        "item_id": first_given(raw.text("Lineitem sku"), raw.text("Lineitem name")),
        "session_id": order["order"],
        "quantity": raw.text("Lineitem quantity"),
        "price": raw.text("Lineitem price"),
        "currency": order["Currency"],
        "properties": json_objects(kept),
    }


def _events(rows: pa.Array, lines: Mapping[str, pa.Array], kind: str, when: pa.Array) -> pa.Table:
    """Make one event of a kind from each line."""
    ids = lines["event_id"]
    if kind != "purchase":
        ids = pc.binary_join_element_wise(ids, kind, "/")
    columns = {**lines, "event_id": ids, "timestamp": when, "event_type": constant(kind, len(rows))}
    return draft_of(rows, columns)


def _has_amount(text: pa.Array) -> pa.Array:
    """Say where an amount is given and is not zero."""
    return pc.fill_null(pc.match_substring_regex(text, "[1-9]"), fill_value=False)


def _refunds(raw: RawColumns, lines: Mapping[str, pa.Array], when: pa.Array) -> pa.Table:
    """Make one return of the whole order's Refunded Amount from each line."""
    columns = {
        "event_id": pc.binary_join_element_wise(lines["session_id"], "refund", "/"),
        "user_id": lines["user_id"],
        "timestamp": when,
        "event_type": constant("return", raw.length),
        "session_id": lines["session_id"],
        "amount": raw.text("Refunded Amount"),
        "currency": lines["currency"],
    }
    return draft_of(raw.rows, columns)
