"""The reader of our own form reads what the simulator writes."""

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from footfall.errors import MappingError
from footfall.events.columns import EVENT_SCHEMA, ROW
from footfall.events.readers.footfall import Footfall
from footfall.events.simulate import SimulateOptions, write_simulation

OPTIONS = SimulateOptions(users=40, days=20, seed=7)


def with_rows(table):
    return table.append_column(ROW, pa.array(range(1, table.num_rows + 1)))


def test_a_simulated_parquet_file_gives_every_column_and_row(tmp_path):
    table = pq.read_table(write_simulation(OPTIONS, tmp_path)["events"])
    assert Footfall().recognizes(table.column_names)
    draft = Footfall().convert(with_rows(table))
    assert draft.num_rows == table.num_rows
    assert set(draft.column_names) <= {*EVENT_SCHEMA.names, ROW}
    assert draft["price"].to_pylist() == table["price"].to_pylist()
    assert draft["event_id"].to_pylist() == table["event_id"].to_pylist()


def test_a_simulated_csv_file_gives_text_with_empty_cells_as_null(tmp_path):
    path = write_simulation(OPTIONS, tmp_path, format="csv")["events"]
    names = EVENT_SCHEMA.names
    as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    draft = Footfall().convert(with_rows(pa_csv.read_csv(path, convert_options=as_text)))
    row = draft.slice(0, 1).to_pylist()[0]
    assert row["user_id"] == "u00000000"
    assert row["timestamp"].startswith("2025-")
    assert row["query"] is None
    assert '"channel"' in row["properties"]


def test_files_of_others_are_not_taken_for_ours():
    assert not Footfall().recognizes(["user_id", "event_type", "timestamp", "page"])


def test_a_missing_column_is_named():
    raw = pa.table({"user_id": ["ann"], "event_type": ["view"], ROW: [1]})
    with pytest.raises(MappingError, match="needs the column 'timestamp'"):
        Footfall().convert(raw)
