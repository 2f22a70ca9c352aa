"""Spark on two threads: footfall's kernels in tasks beside Spark SQL's windows, and the overhead.

Usage: python bench/spark.py [--quick] [--events 20000000] [--large] [--folder DIR]

Every engine runs in a process of its own. Start-up (Java, session, the first small job) is timed
apart; a question's figure is the median wall time of asking it again. Both must give equal counts.
Spark SQL reads the events as Parquet with dense codes, ours as the log with its chunk cache, both
on local[2]. The second table is what Spark costs beside plain threads. "--large" asks footfall
alone about 100 M events. Needs the extra "spark".
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from peer_data import GAP, STEPS, WITHIN

QUESTIONS = ("funnel", "sessions", "paths")
MASTER = "local[2]"
AGAIN, LONG_ENOUGH = 5, 30
Ask = Callable[[], list[int]]


# --- footfall ---------------------------------------------------------------------------------


def footfall_asks(folder: Path, engine: object) -> dict[str, Ask]:
    """Ask the log, on whatever engine."""
    from analytics import OWN
    from footfall.store.log import open_log

    log = open_log(folder / "log", engine=engine)  # type: ignore[arg-type]  # an Engine or None
    return {question: partial(OWN[question], log) for question in QUESTIONS}


def on_spark(folder: Path) -> dict[str, Ask]:
    """Ask in tasks."""
    from footfall.store.spark.engine import SparkEngine

    engine = SparkEngine(MASTER)
    engine.run([1, 2], abs)  # both workers are there
    return footfall_asks(folder, engine)


def on_threads(folder: Path) -> dict[str, Ask]:
    """Ask on two threads."""
    from footfall.store.engine import LocalEngine

    return footfall_asks(folder, LocalEngine(threads=2))


# --- Spark SQL --------------------------------------------------------------------------------


def window_queries() -> dict[str, str]:
    """Give the three questions as SQL with window functions."""
    own = "(partition by u order by ts rows between unbounded preceding and current row)"
    levels = [
        f"c0 as (select *, max(case when kind = {STEPS[0]} then ts end) over {own} s0 from ev)"
    ]
    levels += [
        f"c{k} as (select *, max(case when kind = {STEPS[k]} and ts - s{k - 1} <= {WITHIN}"
        f" then s{k - 1} end) over {own} s{k} from c{k - 1})"
        for k in range(1, len(STEPS))
    ]
    reached = [f"count(distinct case when s{k} is not null then u end)" for k in range(len(STEPS))]
    leads = ", ".join(
        f"lead(kind, {k}) over w k{k}, lead(ts, {k}) over w t{k}" for k in range(1, 5)
    )
    near = " and ".join(f"t{k} - {'ts' if k == 1 else f't{k - 1}'} <= {GAP}" for k in range(1, 5))
    code = "((((kind * 5 + k1) * 5 + k2) * 5 + k3) * 5 + k4)"
    return {
        "funnel": f"with {', '.join(levels)} select {', '.join(reached)} from c{len(STEPS) - 1}",
        "sessions": f"""with g as (select ts - (lag(ts) over w) b, (lead(ts) over w) - ts a
            from ev window w as (partition by u order by ts))
            select count_if(b is null or b > {GAP}),
            count_if((b is null or b > {GAP}) and (a is null or a > {GAP})) from g""",
        "paths": f"""with g as (select cast(kind as bigint) kind, ts, {leads}
            from ev window w as (partition by u order by ts))
            select n from (select {code} code, count(*) n from g where {near} group by 1)
            order by n desc limit 50""",
    }


def in_sql(folder: Path) -> dict[str, Ask]:
    """Ask Spark itself, with its settings as they come but for the number of shuffle partitions."""
    from pyspark.sql import SparkSession

    from footfall.store.spark.java import find_java, packaged_java

    os.environ["JAVA_HOME"] = find_java(packaged=packaged_java())
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(MASTER).config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", "4g").config("spark.sql.shuffle.partitions", 16)
    builder = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    builder = builder.config("spark.ui.showConsoleProgress", "false")  # all else as it comes
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.read.parquet(str(folder / "by_time.parquet")).createOrReplaceTempView("ev")

    def asking(query: str) -> Ask:
        return lambda: [int(cell) for row in spark.sql(query).collect() for cell in row]

    return {question: asking(query) for question, query in window_queries().items()}


# --- measuring --------------------------------------------------------------------------------

ENGINES: dict[str, Callable[[Path], dict[str, Ask]]] = {
    "footfall on Spark": on_spark,
    "Spark SQL": in_sql,
    "footfall on threads": on_threads,
}


def answer(engine: str, folder: Path) -> None:
    """Run inside a fresh process: start, then ask each question once and several times more."""
    began = time.monotonic()
    asks = ENGINES[engine](folder)
    found: dict[str, object] = {"start": time.monotonic() - began}
    for question, ask in asks.items():
        counts, spent = ask(), []
        while len(spent) < AGAIN and sum(spent) < LONG_ENOUGH:
            before = time.monotonic()
            again = ask()
            spent.append(time.monotonic() - before)
            if again != counts:
                sys.exit(f"{engine} gave {again} after {counts}")
        found[question] = {"counts": counts, "seconds": statistics.median(spent)}
    print(json.dumps(found))


def fresh(engine: str, folder: Path) -> dict:
    """Run an engine in a process of its own."""
    command = [sys.executable, __file__, "--engine", engine, "--folder", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def write_events(folder: Path, events: int, *, peers: bool) -> None:
    """Write the log, with its chunks cached, and the Parquet file for SQL."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from visits import batches, write_log

    users = max(events // 40, 1000)
    write_log(folder, events, users)
    for ask in on_threads(folder).values():
        ask()
    if not peers:
        return
    schema = pa.schema([("u", pa.int32()), ("ts", pa.int64()), ("kind", pa.int8())])
    with pq.ParquetWriter(folder / "by_time.parquet", schema, compression="zstd") as writer:
        for batch in batches(events, users):
            columns = [batch["user"], batch["ts"], batch["kind"]]
            writer.write_table(pa.table(columns, schema=schema))


def compare(folder: Path, events: int, *, peers: bool) -> list[dict]:
    """Measure, print the tables, give the bars."""
    write_events(folder, events, peers=peers)
    engines = [name for name in ENGINES if peers or name != "Spark SQL"]
    found = {engine: fresh(engine, folder) for engine in engines}
    print(f"\n{events:,} events, {MASTER}; seconds of wall time\n")
    print(f"{'':<22}{'start':>9}" + "".join(f"{question:>10}" for question in QUESTIONS))
    for engine, row in found.items():
        cells = "".join(f"{row[question]['seconds']:>10.2f}" for question in QUESTIONS)
        print(f"{engine:<22}{row['start']:>9.1f}{cells}")
    bars = []
    ours, threads = found["footfall on Spark"], found["footfall on threads"]
    for question in QUESTIONS:
        for engine, row in found.items():
            if row[question]["counts"] != ours[question]["counts"]:
                sys.exit(f"{question}: {engine} counts {row[question]['counts'][:12]}")
        if peers:
            times = found["Spark SQL"][question]["seconds"] / ours[question]["seconds"]
            bars.append(bar(f"{question}: times as fast as Spark SQL", times, 3))
    for question in QUESTIONS:
        more = ours[question]["seconds"] - threads[question]["seconds"]
        name = f"{question}, {events:,} events: seconds Spark adds to threads"
        bars.append(bar(name, more, None))
    bars.append(bar(f"start of Spark, {events:,} events: seconds", ours["start"], None))
    return bars


def bar(name: str, value: float, target: float | None) -> dict:
    """Give one line of the result; without a target it only states a figure."""
    ok = target is None or value >= target
    return {"bar": name, "value": round(value, 2), "target": target, "ok": ok}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="500 k events")
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--large", action="store_true", help="footfall alone, 100 M events")
    parser.add_argument("--folder", type=Path, help="where the events are put; a new folder")
    parser.add_argument("--engine", choices=[*ENGINES], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        answer(options.engine, options.folder)
        return
    events = 500_000 if options.quick else 100_000_000 if options.large else options.events
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        bars = compare(Path(folder), events, peers=not options.large)
    print()
    for line in bars:
        print(json.dumps(line | ({"quick": True} if options.quick else {})))
    if not (options.quick or all(line["ok"] for line in bars)):
        sys.exit(1)


if __name__ == "__main__":
    main()
