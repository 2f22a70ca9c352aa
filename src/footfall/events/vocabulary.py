"""The event types footfall knows. Any other name is kept as a custom type."""

__all__ = ["ALIASES", "EVENT_TYPES", "event_type_of"]

# The order is the code on disk: append, never reorder.
EVENT_TYPES: tuple[str, ...] = (
    "view",
    "search",
    "click",
    "add_to_cart",
    "remove_from_cart",
    "wishlist",
    "checkout",
    "purchase",
    "return",
    "review",
    "impression",
)

# What other systems call the same thing (lower case, words joined by "_").
ALIASES: dict[str, str] = {
    "addtocart": "add_to_cart",
    "begin_checkout": "checkout",
    "buy": "purchase",
    "cart": "add_to_cart",
    "checkout_started": "checkout",
    "fav": "wishlist",
    "favorite": "wishlist",
    "favourite": "wishlist",
    "order": "purchase",
    "order_completed": "purchase",
    "page_view": "view",
    "pageview": "view",
    "product_added": "add_to_cart",
    "product_clicked": "click",
    "product_removed": "remove_from_cart",
    "product_viewed": "view",
    "products_searched": "search",
    "pv": "view",
    "refund": "return",
    "refunded": "return",
    "remove": "remove_from_cart",
    "select_item": "click",
    "transaction": "purchase",
    "view_item": "view",
    "view_search_results": "search",
    "add_to_wishlist": "wishlist",
    "购买": "purchase",
    "加购": "add_to_cart",
    "收藏": "wishlist",
    "浏览": "view",
    "搜索": "search",
    "点击": "click",
    "退货": "return",
    "评价": "review",
    "下单": "checkout",
    "结算": "checkout",
    "移出购物车": "remove_from_cart",
    "曝光": "impression",
}


def event_type_of(name: str) -> str:
    """Map a shop's own word for an event onto the vocabulary; unknown names stay as they are.

    Examples
    --------
    >>> [event_type_of(name) for name in ("Product Added", "pv", "quiz-finished")]
    ['add_to_cart', 'view', 'quiz-finished']
    """
    key = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    if key in EVENT_TYPES:
        return key
    return ALIASES.get(key, name.strip())
