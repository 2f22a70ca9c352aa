import pyarrow as pa

from footfall.analytics.answer import text_table
from footfall.analytics.charts import FONT, house_layout
from footfall.events.quality.words import text_width


def test_chinese_words_take_two_columns_each():
    table = pa.table({"商品": ["水壶", "tea pot", None], "人数": [1200, 7, None]})
    assert text_table(table).splitlines() == [
        "商品      人数",
        "水壶     1,200",
        "tea pot      7",
        "-            -",
    ]
    assert {text_width(line) for line in text_table(table).splitlines()} == {14}


def test_cells_of_several_lines_stay_on_one():
    assert text_table(pa.table({"name": ["a\nb\tc"]})).splitlines() == ["name", "a b c"]


def test_shares_are_percent_and_floats_have_two_digits():
    table = pa.table({"share": [0.1234], "mean": [1234.5]})
    assert text_table(table, formats={"share": "share"}).splitlines()[1] == "12.3 %  1,234.50"


def test_small_scores_keep_their_digits_and_others_their_form():
    table = pa.table(
        {"score": [12.0, 0.25, 0.0123456, 1.5e-07, 0.0, -0.004, None], "gain": [0.004] * 7}
    )
    lines = [line.split() for line in text_table(table).splitlines()[1:]]
    scores = ["12.00", "0.250", "0.0123", "1.50e-07", "0.00", "-0.00400", "-"]
    assert lines == [[score, "0.00"] for score in scores]


def test_small_p_values_are_not_shown_as_nothing():
    table = pa.table({"p_value": [0.25, 0.00032, 1e-9]})
    assert text_table(table).split() == ["p_value", "0.2500", "0.0003", "<", "0.0001"]


def test_every_figure_starts_from_one_layout():
    layout = house_layout("Title", subtitle="what", x="users", y="step", height=300)
    assert (layout["template"], layout["font"]["family"]) == ("plotly_white", FONT)
    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == ("users", "step")
