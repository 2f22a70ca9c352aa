"""The main job on real input, from raw export to the page: time and memory, twice.

Usage: python bench/demo.py [--quick] [--data completejourney]

The second run uses the log of the first. ``--quick`` runs on CDNOW's orders. Prints a table and a
JSON line a bar.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time


def run(data: str, folder: str) -> dict:
    """Run the demo in a process of its own; give its cost."""
    command = [sys.executable, "-m", "footfall.cli", "demo", "--data", data, "--out", folder]
    started = time.monotonic()
    process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or process.stdout is None:
        sys.exit(f"the demo failed with {process.returncode}")
    return {
        "findings": json.loads(process.stdout.read())["findings"],
        "wall": time.monotonic() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="CDNOW's orders, under 50 seconds")
    parser.add_argument("--data", default="completejourney")
    options = parser.parse_args()
    data = "cdnow" if options.quick else options.data
    with tempfile.TemporaryDirectory() as folder:
        runs = [run(data, folder) for _ in range(2)]
    print(f"{'run':<8} {'wall s':>7} {'CPU s':>7} {'peak MB':>8}")
    for name, one in zip(("first", "second"), runs, strict=True):
        print(f"{name:<8} {one['wall']:>7.1f} {one['cpu']:>7.1f} {one['mb']:>8.0f}")
    for title, finding in runs[0]["findings"].items():
        print(f"  {title}: {finding}")
    first = runs[0]
    bars = [
        ("demo, wall s", first["wall"], "< 180", first["wall"] < 180),
        ("demo, peak MB", first["mb"], "< 2048", first["mb"] < 2048),
    ]
    for name, value, target, ok in bars:
        print(json.dumps({"bar": name, "value": round(value, 1), "target": target, "ok": ok}))


if __name__ == "__main__":
    main()
