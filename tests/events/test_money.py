from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.events.money import BAD, GIVEN, MISSING, minor_units, parse_numbers


def read(
    values: object, kind: pa.DataType | None = None, digits: int = 2
) -> list[int | str | None]:
    numbers = parse_numbers(pa.array(values, kind), digits=digits)
    says = {GIVEN: None, MISSING: "missing", BAD: "bad"}
    return [
        int(value) if kind == GIVEN else says[kind]
        for value, kind in zip(numbers.values.tolist(), numbers.kinds.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("19.99", 1999), ("5", 500), (".5", 50), ("5.", 500), ("-5", -500), ("+5", 500),
        ("1,299.00", 129900), ("1,299", 129900), ("1.299,00", 129900), ("1.299.000", 129900000),
        ("3,50", 350), ("0,299", 30), ("1.299", 130), ("1 299,50", 129950), ("1'299.50", 129950),
        ("¥12.5", 1250), ("￥１２．５", 1250), ("€ 3,50", 350), ("3,50 €", 350), ("USD 5", 500),
        ("US$ 5.005", 500), ("-$5.00", -500), ("$-5", -500), ("12元", 1200), ("12.5 RMB", 1250),
        ("1e3", 100000), (" 7 ", 700), ("5.015", 502), ("5.025", 502), ("5.0250001", 503),
    ],
)  # fmt: skip
def test_prices_are_read_as_people_write_them(text: str, cents: int) -> None:
    assert read([text]) == [cents]


@pytest.mark.parametrize(
    "text", ["1,29,900.00", "2.5.1", "1,2,3", "--5", "(5)", "free", "12abc", "NaN", "inf", "1e400",
             "99999999999999999999", "1 2", ". 5", "1.234,567,8", "5-", "0x10"],
)  # fmt: skip
def test_what_is_no_number_or_could_be_two_is_bad(text: str) -> None:
    assert read([text]) == ["bad"]


def test_a_lone_comma_before_three_digits_is_bad_where_money_has_three_digits() -> None:
    assert minor_units("1,299", digits=3) is None
    assert minor_units("1,299.000", digits=3) == 1_299_000


def test_words_for_nothing_are_missing_and_nan_is_bad() -> None:
    assert read(["", "null", "None", "\\N", "NA", None, "nan"]) == ["missing"] * 6 + ["bad"]


def test_floats_stand_for_their_shortest_decimal() -> None:
    assert read([19.99, 1.005, 2.675, 1.115, -1.0, None]) == [1999, 100, 268, 112, -100, "missing"]
    assert read([19.99, 1.005, 2.675], pa.float32()) == [1999, 100, 268]
    assert read([float("nan"), float("inf"), 1e300]) == ["bad"] * 3


def test_whole_numbers_decimals_and_dictionaries_are_read() -> None:
    assert read([5, None, 2**62]) == [500, "missing", "bad"]
    assert read([5, 2**64 - 1], pa.uint64()) == [500, "bad"]
    assert read([Decimal("19.995"), None]) == [2000, "missing"]
    coded = parse_numbers(pa.array(["1.5", "x", "1.5"]).dictionary_encode(), digits=2)
    assert coded.values.tolist() == [150, 0, 150]
    assert coded.kinds.tolist() == [GIVEN, BAD, GIVEN]


def test_yen_have_no_digits() -> None:
    assert read(["1299", "12.5", "13.5", "¥1,299"], digits=0) == [1299, 12, 14, 1299]


@settings(deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=5)), st.integers(0, 4))
def test_decimals_round_half_to_even_like_pythons(values: list[Decimal], digits: int) -> None:
    wanted = [int(v.scaleb(digits).quantize(Decimal(1), ROUND_HALF_EVEN)) for v in values]
    assert read([f"{value:f}" for value in values], pa.string(), digits) == wanted


@settings(deadline=None, max_examples=300)
@given(st.lists(st.floats(0, 10**7) | st.integers(0, 10**9).map(lambda n: n / 1000)))
def test_floats_round_like_their_shortest_decimal(values: list[float]) -> None:
    wanted = [int((Decimal(repr(v)) * 100).quantize(Decimal(1), ROUND_HALF_EVEN)) for v in values]
    assert read(values, pa.float64()) == wanted


@settings(deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["{:,.2f}", "${:,.2f}", "{:.2f}", "{:,.2f} EUR"]))
def test_formatted_prices_survive_the_round_trip(cents: int, form: str) -> None:
    text = form.format(Decimal(cents) / 100)
    german = text.translate(str.maketrans(",.", ".,"))
    assert read([text, german]) == [cents, cents]


@settings(deadline=None)
@given(st.lists(st.text(alphabet="0123456789.,-+ $€eE'", max_size=12)))
def test_no_text_breaks_the_reader(texts: list[str]) -> None:
    assert read(texts, pa.string()) == [read([text])[0] for text in texts]


def test_slices_read_their_own_rows() -> None:
    array = pa.array(["9", "x", "1.5"]).slice(1)
    assert np.array_equal(parse_numbers(array, digits=2).values, [0, 150])
