from pathlib import Path

import pyarrow as pa
import pytest

from footfall.errors import OptionError
from footfall.events.columns import REQUIRED
from footfall.events.readers import READERS, detect_reader, reader_named


def test_a_reader_is_found_by_name_however_it_is_written():
    assert reader_named("Online-Retail ") is READERS["online_retail"]


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match=r"one of ga4, segment, shopify.*Got 'matomo' instead"):
        reader_named("matomo")


def test_spellings_of_a_column_name_meet():
    assert detect_reader(["Timestamp", "Visitor ID", "Event", "item_id"]) == "retailrocket"


def test_an_unknown_header_is_no_export():
    assert detect_reader(["user", "page", "at"]) is None
    assert detect_reader([]) is None


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_a_batch_of_empty_cells_gives_drafts_with_the_required_columns(reader):
    raw = pa.table({**{name: pa.array([""]) for name in reader.needs}, "__row__": [1]})
    if reader.name == "complete_journey":
        raw = raw.set_column(
            raw.column_names.index("quantity"), "quantity", pa.nulls(1, pa.int64())
        ).set_column(
            raw.column_names.index("sales_value"), "sales_value", pa.nulls(1, pa.float64())
        )
    draft = reader.start("file").convert(raw)
    assert set(REQUIRED) <= set(draft.column_names)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_a_batch_without_rows_gives_no_drafts(reader):
    columns = {name: pa.array([], pa.string()) for name in reader.needs}
    raw = pa.table({**columns, "__row__": pa.array([], pa.int64())})
    assert reader.start("file").convert(raw).num_rows == 0


def test_every_reader_is_in_the_page_about_readers():
    page = (Path(__file__).parents[3] / "docs" / "readers.md").read_text(encoding="utf-8")
    assert [name for name in READERS if f"`{name}`" not in page] == []
