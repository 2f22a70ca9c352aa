"""Funnel, sessions, paths, weekly retention and RFM: footfall beside its peers.

Usage: python bench/analytics.py [--quick] [--events 20000000] [--large] [--folder DIR]
       [--keep DIR] [--python PEERS_PYTHON] [--retentioneering PYTHON]

Prints a table a question and a JSON line a bar. Every figure comes from a fresh process whose CPU
seconds the system reports: cold is the whole process, from its start to the answer, with the files
(footfall's chunks among them) in the system's cache; warm is the median question in a process that
has answered once, with the events in memory (peers) or in the log's chunk cache (footfall). All
engines must give equal counts. The peers read the events in order of time, as a shop's log has
them; the rows "sorted frame" are handed a frame that is already sorted by user and time. "--large"
asks footfall alone about 100 M events.

The peers live in a virtual environment of the bench's own (.bench-venv), made when it is missing.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from funnel import PEERS, WARM_RUNS, fresh
from peer_data import GAP, WEEKS, Ask
from peers import peers_python
from visits import write_log, write_parquet

QUESTIONS = ("funnel", "sessions", "paths", "retention", "rfm")
LONG_ENOUGH = 20  # seconds of repeating; slow engines are asked less often
WIDTHS = (11, 8, 12, 8, 8)
TEN_TIMES = {"funnel", "sessions", "paths"}


# --- footfall ---------------------------------------------------------------------------------


def own_funnel(log) -> list[int]:
    from footfall.analytics.funnel import funnel

    names = ("view", "add_to_cart", "checkout", "purchase")
    return funnel(log, steps=names, within="7d").frame.column("users").to_pylist()


def own_sessions(log) -> list[int]:
    from footfall.analytics.sessions import sessions

    row = sessions(log, gap_minutes=GAP / 60_000_000, items=False).frame.to_pylist()[0]
    return [row["sessions"], round(row["sessions"] * row["bounce_share"])]


def own_paths(log) -> list[int]:
    from footfall.analytics.path import paths

    return paths(log, length=5, shown=50).frame.column("occurrences").to_pylist()


def own_retention(log) -> list[int]:
    from footfall.analytics.cohort.retention import retention

    rows = retention(log, unit="week", periods=WEEKS - 1).frame.to_pylist()
    cohorts = {name: place for place, name in enumerate(dict.fromkeys(r["cohort"] for r in rows))}
    found = [(cohorts[row["cohort"]], int(row["period"]), row["retained"]) for row in rows]
    return [cell for row in sorted(row for row in found if row[2]) for cell in row]


def own_rfm(log) -> list[int]:
    import numpy as np

    from footfall.analytics.value import rfm

    scores = rfm(log, at="2026-04-01", ties="split", order="moment").scores()
    r, f, m = (scores.column(name).to_numpy().astype(int) for name in "rfm")
    cells = np.bincount(r * 100 + f * 10 + m)
    return [
        int(cell)
        for code in np.flatnonzero(cells)
        for cell in (code // 100, code // 10 % 10, code % 10, cells[code])
    ]


OWN: dict[str, Callable[..., list[int]]] = {
    "funnel": own_funnel,
    "sessions": own_sessions,
    "paths": own_paths,
    "retention": own_retention,
    "rfm": own_rfm,
}


def _own(question: str, folder: Path) -> Ask:
    from footfall.store.log import open_log

    log = open_log(folder / "log")
    return lambda: OWN[question](log)


# --- the peers --------------------------------------------------------------------------------


def peers_of(question: str) -> list[str]:
    names = ["DuckDB", "chdb", "Polars", "pandas"]
    if question in {"sessions", "paths"}:
        names += ["Polars, sorted frame", "pandas, sorted frame"]
    return names


def _peer(engine: str, question: str, folder: Path, *, cold: bool) -> Ask:
    import importlib

    name, _, form = engine.partition(", ")
    rooms = {"DuckDB": "sql", "chdb": "sql", "retentioneering": "retentioneering"}
    room = importlib.import_module(f"peer_{rooms.get(name, 'frames')}")
    middle = "_sorted" if form else ""
    return getattr(room, f"{name.lower()}{middle}_{question}")(folder, cold=cold)


# --- one engine in a fresh process ------------------------------------------------------------


class Memory:
    """The most memory of its own (not mapped from files) a process had, sampled."""

    def __init__(self) -> None:
        self.most_mb = 0.0
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while True:
            status = Path("/proc/self/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
            self.most_mb = max(self.most_mb, int(line.split()[1]) / 1024)
            time.sleep(0.01)


def answer(engine: str, question: str, folder: Path, *, cold: bool) -> None:
    """Ask once, or once and then several times."""
    memory = Memory()
    if engine == "footfall":
        ask = _own(question, folder)
    else:
        ask = _peer(engine, question, folder, cold=cold)
    counts = ask()
    spent = []
    while not cold and len(spent) < WARM_RUNS and sum(wall for _, wall in spent) < LONG_ENOUGH:
        cpu, wall = time.process_time(), time.monotonic()
        again = ask()
        spent.append((time.process_time() - cpu, time.monotonic() - wall))
        if again != counts:
            sys.exit(f"{engine} gave {again} after {counts}")
    medians = [statistics.median(part) for part in zip(*spent, strict=True)]
    print(json.dumps({"counts": counts, "warm": medians, "own_mb": memory.most_mb}))


def measured(python: str, engine: str, question: str, folder: Path, *, quick: bool) -> dict:
    """Ask one engine cold and warm."""
    me = str(Path(__file__).resolve())
    command = [python, me, "--engine", engine, "--question", question, "--folder", str(folder)]
    # The first run brings the files into the system's cache, and makes footfall's chunks.
    colds = [fresh([*command, "--cold"])]
    least = 2 if engine == "footfall" or colds[0]["wall"] < LONG_ENOUGH else 1
    while len(colds) < least or (
        len(colds) < 3 and not quick and sum(run["wall"] for run in colds) < LONG_ENOUGH
    ):
        colds.append(fresh([*command, "--cold"]))
    cold = min(colds, key=lambda run: run["cpu"])
    warm = fresh(command)
    if warm["counts"] != cold["counts"]:
        sys.exit(f"{engine}, {question}: {warm['counts']} warm and {cold['counts']} cold")
    return {"cold": cold, "warm": warm, "counts": cold["counts"]}


# --- the table and the bars -------------------------------------------------------------------


def compare(folder: Path, options: argparse.Namespace) -> dict[str, dict[str, dict]]:
    """Make the data, then ask every engine every question."""
    me = str(Path(__file__).resolve())
    peers = options.python or peers_python("", PEERS)
    users = str(max(1000, options.events // 40))
    for make, python, file in (
        ("log", sys.executable, "log"),
        ("parquet", peers, "by_user.parquet"),
    ):
        command = [python, me, "--make", make, "--folder", str(folder)]
        if not (folder / file).exists():
            fresh([*command, "--events", str(options.events), "--users", users])
    rows: dict[str, dict[str, dict]] = {}
    for question in options.questions:
        print(f"\n{question}")
        print(
            f"{'engine':<22}{'cold CPU s':>11}{'wall s':>8}{'warm CPU s':>12}{'wall s':>8}{'MB':>8}"
        )
        rows[question] = {}
        pythons = {"footfall": sys.executable} | dict.fromkeys(peers_of(question), peers)
        if options.retentioneering and question == "sessions":
            pythons["retentioneering"] = options.retentioneering
        for engine, python in pythons.items():
            row = measured(python, engine, question, folder, quick=options.quick)
            rows[question][engine] = row
            cpu, wall = row["warm"]["warm"]
            print(
                f"{engine:<22}{row['cold']['cpu']:>11.2f}{row['cold']['wall']:>8.2f}"
                f"{cpu:>12.3f}{wall:>8.3f}{row['warm']['own_mb']:>8,.0f}",
                flush=True,
            )
        check(question, rows[question])
    return rows


def check(question: str, row: dict[str, dict]) -> None:
    """Demand equal counts."""
    ours = row["footfall"]["counts"]
    for engine, found in row.items():
        if found["counts"] != ours:
            sys.exit(f"{question}: {engine} counts {found['counts'][:12]}, footfall {ours[:12]}")
    print(f"equal counts: {str(ours[:8])[1:-1]}{' ...' if len(ours) > 8 else ''}")


def report(rows: dict[str, dict[str, dict]], *, quick: bool) -> None:
    """Print a line a bar."""
    for question, row in rows.items():
        ours = row["footfall"]
        plain = [row[engine] for engine in row if "sorted" not in engine and engine != "footfall"]
        ready = [found for engine, found in row.items() if "sorted" in engine]
        best = min(found["warm"]["warm"][0] for found in plain) / ours["warm"]["warm"][0]
        times = 10 if question in TEN_TIMES else 1
        _bar(f"{question}, warm: best peer's CPU over ours", best, times, quick)
        if ready:
            best = min(found["warm"]["warm"][0] for found in ready) / ours["warm"]["warm"][0]
            _bar(f"{question}, warm: best sorted frame's CPU over ours", best, 1, quick)
        best = min(found["cold"]["cpu"] for found in plain) / ours["cold"]["cpu"]
        _bar(f"{question}, cold: best peer's CPU over ours", best, 1 / 1.2, quick)
        own = ours["warm"]["own_mb"]
        _bar(f"{question}: memory above the mapped cache, MB", own, 1000, quick, most=True)


def _bar(name: str, value: float, target: float, quick: bool, *, most: bool = False) -> None:  # noqa: FBT001
    ok = value <= target if most else value >= target
    sign = "<=" if most else ">="
    line = {"bar": name, "value": round(value, 2), "target": f"{sign} {target:.3g}", "ok": ok}
    print(json.dumps(line | ({"quick": True} if quick else {})), flush=True)


def grow(folder: Path, options: argparse.Namespace) -> None:
    """Ask footfall alone about 20 M and 100 M events."""
    me = str(Path(__file__).resolve())
    warm: dict[tuple[str, int], dict] = {}
    for events in (options.events, 5 * options.events):
        home = folder / str(events)
        if not home.exists():
            home.mkdir()
            command = [sys.executable, me, "--make", "log", "--folder", str(home)]
            made = fresh([*command, "--events", str(events), "--users", str(events // 40)])
            print(f"appended in {made['cpu']:.0f} CPU s, {made['mb']:,.0f} MB")
        print(f"{events:,} events", flush=True)
        for question in options.questions:
            command = [sys.executable, me, "--engine", "footfall", "--question", question]
            warm[question, events] = fresh([*command, "--folder", str(home)])
            found = warm[question, events]
            print(
                f"  {question:<10} {found['warm'][0]:>8.3f} CPU s {found['warm'][1]:>8.3f} wall s"
                f" {found['own_mb']:>6,.0f} MB of its own",
                flush=True,
            )
    for question in options.questions:
        few, many = (warm[question, n * options.events] for n in (1, 5))
        ratio = many["warm"][0] / few["warm"][0]
        _bar(f"{question}: CPU of 100 M events over 20 M", ratio, 6, options.quick, most=True)
        _bar(f"{question}: own memory at 100 M, MB", many["own_mb"], 1000, options.quick, most=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a million events")
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--large", action="store_true", help="footfall alone, 20 M and 100 M")
    parser.add_argument("--questions", nargs="+", choices=QUESTIONS, default=QUESTIONS)
    parser.add_argument("--folder", type=Path, help="where the files go")
    parser.add_argument("--keep", type=Path, help="make the files here, and use those that are")
    parser.add_argument("--python", help="a Python that has the peers")
    parser.add_argument("--retentioneering", help="a Python that has it: asked for sessions, too")
    parser.add_argument("--users", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--make", choices=["log", "parquet"], help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--question", choices=QUESTIONS, help=argparse.SUPPRESS)
    parser.add_argument("--cold", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        answer(options.engine, options.question, options.folder, cold=options.cold)
    elif options.make:
        write = {"log": write_log, "parquet": write_parquet}[options.make]
        write(options.folder, options.events, options.users)
    else:
        options.events = 500_000 if options.quick else options.events
        with contextlib.ExitStack() as stack:
            folder = options.keep
            if folder is None:
                made = tempfile.TemporaryDirectory(dir=options.folder)
                folder = Path(stack.enter_context(made))
            folder.mkdir(parents=True, exist_ok=True)
            if options.large:
                grow(folder, options)
            else:
                report(compare(folder, options), quick=options.quick)


if __name__ == "__main__":
    main()
