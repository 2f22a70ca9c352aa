"""Streams a simulation into files: flat memory, the same bytes every time."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from footfall.errors import InputError, OptionError
from footfall.events.columns import EVENT_ID, TIMESTAMP, USER_ID
from footfall.events.simulate.blocks import BLOCK_USERS, draw_world
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.parts import Progress, stream_parts
from footfall.events.simulate.simulated import Simulated
from footfall.events.simulate.truth import facts

__all__ = ["FileFormat", "write_simulation"]

FileFormat = Literal["parquet", "csv"]


def write_simulation(
    source: SimulateOptions | Simulated,
    folder: str | Path,
    *,
    format: FileFormat = "parquet",  # noqa: A002 -- the word users know
    block_users: int = BLOCK_USERS,
    on_progress: Progress | None = None,
) -> dict[str, Path]:
    """Simulate into a folder; memory does not grow with the number of users.

    Parameters
    ----------
    source : SimulateOptions or Simulated
        What to simulate. A `Simulated` stands for its options: its log is made again.
    folder : str or Path
        Is made if it is not there; files of an earlier simulation in it are replaced.
    format : {"parquet", "csv"}
        Of the log and the tables of users and items. The truth is always Parquet and JSON.
    block_users : int
        Shoppers made at a time; changes nothing but memory.
    on_progress : callable, optional
        Called with (users done, users in all) now and then.

    Returns
    -------
    dict of str to Path
        "events", "users", "items", "truth/users", "truth/items", "truth/ads", "truth/policy",
        "truth/channels", "truth/impressions" and "truth/truth". Prices are decimal major units.

    Raises
    ------
    OptionError
        When `format` is neither.
    InputError
        When the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_simulation(SimulateOptions(users=20, days=10, seed=7), folder)
    ...     pq.read_table(paths["users"]).num_rows
    20
    """
    if format not in ("parquet", "csv"):
        raise OptionError.of("format", "simulate", "'parquet' or 'csv'", format)
    options = source.options if isinstance(source, Simulated) else source
    try:
        (Path(folder) / "truth").mkdir(parents=True, exist_ok=True)
        return _write(options, Path(folder), format, block_users, on_progress)
    except OSError as error:
        raise InputError(
            f"The simulation cannot be written to {str(folder)!r}: {error}. "
            "Give a folder that can be written, on a disk with room."
        ) from error


def _write(
    options: SimulateOptions,
    folder: Path,
    format: FileFormat,  # noqa: A002 -- as above
    block_users: int,
    on_progress: Progress | None,
) -> dict[str, Path]:
    world = draw_world(options)
    paths: dict[str, Path] = {}
    writers: dict[str, Any] = {}
    with ExitStack() as closing:
        for name, table in stream_parts(
            world, unit="major", block_users=block_users, on_progress=on_progress
        ):
            if name not in writers:
                ending = "parquet" if name.startswith("truth/") else format
                paths[name] = folder / f"{name}.{ending}"
                writers[name] = closing.enter_context(_writer(paths[name], table.schema))
            writers[name].write_table(table)
    paths["truth/truth"] = folder / "truth" / "truth.json"
    text = json.dumps(facts(world), ensure_ascii=False, indent=2)
    paths["truth/truth"].write_text(text + "\n", encoding="utf-8")
    return paths


def _writer(path: Path, schema: pa.Schema) -> Any:
    if path.suffix == ".csv":
        return pa_csv.CSVWriter(path, schema)
    # Readers get plain strings and decimals: the Arrow types (dictionaries) are not kept.
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    # Statistics of other columns help no reader and cost a quarter of the writing.
    ordered = [name for name in (USER_ID, TIMESTAMP) if name in schema.names]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=words or False,
        column_encoding={EVENT_ID: "DELTA_BYTE_ARRAY"} if EVENT_ID in schema.names else None,
        write_statistics=ordered or False,
        store_schema=False,
        store_decimal_as_integer=True,
    )
