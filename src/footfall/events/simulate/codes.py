"""Small numbers for long strings: what kernels write, and the strings the log gets instead."""

import json

from footfall.events.simulate.ads import ADS, ad_names
from footfall.events.simulate.behavior import CHANNELS, DEVICES, LAYOUTS, PAYMENTS, SHIPPING
from footfall.events.simulate.catalog import Catalog
from footfall.events.simulate.shoppers import AGE_BANDS
from footfall.events.simulate.words import (
    ADJECTIVES,
    CATEGORIES,
    LANGUAGES,
    NO_RESULT_QUERIES,
    query_words,
    review_words,
)

__all__ = [
    "AD_CLICKS",
    "CHECKOUTS",
    "CLICKS",
    "DISCOUNTS",
    "IMPRESSIONS",
    "LANDINGS",
    "NO_RESULTS",
    "POSITIONS",
    "QUERIES_A_CATEGORY",
    "REASONS",
    "RETURNS",
    "SEARCHES",
    "property_strings",
    "query_strings",
    "review_strings",
]

DISCOUNTS = (0, 10, 20)  # per cent
PAGES = ("home", "product")
REASONS = ("quality", "size", "changed_mind")
POSITIONS = 20  # of the search results that get clicks

QUERIES_A_CATEGORY = 1 + len(ADJECTIVES) + 5
NO_RESULTS = len(LANGUAGES) * len(CATEGORIES) * QUERIES_A_CATEGORY  # first code of those queries

# First code of each kind of properties.
LANDINGS = 0  # + ((page * channels + channel) * devices + device) * discounts + discount
IMPRESSIONS = LANDINGS + len(PAGES) * len(CHANNELS) * len(DEVICES) * len(DISCOUNTS)  # + segment
SEARCHES = IMPRESSIONS + len(AGE_BANDS) * len(DEVICES)  # + category; after the last: no results
CLICKS = SEARCHES + len(CATEGORIES) + 1  # + position - 1
AD_CLICKS = CLICKS + POSITIONS  # + ad
RETURNS = AD_CLICKS + ADS  # + reason
# Checkouts and purchases: shipping, payment, layout, device, discount; the last runs fastest.
CHECKOUTS = RETURNS + len(REASONS)


def _json(**values: object) -> str:
    return json.dumps(values, separators=(",", ":"))


def property_strings(catalog: Catalog) -> list[str]:
    """Spell out the properties of every code, as JSON.

    Parameters
    ----------
    catalog : Catalog
        Its categories say how many results a search has.

    Returns
    -------
    list of str
        The string of each code.
    """
    landings = [
        _json(page=page, channel=channel, device=device, discount=discount)
        for page in PAGES
        for channel in CHANNELS
        for device in DEVICES
        for discount in DISCOUNTS
    ]
    impressions = [_json(age=age, device=device) for age in AGE_BANDS for device in DEVICES]
    sizes = (catalog.categories["stop"] - catalog.categories["start"]).tolist()
    searches = [_json(results=size) for size in [*sizes, 0]]
    clicks = [_json(position=position + 1) for position in range(POSITIONS)]
    ad_clicks = [_json(ad=ad) for ad in ad_names()]
    returns = [_json(reason=reason) for reason in REASONS]
    checkouts = [
        _json(shipping=shipping, payment=payment, layout=layout, device=device, discount=discount)
        for shipping in SHIPPING
        for payment in PAYMENTS
        for layout in LAYOUTS
        for device in DEVICES
        for discount in DISCOUNTS
    ]
    return [*landings, *impressions, *searches, *clicks, *ad_clicks, *returns, *checkouts]


def query_strings() -> list[str]:
    """Spell out every query: language, then category, then form; then those without results.

    Examples
    --------
    >>> query_strings()[NO_RESULTS]
    '电水糊'
    """
    found = [
        query
        for language in LANGUAGES
        for category in range(len(CATEGORIES))
        for query in query_words(language, category)
    ]
    return [*found, *(query for language in LANGUAGES for query in NO_RESULT_QUERIES[language])]


def review_strings() -> list[str]:
    """Spell out every review: language, then category, then rating, then variant.

    Examples
    --------
    >>> len(review_strings())  # languages * categories * stars * variants
    4800
    """
    return [
        text
        for language in LANGUAGES
        for category in range(len(CATEGORIES))
        for rating in (1, 2, 3, 4, 5)
        for text in review_words(language, category, rating)
    ]
