"""How fast and how flat the simulator writes a log: ``python bench/simulate.py [--quick]``.

Each row is a process of its own that writes Parquet (log, tables and truth) to a temporary folder;
time runs from options to closed files, memory is the process's peak.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time

from footfall.events.simulate import SimulateOptions, write_simulation

EVENTS_PER_USER = 60
SIZES = (1_000_000, 5_000_000, 20_000_000)
QUICK_SIZES = (500_000, 2_000_000)
TARGET_EVENTS_PER_SECOND = 300_000
TARGET_MEMORY_MB = 2_000


def measure(events: int) -> dict[str, float]:
    """Write one log; return events, wall and CPU seconds, peak memory."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        write_simulation(SimulateOptions(users=10, days=2), folder)  # nothing is loaded while timed
        options = SimulateOptions(users=events // EVENTS_PER_USER, seed=7)
        wall, cpu = time.perf_counter(), time.process_time()
        paths = write_simulation(options, folder)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        rows = pq.read_metadata(paths["events"]).num_rows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"events": rows, "seconds": wall, "cpu_seconds": cpu, "peak_mb": peak}


def measured_apart(events: int) -> dict[str, float]:
    line = [sys.executable, __file__, "--events", str(events)]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller logs, the same table")
    parser.add_argument("--events", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.events is not None:
        print(json.dumps(measure(given.events)))
        return
    print(f"{'events':>12} {'seconds':>9} {'CPU s':>8} {'events/s':>11} {'peak MB':>9}")
    rows = []
    for events in QUICK_SIZES if given.quick else SIZES:
        row = measured_apart(events)
        rows.append(row)
        speed = row["events"] / row["seconds"]
        print(
            f"{row['events']:>12,} {row['seconds']:>9.1f} {row['cpu_seconds']:>8.1f} "
            f"{speed:>11,.0f} {row['peak_mb']:>9,.0f}"
        )
    speed = rows[-1]["events"] / rows[-1]["seconds"]
    peak = max(row["peak_mb"] for row in rows)
    for bar, value, target, met in (
        ("simulate events/s", speed, TARGET_EVENTS_PER_SECOND, speed >= TARGET_EVENTS_PER_SECOND),
        ("simulate peak memory MB", peak, TARGET_MEMORY_MB, peak <= TARGET_MEMORY_MB),
    ):
        print(json.dumps({"bar": bar, "value": round(value), "target": target, "ok": met}))


if __name__ == "__main__":
    main()
