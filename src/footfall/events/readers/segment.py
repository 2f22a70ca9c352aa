"""Segment's e-commerce spec: track and page calls as JSON lines."""

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.readers.contract import Export
from footfall.events.readers.nested import conform, explode, member, texts
from footfall.events.readers.properties import json_objects, json_values
from footfall.events.readers.raw_columns import RawColumns, draft_of, first_given, renamed
from footfall.events.vocabulary import EVENT_TYPES

__all__ = ["Segment"]

# Names of the spec, version 2 and the older version 1, in lower case.
_TYPES = {
    "product viewed": "view",
    "viewed product": "view",
    "product clicked": "click",
    "promotion clicked": "click",
    "product list viewed": "impression",
    "promotion viewed": "impression",
    "product added": "add_to_cart",
    "added product": "add_to_cart",
    "wishlist product added to cart": "add_to_cart",
    "product removed": "remove_from_cart",
    "removed product": "remove_from_cart",
    "product added to wishlist": "wishlist",
    "products searched": "search",
    "checkout started": "checkout",
    "order completed": "purchase",
    "completed order": "purchase",
    "order refunded": "return",
    "order cancelled": "return",
    "product reviewed": "review",
}
_WELL_KNOWN = pa.array([*EVENT_TYPES, "page"])
_NOTHING = pa.scalar(None, pa.string())

_ITEM_USED = ("product_id", "sku", "price", "quantity", "position")
_ITEM_KEPT = ("name", "brand", "category", "variant", "coupon")
_ORDER_USED = ("query", "currency", "revenue", "total", "rating", "review_body", "session_id")
_ORDER_KEPT = ("order_id", "checkout_id", "cart_id", "list_id", "promotion_id", "affiliation")
_PROPERTIES = pa.struct(
    [
        *texts(*_ITEM_USED, *_ITEM_KEPT, *_ORDER_USED, *_ORDER_KEPT),
        ("products", pa.list_(texts(*_ITEM_USED, *_ITEM_KEPT))),
    ]
)
_CONTEXT = pa.struct(
    [
        ("page", texts("url", "referrer")),
        ("campaign", texts("source", "medium", "name")),
        ("device", texts("type")),
        ("sessionId", pa.string()),
    ]
)
_CONTEXT_KEPT = {
    "page_url": ("page", "url"),
    "page_referrer": ("page", "referrer"),
    "campaign_source": ("campaign", "source"),
    "campaign_medium": ("campaign", "medium"),
    "campaign_name": ("campaign", "name"),
    "device_type": ("device", "type"),
}


class Segment(Export):
    """One event for each product of a call, or one for a call without products.

    - User: userId, else anonymousId. Time: timestamp, else originalTimestamp, sentAt, receivedAt.
    - Item: product_id, else sku. The lists of products in orders, checkouts and product lists are
      opened; a search is one event, whatever it found.
    - The amount of an order without products is its revenue, else its total.
    - event_id is the messageId, with the product's place where a list was opened.
    - A page or screen call becomes a `page`; identify, group and alias calls are no events.
    - Calls of the shop's own making keep all their properties, as ``properties`` in properties.
    """

    name = "segment"
    description = "Segment e-commerce spec (JSON lines): track and page calls with products"
    needs = ("event", "messageId", "properties")

    def _convert(self, raw: RawColumns) -> pa.Table:
        calls = conform(raw.native("properties"), _PROPERTIES, raw.length)
        kind = _kinds(raw)
        opened = pc.and_(pc.is_in(kind, _WELL_KNOWN), pc.not_equal(kind, "search"))
        products = member(calls, "products")
        parent, child, place = explode(products, when=pc.fill_null(opened, fill_value=False))
        product = products.flatten().take(child)
        call = calls.take(parent)
        columns = {name: a.take(parent) for name, a in _call_columns(raw, calls, kind).items()}
        columns |= _item_columns(product, call, place, columns)
        kept = {name: a.take(parent) for name, a in _call_kept(raw, calls).items()}
        kept |= {name: _of_item(product, call, place, name) for name in _ITEM_KEPT}
        own = pc.if_else(pc.is_in(kind, _WELL_KNOWN), _NOTHING, _as_json(raw)).take(parent)
        columns["properties"] = json_objects(kept, written={"properties": own})
        drafts = draft_of(raw.rows.take(parent), columns)
        return drafts.filter(drafts["event_type"].is_valid())


def _kinds(raw: RawColumns) -> pa.Array:
    """Name each call's event type; null for calls that are no events."""
    event = raw.text("event")
    known = renamed(pc.utf8_lower(event), _TYPES)
    kind = pc.if_else(pc.is_in(pc.utf8_lower(event), pa.array(list(_TYPES))), known, event)
    call = raw.text("type")
    shown = pc.is_in(call, pa.array(["page", "screen"]))
    tracked = pc.or_(pc.equal(pc.fill_null(call, "track"), "track"), shown)
    return pc.if_else(tracked, pc.if_else(shown, "page", kind), _NOTHING)


def _call_columns(raw: RawColumns, calls: pa.Array, kind: pa.Array) -> dict[str, pa.Array]:
    """Take what the call says, whatever its products; the amount is that of the whole order."""
    total = first_given(member(calls, "revenue"), member(calls, "total"))
    total = pc.if_else(pc.equal(kind, "return"), member(calls, "total"), total)
    context = conform(raw.native("context"), _CONTEXT, raw.length)
    times = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
    return {
        "event_id": raw.text("messageId"),
        "user_id": first_given(raw.text("userId"), raw.text("anonymousId")),
        "timestamp": first_given(*(raw.text(name) for name in times)),
        "event_type": kind,
        "session_id": first_given(member(context, "sessionId"), member(calls, "session_id")),
        "amount": pc.if_else(pc.is_in(kind, pa.array(["purchase", "return"])), total, _NOTHING),
        "currency": member(calls, "currency"),
        "query": member(calls, "query"),
        "text": member(calls, "review_body"),
        "rating": member(calls, "rating"),
    }


def _of_item(product: pa.Array, call: pa.Array, place: pa.Array, name: str) -> pa.Array:
    """Take a member of the product where a list was opened, else of the call itself."""
    return pc.if_else(place.is_valid(), member(product, name), member(call, name))


def _item_columns(
    product: pa.Array, call: pa.Array, place: pa.Array, columns: dict[str, pa.Array]
) -> dict[str, pa.Array]:
    """Take what each product says; the amount of an opened order is left to its products."""
    suffix = pc.fill_null(pc.binary_join_element_wise("-", pc.cast(place, pa.string()), ""), "")
    return {
        "event_id": pc.binary_join_element_wise(columns["event_id"], suffix, ""),
        "item_id": first_given(
            _of_item(product, call, place, "product_id"), _of_item(product, call, place, "sku")
        ),
        "price": _of_item(product, call, place, "price"),
        "quantity": _of_item(product, call, place, "quantity"),
        "slot": _of_item(product, call, place, "position"),
        "amount": pc.if_else(place.is_valid(), _NOTHING, columns["amount"]),
    }


def _call_kept(raw: RawColumns, calls: pa.Array) -> dict[str, pa.Array]:
    """Take what the call keeps in properties."""
    context = conform(raw.native("context"), _CONTEXT, raw.length)
    kept = {name: member(calls, name) for name in _ORDER_KEPT}
    return kept | {name: member(context, *path) for name, path in _CONTEXT_KEPT.items()}


def _as_json(raw: RawColumns) -> pa.Array:
    """Give the properties column as JSON text, as it came or written."""
    native = raw.native("properties")
    if native is None:
        return pa.nulls(raw.length, pa.string())
    return native if pa.types.is_string(native.type) else json_values(native)
