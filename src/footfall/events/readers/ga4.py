"""Google Analytics 4 as BigQuery exports it: nested items and parameters, JSON lines or Parquet."""

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.readers.contract import Export
from footfall.events.readers.nested import (
    conform,
    explode,
    member,
    parameter,
    parameters_json,
    texts,
)
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, draft_of, epoch, first_given, renamed
from footfall.events.vocabulary import EVENT_TYPES

__all__ = ["Ga4"]

# GA4's names where they differ from ours. A page view is no view of an item, and a click of GA4 is
# one on a link that leaves the site, so both keep a name of their own.
_TYPES = {
    "view_item": "view",
    "page_view": "page",
    "view_item_list": "impression",
    "view_promotion": "impression",
    "select_item": "click",
    "select_promotion": "click",
    "click": "outbound_click",
    "begin_checkout": "checkout",
    "add_to_wishlist": "wishlist",
    "refund": "return",
    "view_search_results": "search",
}
_WELL_KNOWN = (*EVENT_TYPES, "page")
_NOTHING = pa.scalar(None, pa.string())
_VALUE = texts("string_value", "int_value", "float_value", "double_value")
_PARAMS = pa.list_(pa.struct([("key", pa.string()), ("value", _VALUE)]))
_ITEM_KEPT = (
    "item_name",
    "item_brand",
    "item_category",
    "item_variant",
    "item_list_name",
    "promotion_name",
    "coupon",
)
_ITEM_USED = ("item_id", "price", "quantity", "item_revenue", "item_refund", "item_list_index")
_ITEMS = pa.list_(texts(*_ITEM_USED, *_ITEM_KEPT))
_ORDER = texts("transaction_id", "purchase_revenue", "refund_value")
# What else is kept in properties: from the event's parameters, and from nested columns.
_PARAM_KEPT = ("page_location", "page_referrer")
_NESTED_KEPT = {
    "device": ("category", "operating_system"),
    "geo": ("country",),
    "traffic_source": ("source", "medium", "name"),
}
# Together these tell any two events apart; the last three are only in newer exports.
_IDENTITY = (
    "user_pseudo_id",
    "user_id",
    "event_timestamp",
    "event_name",
    "event_bundle_sequence_id",
    "batch_page_id",
    "batch_ordering_id",
    "batch_event_index",
)


class Ga4(Export):
    """One event for each item of a GA4 event, or one for an event without items.

    - User: user_id when the shop sets it, else user_pseudo_id. Session: ga_session_id, which GA4
      numbers within a device, behind the user_pseudo_id.
    - A search is one event, whatever items it found; its words are the parameter search_term.
    - price and quantity are the item's; the amount of a purchase is item_revenue, of a refund
      item_refund, of an event without items purchase_revenue, refund_value or the parameter value.
    - event_id is a hash of what tells events apart, the parameters and the item's place: reading an
      export twice adds nothing.
    - Events of the shop's own making keep all their parameters, as ``params`` in properties.
    """

    name = "ga4"
    description = "Google Analytics 4 BigQuery export (JSON lines, Parquet): nested items"
    needs = ("event_name", "event_timestamp", "user_pseudo_id")

    def _convert(self, raw: RawColumns) -> pa.Table:
        params = _read_params(raw)
        items = conform(raw.native("items"), _ITEMS, raw.length)
        order = conform(raw.native("ecommerce"), _ORDER, raw.length)
        kind = renamed(raw.text("event_name"), _TYPES)
        parent, child, place = explode(
            items, when=pc.fill_null(pc.not_equal(kind, "search"), fill_value=True)
        )
        item = items.flatten().take(child)
        event = _event_columns(raw, params, order, kind)
        columns = {name: array.take(parent) for name, array in event.items()}
        columns |= _item_columns(item, place, columns)
        kept = {name: a.take(parent) for name, a in _event_kept(raw, params, order).items()}
        kept |= {name: _set(member(item, name)) for name in _ITEM_KEPT}
        own = _own_params(params, kind).take(parent)
        columns["properties"] = json_objects(kept, written={"params": own})
        return draft_of(raw.rows.take(parent), columns)


def _read_params(raw: RawColumns) -> pa.Array:
    """Give each event's parameters as lists of key and value, the value as text."""
    params = conform(raw.native("event_params"), _PARAMS, raw.length)
    flat = params.flatten()
    value = member(flat, "value")
    text = first_given(*(member(value, kind.name) for kind in _VALUE))
    pairs = pa.StructArray.from_arrays([member(flat, "key"), text], names=["key", "value"])
    return pa.ListArray.from_arrays(params.offsets, pairs)


def _event_columns(
    raw: RawColumns, params: pa.Array, order: pa.Array, kind: pa.Array
) -> dict[str, pa.Array]:
    """Take what the event says, whatever its items; the amount is that of the whole order."""
    device = raw.text("user_pseudo_id")
    refund = pc.fill_null(pc.equal(kind, "return"), fill_value=False)
    of_order = pc.if_else(refund, member(order, "refund_value"), member(order, "purchase_revenue"))
    total = first_given(of_order, parameter(params, "value"))
    return {
        "event_id": _event_ids(raw, params),
        "user_id": first_given(raw.text("user_id"), device),
        "timestamp": epoch(raw.text("event_timestamp"), "us"),
        "event_type": kind,
        "session_id": pc.binary_join_element_wise(device, parameter(params, "ga_session_id"), "."),
        "amount": pc.if_else(pc.is_in(kind, pa.array(["purchase", "return"])), total, _NOTHING),
        "currency": parameter(params, "currency"),
        "query": parameter(params, "search_term"),
    }


def _item_columns(
    item: pa.Array, place: pa.Array, columns: dict[str, pa.Array]
) -> dict[str, pa.Array]:
    """Take what each item says; an event without items keeps the amount of the order."""
    kind = columns["event_type"]
    money = pc.if_else(
        pc.fill_null(pc.equal(kind, "return"), fill_value=False),
        member(item, "item_refund"),
        pc.if_else(pc.equal(kind, "purchase"), member(item, "item_revenue"), _NOTHING),
    )
    suffix = pc.fill_null(pc.binary_join_element_wise("-", pc.cast(place, pa.string()), ""), "")
    return {
        "event_id": pc.binary_join_element_wise(columns["event_id"], suffix, ""),
        "item_id": _set(member(item, "item_id")),
        "price": member(item, "price"),
        "quantity": member(item, "quantity"),
        "amount": pc.if_else(place.is_valid(), money, columns["amount"]),
        "slot": _set(member(item, "item_list_index")),
    }


def _event_kept(raw: RawColumns, params: pa.Array, order: pa.Array) -> dict[str, pa.Array]:
    """Take what the event keeps in properties."""
    kept = {name: parameter(params, name) for name in _PARAM_KEPT}
    kept["transaction_id"] = first_given(
        _set(member(order, "transaction_id")), parameter(params, "transaction_id")
    )
    for column, members in _NESTED_KEPT.items():
        struct = conform(raw.native(column), texts(*members), raw.length)
        kept |= {f"{column}_{name}": _set(member(struct, name)) for name in members}
    return kept


def _own_params(params: pa.Array, kind: pa.Array) -> pa.Array:
    """Write all parameters of the events whose type is the shop's own; null for the others."""
    own = pc.invert(pc.is_in(kind, pa.array(_WELL_KNOWN)))
    nothing = pa.nulls(len(params), pa.string())
    return pc.replace_with_mask(nothing, own, parameters_json(params.filter(own)))


def _event_ids(raw: RawColumns, params: pa.Array) -> pa.Array:
    """Hash what tells events apart: BigQuery's export has no id of an event."""
    parts = [pc.fill_null(raw.text(name), "") for name in _IDENTITY]
    flat = params.flatten()
    pairs = [pc.fill_null(member(flat, name), "") for name in ("key", "value")]
    joined_pairs = pc.binary_join_element_wise(*pairs, "=")
    listed = pa.ListArray.from_arrays(params.offsets, joined_pairs)
    parts.append(pc.binary_join(listed, "&"))
    joined = pc.binary_join_element_wise(*parts, "|").to_pylist()
    return pa.array(
        [hashlib.blake2b(one.encode(), digest_size=12).hexdigest() for one in joined], pa.string()
    )


def _set(text: pa.Array) -> pa.Array:
    """Take GA4's "(not set)" for what it is."""
    unset = pc.fill_null(pc.equal(text, "(not set)"), fill_value=False)
    return pc.if_else(unset, _NOTHING, text)
