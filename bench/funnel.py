"""A 4-step funnel in 7 days: footfall beside DuckDB and in-process ClickHouse (chdb).

Usage: python bench/funnel.py [--quick] [--events 20000000] [--folder DIR] [--python PEERS_PYTHON]

Prints a table and a JSON line a bar. Every figure comes from a fresh process whose CPU seconds and
peak memory the system reports: cold is the whole process, from its start to the answer; warm is the
median question in a process that has answered once. The engines must give equal counts. The peers
live in a virtual environment of the bench's own (.bench-venv), made when it is missing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from peers import peers_python

STEPS = ("view", "add_to_cart", "checkout", "purchase")
KINDS = (*STEPS, "search")
SHARES = (0.61, 0.11, 0.04, 0.04, 0.20)
WITHIN = 7 * 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01 UTC, microseconds
SPAN = 90 * 86_400_000_000
BUCKETS = 16
PEERS = ("duckdb==2.0.0", "chdb==4.4.0", "pandas", "polars", "pyarrow", "numpy")
WARM_RUNS, COLD_RUNS = 5, 3
LONG_ENOUGH = 30  # seconds of repeating; slow engines are asked less often


# --- the events -------------------------------------------------------------------------------


def batches(events: int, users: int) -> Iterator[dict]:
    """Make events in order of time as arrays of codes; no two have the same timestamp."""
    import numpy as np

    rng, size = np.random.default_rng(1), 1_000_000
    for start in range(0, events, size):
        count = min(size, events - start)
        moments = np.sort(rng.uniform(start / events, (start + count) / events, count))
        yield {
            "user": (users * rng.random(count) ** 1.3).astype(np.int32),  # some are busier
            "item": (5_000 * rng.random(count) ** 1.5).astype(np.int32),
            "ts": START + (moments * SPAN).astype(np.int64) + np.arange(start, start + count),
            "kind": rng.choice(len(KINDS), count, p=SHARES).astype(np.int8),
        }


def write_log(folder: Path, events: int, users: int) -> None:
    """Append the events to a footfall log and answer once, so that the chunks are cached."""
    import numpy as np
    import pyarrow as pa

    from footfall.store.log import open_log

    names = np.array(KINDS, dtype=object)

    def tables() -> Iterator[pa.Table]:
        for batch in batches(events, users):
            yield pa.table(
                {
                    "user_id": pa.array(batch["user"]).cast(pa.string()),
                    "timestamp": pa.array(batch["ts"]).cast(pa.timestamp("us", tz="UTC")),
                    "event_type": pa.array(names[batch["kind"]], pa.string()),
                    "item_id": pa.array(batch["item"]).cast(pa.string()),
                }
            )

    open_log(folder / "log", create=True, buckets=BUCKETS).append(tables)
    ask_footfall(folder, cold=True)()


def write_parquet(folder: Path, events: int, users: int) -> None:
    """Write the same events for the peers: dense codes, by bucket, sorted by user and time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(batches(events, users))
    whole = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
    (folder / "parquet").mkdir()
    for bucket in range(BUCKETS):
        mine = np.flatnonzero(whole["user"] % BUCKETS == bucket)
        mine = mine[np.lexsort((whole["ts"][mine], whole["user"][mine]))]
        table = pa.table({name: column[mine] for name, column in whole.items()})
        pq.write_table(table, folder / "parquet" / f"{bucket:02}.parquet", compression="zstd")


# --- the engines: each gives a callable that answers with four counts --------------------------


def ask_footfall(
    folder: Path,
    *,
    cold: bool,  # noqa: ARG001  # files both times
) -> Callable[[], list[int]]:
    """Ask the log; its chunks are cached on disk, and mapped when asked."""
    from footfall.analytics.funnel import funnel
    from footfall.store.log import open_log

    log = open_log(folder / "log")

    def ask() -> list[int]:
        return funnel(log, steps=STEPS, within="7d").frame.column("users").to_pylist()

    return ask


def _duckdb(folder: Path, query: str, *, cold: bool) -> Callable[[], list[int]]:
    """Ask over Parquet when cold; over a table in memory, in the same order, when warm."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    kind = "view" if cold else "table"
    source = f"read_parquet('{folder}/parquet/*.parquet')"
    connection.execute(f"create {kind} ev as select user as u, ts, kind from {source}")
    return lambda: list(connection.execute(query).fetchall()[0])


def ask_duckdb_asof(folder: Path, *, cold: bool) -> Callable[[], list[int]]:
    """One ASOF join a step: the latest start is always the best."""
    steps = ["c0 as materialized (select u, ts, ts as s from ev where kind = 0)"]
    steps += [
        f"c{k} as materialized (select e.u, e.ts, c.s from"
        f" (select u, ts from ev where kind = {k}) e asof join c{k - 1} c"
        f" on e.u = c.u and e.ts > c.ts where e.ts - c.s <= {WITHIN})"
        for k in range(1, len(STEPS))
    ]
    counts = ", ".join(f"(select count(distinct u) from c{k})" for k in range(len(STEPS)))
    return _duckdb(folder, f"with {', '.join(steps)} select {counts}", cold=cold)


def ask_duckdb_window(folder: Path, *, cold: bool) -> Callable[[], list[int]]:
    """Take running maxima over one window: exact and portable, and slower."""
    own = "window w as (partition by u order by ts rows unbounded preceding)"
    steps = [f"c0 as (select *, max(case when kind = 0 then ts end) over w as s0 from ev {own})"]
    steps += [
        f"c{k} as (select *, max(case when kind = {k} and ts - s{k - 1} <= {WITHIN}"
        f" then s{k - 1} end) over w as s{k} from c{k - 1} {own})"
        for k in range(1, len(STEPS))
    ]
    counts = [f"count(distinct u) filter (s{k} is not null)" for k in range(len(STEPS))]
    query = f"with {', '.join(steps)} select {', '.join(counts)} from c{len(STEPS) - 1}"
    return _duckdb(folder, query, cold=cold)


def ask_chdb(
    folder: Path,
    *,
    cold: bool,  # noqa: ARG001  # files both times
) -> Callable[[], list[int]]:
    """ClickHouse's windowFunnel over the sorted Parquet files."""
    from chdb.session import Session

    session = Session()
    session.query("set max_threads = 2")
    conditions = ", ".join(f"kind = {k}" for k in range(len(STEPS)))
    counts = ", ".join(f"countIf(level > {k})" for k in range(len(STEPS)))
    query = (
        f"select {counts} from (select user, windowFunnel({WITHIN})(toUInt64(ts), {conditions})"
        f" as level from file('{folder}/parquet/*.parquet', Parquet) group by user)"
    )
    return lambda: [int(cell) for cell in str(session.query(query, "CSV")).strip().split(",")]


ENGINES: dict[str, Callable[..., Callable[[], list[int]]]] = {
    "footfall": ask_footfall,
    "DuckDB, ASOF joins": ask_duckdb_asof,
    "DuckDB, windows": ask_duckdb_window,
    "chdb, windowFunnel": ask_chdb,
}


def answer(engine: str, folder: Path, *, cold: bool) -> None:
    """Run inside a fresh process: ask once, or once and then several times."""
    ask = ENGINES[engine](folder, cold=cold)
    counts = ask()
    spent = []
    while not cold and len(spent) < WARM_RUNS and sum(wall for _, wall in spent) < LONG_ENOUGH:
        cpu, wall = time.process_time(), time.monotonic()
        again = ask()
        spent.append((time.process_time() - cpu, time.monotonic() - wall))
        if again != counts:
            sys.exit(f"{engine} gave {again} after {counts}")
    medians = [statistics.median(part) for part in zip(*spent, strict=True)]
    print(json.dumps({"counts": counts, "warm": medians}))


# --- measuring --------------------------------------------------------------------------------


def fresh(command: list[str]) -> dict:
    """Run a process to its end; give its last line, CPU and wall seconds, and peak memory."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        out.seek(0)
        lines = out.read().decode().strip().splitlines()
    if process.returncode:
        sys.exit(f"{command} failed with {process.returncode}")
    cpu, mb = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    return {"cpu": cpu, "wall": wall, "mb": mb} | (json.loads(lines[-1]) if lines else {})


def compare(folder: Path, options: argparse.Namespace) -> dict[str, dict]:
    """Make the data, then ask every engine cold and warm in processes of their own."""
    me = str(Path(__file__).resolve())
    peers = options.python or peers_python("", PEERS)
    users = str(max(1000, options.events // 40))
    for make in ("log", "parquet"):
        command = [sys.executable, me, "--make", make, "--folder", str(folder)]
        took = fresh([*command, "--events", str(options.events), "--users", users])
        print(f"wrote the {make}: {took['cpu']:.1f} CPU s, {took['mb']:,.0f} MB", flush=True)
    rows = {}
    for engine in ENGINES:
        python = sys.executable if engine == "footfall" else peers
        command = [python, me, "--engine", engine, "--folder", str(folder)]
        # The first run brings the files into the system's cache, for everybody alike.
        colds = [fresh([*command, "--cold"])]
        while len(colds) <= COLD_RUNS and sum(run["wall"] for run in colds) < LONG_ENOUGH:
            colds.append(fresh([*command, "--cold"]))
            if options.quick:
                break
        cold = colds[-1] | {part: min(run[part] for run in colds) for part in ("cpu", "wall")}
        warm = fresh(command)
        rows[engine] = {"cold": cold, "warm": warm, "counts": cold["counts"]}
        if warm["counts"] != cold["counts"]:
            sys.exit(f"{engine} gave {warm['counts']} warm and {cold['counts']} cold")
    return rows


def report(rows: dict[str, dict], *, quick: bool) -> None:
    """Print the table and a line a bar."""
    print(
        f"{'engine':<20} {'cold CPU s':>10} {'wall s':>7} {'peak MB':>8}"
        f" {'warm CPU s':>11} {'wall s':>7} {'peak MB':>8}  counts"
    )
    for engine, row in rows.items():
        cold, warm, cpu_wall = row["cold"], row["warm"], row["warm"]["warm"]
        print(
            f"{engine:<20} {cold['cpu']:>10.2f} {cold['wall']:>7.2f} {cold['mb']:>8,.0f}"
            f" {cpu_wall[0]:>11.3f} {cpu_wall[1]:>7.3f} {warm['mb']:>8,.0f}  {row['counts']}"
        )
    if len({tuple(row["counts"]) for row in rows.values()}) > 1:
        sys.exit("the engines do not agree")
    for bar in bars(rows):
        print(json.dumps(bar | ({"quick": True} if quick else {})))


def bars(rows: dict[str, dict]) -> Iterator[dict]:
    """Compare with the best form of each peer."""
    mine = rows["footfall"]
    for peer, target in (("DuckDB", 20), ("chdb", 10)):
        forms = [row for engine, row in rows.items() if engine.startswith(peer)]
        ratio = min(row["warm"]["warm"][0] for row in forms) / mine["warm"]["warm"][0]
        yield _bar(f"warm funnel, {peer}'s CPU over ours", ratio, target)
        for part, name in (("cpu", "CPU"), ("wall", "wall")):
            ratio = min(row["cold"][part] for row in forms) / mine["cold"][part]
            yield _bar(f"cold funnel, {peer}'s {name} over ours", ratio, 1)


def _bar(name: str, value: float, target: float) -> dict:
    return {"bar": name, "value": round(value, 2), "target": f">= {target}", "ok": value >= target}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a million events")
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--folder", type=Path, help="where the files go")
    parser.add_argument("--python", help="a Python that has the peers")
    parser.add_argument("--users", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--make", choices=["log", "parquet"], help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=list(ENGINES), help=argparse.SUPPRESS)
    parser.add_argument("--cold", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        answer(options.engine, options.folder, cold=options.cold)
    elif options.make:
        write = {"log": write_log, "parquet": write_parquet}[options.make]
        write(options.folder, options.events, options.users)
    else:
        options.events = 1_000_000 if options.quick else options.events
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            report(compare(Path(folder), options), quick=options.quick)


if __name__ == "__main__":
    main()
