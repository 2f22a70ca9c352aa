import json

import pyarrow as pa
import pytest
from tests.analytics.random_logs import MINUTE

from footfall.analytics.path import (
    Categories,
    Patterns,
    dead_ends,
    path_tree,
    paths,
    suggest_patterns,
    transitions,
)
from footfall.analytics.path.patterns import cleaned
from footfall.analytics.path.suggest import propose_rules
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


def shop(pages, *, kinds=None, items=None):
    """One user; a page a minute. None: an event without a page."""
    kinds = kinds or ["view"] * len(pages)
    cells = [None if page is None else json.dumps({"page_url": page}) for page in pages]
    events = pa.table(
        {
            "user_id": ["ann"] * len(pages),
            "timestamp": pa.array([at * MINUTE for at in range(len(pages))]).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": kinds,
            "item_id": pa.array(items or [None] * len(pages), pa.string()),
            "properties": pa.array(cells, pa.string()),
        }
    )
    catalog = pa.table(
        {
            "item_id": ["kettle", "teapot", "scarf"],
            "category": ["home/kitchen/kettles", "Home > Kitchen", None],
        }
    )
    return MemoryLog.from_events(events, items=catalog)


def names_of(answer):
    return answer.frame.column("path").to_pylist()


RULES = [("/product/*", "product page"), ("regex:/(cart|basket)", "cart page")]


def test_pages_become_kinds_by_rules_and_events_without_a_page_keep_their_type():
    pages = ["https://shop.example/product/7?ref=mail", "/product/8/", "/basket#x", "/about", None]
    log = shop(pages, kinds=["view"] * 4 + ["purchase"])
    pattern = Patterns(field="properties.page_url", rules=RULES)
    assert names_of(paths(log, length=5, nodes=pattern)) == [
        "product page > product page > cart page > /about > purchase"
    ]
    tree = path_tree(log, end="purchase", nodes=pattern, depth=2)
    assert names_of(tree) == ["purchase", "/about > purchase"]
    assert dead_ends(log, nodes=pattern).frame.column("node").to_pylist()[0] == "purchase"


def test_wildcards_and_regular_expressions_fit_whole_texts():
    pattern = Patterns(
        field="page_url",
        rules=[("/a/*/c", "one part"), ("/b/**", "anything"), ("regex:/d[0-9]+", "number")],
    )
    texts = ["/a/x/c", "/a/x/y/c", "/b/x/y", "/d12", "/d12x", None, "/A/x/c", "/a.x/c"]
    assert pattern.names(texts) == [
        "one part", "/a/x/y/c", "anything", "number", "/d12x", None, "/A/x/c", "/a.x/c",
    ]  # fmt: skip


def test_the_first_rule_that_fits_counts():
    rules = [("/p/new", "new"), ("/p/*", "page")]
    assert Patterns(field="f", rules=rules).names(["/p/new", "/p/old"]) == ["new", "page"]
    assert Patterns(field="f", rules=rules[::-1]).names(["/p/new"]) == ["page"]


def test_letters_with_a_meaning_in_expressions_stand_for_themselves_in_wildcards():
    pattern = Patterns(field="f", rules=[("/a+b(1)/?", "plus")], clean=False)
    assert pattern.names(["/a+b(1)/?", "/aab(1)/"]) == ["plus", "/aab(1)/"]


def test_addresses_are_cleaned_and_other_texts_are_left_alone():
    texts = ["https://x.example", "HTTPS://x.example/a/?b#c", "/a//", "what? tea / cup", None]
    assert cleaned(pa.array(texts)).to_pylist() == ["/", "/a", "/a", "what? tea / cup", None]


def test_wrong_rules_are_named():
    with pytest.raises(OptionError, match="'rules' option of Patterns must be patterns"):
        Patterns(field="f", rules=[("regex:(", "open")])
    with pytest.raises(OptionError, match="neither empty"):
        Patterns(field="f", rules=[("", "nothing")])
    with pytest.raises(OptionError, match="'nodes' option of paths must be about a column"):
        paths(shop(["/a"]), nodes=Patterns(field="page_ur", rules=[]))
    with pytest.raises(OptionError, match="'nodes' option of paths must be a field's name"):
        paths(shop(["/a"]), nodes=3)
    with pytest.raises(OptionError, match="'depth' option of Categories"):
        Categories(depth=0)


def test_nodes_can_be_event_types_with_a_category_to_a_depth():
    log = shop([None] * 4, kinds=["view", "view", "view", "search"],
               items=["kettle", "teapot", "scarf", None])  # fmt: skip
    assert names_of(paths(log, length=4, nodes=Categories(depth=2))) == [
        "view home/kitchen > view Home/Kitchen > view > search"
    ]
    assert names_of(paths(log, length=1, nodes=Categories(), shown=1)) == ["search"]


def test_nodes_can_be_values_of_a_field():
    log = shop([None] * 3, kinds=["view", "search", "view"], items=["kettle", None, "teapot"])
    assert names_of(paths(log, length=3, nodes="item_id")) == ["kettle > search > teapot"]
    assert names_of(paths(log, length=2, nodes="item_id", without="search")) == ["kettle > teapot"]
    rare = transitions(log, nodes="item_id", most_nodes=1)
    assert rare.names == ("(other)", "kettle")  # equally many users: by name
    assert rare.users("(start)", "kettle") == ["ann"]


def test_a_node_that_is_none_is_answered_with_near_names():
    log = shop(["/cart", "/about"])
    pattern = Patterns(field="page_url", rules=[("/cart", "cart page")])
    with pytest.raises(OptionError, match=r"must be a node: .*Did you mean 'cart page'"):
        path_tree(log, start="cart pag", nodes=pattern)


def test_rules_are_proposed_for_addresses_that_differ_in_ids():
    pages = ["/product/17", "/product/23", f"/order/{UUID}/status", "/cart"]
    pages += [f"/order/{UUID.replace('3', '7')}/status", "https://shop.example/product/9?x=1"]
    suggested = suggest_patterns(shop(pages), "properties.page_url")
    assert suggested.frame.select(["pattern", "values", "events"]).to_pylist() == [
        {"pattern": "/product/*", "values": 3, "events": 3},
        {"pattern": "/order/*/status", "values": 2, "events": 2},
    ]
    assert names_of(paths(shop(pages[:2]), length=2, nodes=suggested.patterns)) == [
        "/product/* > /product/*"
    ]


def test_names_of_many_products_at_one_place_are_taken_for_changing():
    counts = {f"/p/{word}-tea": 1 for word in "abcdefghijklmnopqrstuvwxyz"} | {
        "/cart": 3,
        "/a/b": 1,
    }
    assert [rule[:4] for rule in propose_rules(counts)] == [("/p/*", "/p/*", 26, 26)]
    assert propose_rules({"红茶": 3, "绿茶 17": 1}) == []


@pytest.mark.parametrize(
    "part",
    [
        "17",
        UUID,
        "a81f0c3d9",
        "2026-01-05",
        "red-kettle-10234",
        "red-kettle-10234.html",
        "sku123456",
    ],
)
def test_ids_are_told_from_words(part):
    other = "99999" if part != "99999" else "88888"
    counts = {f"/x/{part}": 1, f"/x/{other}": 1, "/x/about-us": 1, "/x/iphone-15": 1}
    assert [rule[0] for rule in propose_rules(counts)] == ["/x/*"]


def test_options_of_suggestions_are_checked():
    with pytest.raises(OptionError, match="'field' option of suggest_patterns"):
        suggest_patterns(shop(["/a"]), "page_ur")
    with pytest.raises(OptionError, match="'least_values' option of suggest_patterns"):
        suggest_patterns(shop(["/a"]), "page_url", least_values=0)
