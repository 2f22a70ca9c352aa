"""The log under load: ingest a CSV, append to a large log, scaling.

Usage: python bench/store.py [--quick] [--events 20000000] [--folder DIR]

Prints a table and a JSON line a bar. Each step runs in a process of its own, whose CPU seconds and
peak memory the system reports.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clickstream import write_csv

STEPS = "view,add_to_cart,checkout,purchase"

# Runs in a process of its own: reads the CSV; start-up (imports) is told apart from the work.
INGEST = """
import json, sys, time
from footfall.store.ingest import ingest
from footfall.store.log import open_log

started = time.process_time()
done = ingest(open_log(sys.argv[2], create=True), [sys.argv[1]])
work = time.process_time() - started
print(json.dumps({"start_cpu": started, "work_cpu": work, **done.to_json()}))
"""

# Runs in a process of its own: the funnel warm, an append of 10,000 events, the funnel again.
APPEND = """
import json, statistics, sys, time
import pyarrow as pa
sys.path.insert(0, sys.argv[2])
from clickstream import batches
from footfall.analytics.funnel import funnel
from footfall.store.log import open_log

log = open_log(sys.argv[1])
steps = sys.argv[4].split(",")

def timed(work):
    cpu, wall = time.process_time(), time.monotonic()
    value = work()
    return time.process_time() - cpu, time.monotonic() - wall, value

ask = lambda: funnel(log, steps=steps, within="7d").to_json()["steps"]
first = timed(ask)
warm = [timed(ask) for _ in range(5)]
rows = []
for round in range(3):
    new = next(iter(batches(10_000, users=int(sys.argv[3]), seed=100 + round, spread=True)))
    new = new.set_column(3, "timestamp", new.column("timestamp").cast(pa.timestamp("us", tz="UTC")))
    new = new.set_column(4, "price", pa.array([100] * new.num_rows, pa.int64()))
    append = timed(lambda: log.append(new))
    again = timed(ask)
    rows.append((append[0] + again[0], append[1] + again[1], append[2].rows_kept))
print(json.dumps({
    "first_cpu": first[0], "events": log.events,
    "warm_cpu": statistics.median(w[0] for w in warm),
    "warm_wall": statistics.median(w[1] for w in warm),
    "after_cpu": statistics.median(r[0] for r in rows),
    "after_wall": statistics.median(r[1] for r in rows), "kept": rows[0][2],
}))
"""


def measured(command: list[str]) -> dict:
    """Run a command to its end; give its output, wall and CPU seconds and peak memory in MB."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if process.returncode:
        sys.exit(f"{command[:3]} failed with {process.returncode}")
    return {
        "json": json.loads(text.strip().splitlines()[-1]),
        "wall": time.monotonic() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
    }


def one_size(events: int, folder: Path) -> dict:
    users = max(1000, events // 40)
    csv, log = folder / f"events-{events}.csv", folder / f"log-{events}"
    write_csv(csv, events, users=users)
    ingest = measured([sys.executable, "-c", INGEST, str(csv), str(log)])
    here = str(Path(__file__).parent)
    asked = measured([sys.executable, "-c", APPEND, str(log), here, str(users), STEPS])
    ask_mb = asked["mb"]
    csv_mb = csv.stat().st_size / 2**20
    csv.unlink()
    shutil.rmtree(log)
    return {"csv_mb": csv_mb, "ingest": ingest, "ask_mb": ask_mb, **asked["json"], "events": events}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under 50 seconds")
    parser.add_argument("--events", type=int, default=20_000_000, help="the largest size")
    parser.add_argument("--folder", help="where the files go; a temporary folder by default")
    options = parser.parse_args()
    largest = 600_000 if options.quick else options.events
    sizes = [largest // 20, largest // 4, largest]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = [one_size(size, Path(folder)) for size in sizes]
    report(rows, quick=options.quick)


def report(rows: list[dict], *, quick: bool) -> None:
    print(
        f"{'events':>11} {'CSV MB':>7} {'ingest s':>9} {'rows/s':>9} {'CPU us/row':>10}"
        f" {'peak MB':>8} {'warm s':>7} {'ns/row':>7} {'+10k s':>7}"
        f" {'ask MB':>7}"
    )
    for row in rows:
        n, ingest = row["events"], row["ingest"]
        work = ingest["json"]["work_cpu"]
        print(
            f"{n:>11,} {row['csv_mb']:>7.0f} {ingest['wall']:>9.1f} {n / ingest['wall']:>9,.0f}"
            f" {1e6 * work / n:>10.2f} {ingest['mb']:>8.0f} {row['warm_cpu']:>7.3f}"
            f" {1e9 * row['warm_cpu'] / n:>7.1f} {row['after_cpu']:>7.2f}"
            f" {row['ask_mb']:>7.0f}"
        )
    last = rows[-1]
    ingest = last["ingest"]
    per_row = [row["ingest"]["json"]["work_cpu"] / row["events"] for row in rows]
    spread = max(per_row) / min(per_row) - 1
    warm = [row["warm_cpu"] / row["events"] for row in rows]
    limit = 1.5 * last["warm_cpu"] + 1
    bars = [
        (
            "ingest CSV, rows/s",
            last["events"] / ingest["wall"],
            ">= 200000",
            last["events"] / ingest["wall"] >= 200_000,
        ),
        ("ingest CSV, peak MB", ingest["mb"], "< 2048", ingest["mb"] < 2048),
        (
            "append 10,000 events, then the funnel, CPU s",
            last["after_cpu"],
            f"<= {limit:.2f}",
            last["after_cpu"] <= limit,
        ),
        ("ingest cost a row, spread over the sizes", spread, "<= 0.30", spread <= 0.30),
        (
            "funnel cost a row, spread over the sizes",
            max(warm) / min(warm) - 1,
            "<= 0.30",
            max(warm) / min(warm) - 1 <= 0.30,
        ),
    ]
    for name, value, target, ok in bars:
        shown = {"bar": name, "value": round(value, 4), "target": target, "ok": bool(ok)}
        print(json.dumps(shown | ({"quick": True} if quick else {})))


if __name__ == "__main__":
    main()
