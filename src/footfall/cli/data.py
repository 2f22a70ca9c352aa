"""``footfall simulate | demo | info``: made-up shops, the main job on real input, what is where."""

from functools import partial
from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, note, progress, say
from footfall.errors import OptionError

__all__ = ["demo", "info", "simulate"]


def simulate(
    users: Annotated[int, typer.Option(help="Number of shoppers.")] = 1000,
    days: Annotated[int, typer.Option(help="Length of the log.")] = 90,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 0,
    out: Annotated[str, typer.Option(help="Folder to write to.")] = "simulated",
    items: Annotated[int, typer.Option(help="Items of the catalog.")] = 2000,
    language: Annotated[str, typer.Option(help="mixed, zh or en.")] = "mixed",
    format: Annotated[str, typer.Option(help="parquet or csv.")] = "parquet",  # noqa: A002
    json: Json = False,
) -> None:
    """Make up a shop: a log, its items and users, and the truth behind them."""
    from footfall.events.simulate import SimulateOptions, write_simulation

    options = SimulateOptions(users=users, days=days, seed=seed, items=items, language=language)  # type: ignore[arg-type]  # checked by the options
    with progress(as_json=json) as shown:
        told = partial(shown, "shoppers")
        written = write_simulation(options, out, format=format, on_progress=told)  # type: ignore[arg-type]  # checked there
    record = {name: str(path) for name, path in written.items()}
    text = "\n".join(f"{name}: {value}" for name, value in record.items())
    say(text, record, as_json=json)


def demo(
    data: Annotated[
        str, typer.Option(help="completejourney, clicks (simulated) or cdnow.")
    ] = "completejourney",
    out: Annotated[str, typer.Option(help="Folder for the log and the page.")] = "demo-output",
    seed: Annotated[int, typer.Option(help="Same seed, same answer.")] = 0,
    json: Json = False,
) -> None:
    """Do the main job on real input, from raw export to one page with a picture an answer."""
    from footfall.demo.run import DATASETS, run_demo

    if data not in DATASETS:
        raise OptionError.of("data", "demo", f"one of {', '.join(DATASETS)}", data)
    with progress(as_json=json) as shown:
        done = run_demo(data, out, seed=seed, progress=shown, tell=note)
    say(done, done.to_json(), as_json=json)


def info(log: LogFolder, json: Json = False) -> None:
    """Say what a log holds and at which version it is."""
    from datetime import UTC, datetime

    from footfall.store.log import open_log

    opened = open_log(log)
    span = opened.span
    times = [datetime.fromtimestamp(t / 1e6, UTC).isoformat() for t in span] if span else [None] * 2
    record = {
        "log": log,
        "version": opened.version,
        "events": opened.events,
        "users": opened.users_seen,
        "items": opened.items_seen,
        "event_types": _types(opened),
        "first": times[0],
        "last": times[1],
        "buckets": opened.settings.buckets,
        "files": sum(len(files) for files in opened.bucket_files.values()),
        "bytes": sum(f.size for files in opened.bucket_files.values() for f in files),
        "items_in_table": opened.items.num_rows if opened.items is not None else 0,
        "users_in_table": opened.users.num_rows if opened.users is not None else 0,
    }
    width = max(map(len, record))
    text = "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in record.items())
    say(text, record, as_json=json)


def _types(log: Any) -> dict[str, int]:
    """Count the events of each type that occurs, most first."""
    import numpy as np

    counts = log.map(
        lambda chunk: np.bincount(chunk["event_type"], minlength=len(log.event_types)),
        lambda parts: np.sum(parts, axis=0) if parts else [],
        columns=["event_type"],
    )
    found = {name: int(n) for name, n in zip(log.event_types, counts, strict=False) if n}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _shown(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    return str(value)
