"""The expression language: what it reads, and what it says about what it cannot read."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from footfall.analytics.scope.expression import (
    Among,
    And,
    Call,
    Compare,
    Holds,
    Missing,
    Name,
    Not,
    Or,
    Text,
    names_in,
    parse_expression,
)
from footfall.errors import OptionError


def read(text: str) -> object:
    return parse_expression(text, owner="funnel")


A, B, C = (Compare(Name(name), "=", Decimal(1)) for name in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1", A),
        ("a == 1 or b=1 and c=1", Or((A, And((B, C))))),
        ("(a = 1 or b = 1) and c = 1", And((Or((A, B)), C))),
        ("not not a = 1", Not(Not(A))),
        ("price >= -19.99", Compare(Name("price"), ">=", Decimal("-19.99"))),
        ("a <> 'x'", Compare(Name("a"), "!=", "x")),
        ("items.brand = acme", Compare(Name("items.brand"), "=", "acme")),
        ('`page url` = "it\'s"', Compare(Name("page url"), "=", "it's")),
        (r"a = 'it\'s'", Compare(Name("a"), "=", "it's")),
        ("地区 in (北京，上海)", Among(Name("地区"), ("北京", "上海"))),
        ("a not in (1, 'x', true)", Not(Among(Name("a"), (Decimal(1), "x", True)))),
        ("query contains '茶'", Text(Name("query"), "contains", "茶")),
        ("query not starts with tea", Not(Text(Name("query"), "starts with", "tea"))),
        ("q matches '^a.*z$'", Text(Name("q"), "matches", "^a.*z$")),
        ("region is missing", Missing(Name("region"))),
        ("region is not missing", Not(Missing(Name("region")))),
        (
            "count(purchase where price > 2) in last 30d >= 2",
            Compare(
                Call(
                    "count",
                    (Holds(Name("purchase")),),
                    Compare(Name("price"), ">", Decimal(2)),
                    last=30 * 86_400_000_000,
                ),
                ">=",
                Decimal(2),
            ),
        ),
        (
            "did(view then 购买 within 7 days)",
            Holds(Call("did", (Holds(Name("view")), Holds(Name("购买"))), None, 604_800_000_000)),
        ),
        ("sessions() > 3", Compare(Call("sessions", ()), ">", Decimal(3))),
    ],
)
def test_an_expression_reads_as_its_tree(text: str, tree: object) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at its end: the name of a field is expected"),
        ("price >", "at its end: a value is expected"),
        ("price > 2 brand = x", r"at 'brand' \(character 11\): 'and', 'or' or the end"),
        ("(a = 1", "at its end: '\\)' is expected"),
        ("a is nothing", "at 'nothing' .*: 'missing' is expected"),
        ("a = 1 and", "at its end: the name of a field"),
        ("a = $", r"at '\$' \(character 5\)"),
        ("a in ()", "a value is expected"),
        ("a starts x", "'with' is expected"),
        ("count(purchase", "'\\)' is expected"),
        ("__import__('os').system('x')", "'and', 'or' or the end|a name, a value or a sign"),
        ("(" * 500 + "a = 1" + ")" * 500, "fewer brackets"),
        ("not " * 500 + "a = 1", "fewer brackets"),
    ],
)
def test_an_error_says_where_an_expression_stops_making_sense(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        read(text)


def test_names_are_listed_once_and_those_in_calls_not_at_all() -> None:
    tree = parse_expression("a = 1 and (b = 2 or not a = 3) and count(c) > 1", owner="x")
    assert names_in(tree) == ["a", "b"]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_an_option_error(text: str) -> None:
    try:
        read(text)
    except OptionError as error:
        assert "funnel" in str(error)  # noqa: PT017  # either outcome is right
