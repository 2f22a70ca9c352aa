"""Every encoder on Beauty (leave-one-out) and Grocery (time cut): quality, time, memory.

    python bench/encoders.py --data DIR [--quick] [--encoders gru transformer ...] [--epochs 4]

One table a data set; each encoder runs in a process of its own on one thread, from item ids alone.
Beauty is judged by test items. Grocery learns up to the end of 2012 and
guesses the next 90 days. The table compares; it has no bar but that every encoder beats popularity.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv

from footfall.events.readers.sequences import read_sequences
from footfall.features.sequences import Sequences
from footfall.recommend import Popular, Recommender, Sequential, evaluate_model

ENCODERS = ("rnn", "lstm", "gru", "cnn", "transformer", "ligr", "hstu")
SETS = ("beauty", "grocery")
CUTOFF, DAYS = "2012-12-31", 90
SECOND = 1_000_000


def beauty(folder: Path, *, quick: bool) -> Sequences:
    shop = read_sequences(folder / "amazon_beauty" / "Beauty.txt")
    users = 3_000 if quick else len(shop.users)
    return Sequences.from_arrays(
        shop.offsets[: users + 1],
        shop.items[: shop.offsets[users]],
        user_ids=shop.users[:users],
        item_ids=shop.item_ids,
    )


def grocery(folder: Path, *, quick: bool) -> Sequences:
    table = pa_csv.read_csv(
        folder / "grocery" / "train.csv", parse_options=pa_csv.ParseOptions(delimiter="\t")
    )
    users, items, times = (table[name].to_numpy() for name in ("user_id", "item_id", "time"))
    order = np.lexsort((times, users))
    if quick:
        order = order[users[order] < np.quantile(users, 0.2)]
    names, counts = np.unique(users[order], return_counts=True)
    ids, codes = np.unique(items[order], return_inverse=True)
    return Sequences.from_arrays(
        np.concatenate(([0], np.cumsum(counts))),
        codes,
        timestamps=times[order] * SECOND,
        user_ids=[str(name) for name in names],
        item_ids=[str(name) for name in ids],
    )


def measure(
    data: str, name: str, folder: Path, size: str, epochs: int, *, quick: bool
) -> dict[str, float]:
    """Run inside a process of its own."""
    sequences = (beauty if data == "beauty" else grocery)(folder, quick=quick)
    model: Recommender = Popular()
    if name != "popular":
        model = Sequential(encoder=name, size=size, epochs=epochs)
    if quick and isinstance(model, Sequential):
        model = Sequential(encoder=name, size="tiny", epochs=2)
    split = {"split": "leave-one-out"}
    if data == "grocery":
        split = {"split": "time-cut", "cutoff": CUTOFF, "horizon_days": DAYS}
    started = time.process_time()
    found = evaluate_model(model, sequences, k=[10], **split)  # type: ignore[arg-type]  # by name
    low, high = found.protocol.interval["ndcg@10"]
    return {
        "ndcg": found.metrics["ndcg@10"],
        "low": low,
        "high": high,
        "hr": found.metrics["hr@10"],
        "fit": found.fit_cpu_seconds,
        "all": time.process_time() - started,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="few users, tiny networks")
    parser.add_argument("--encoders", nargs="+", default=ENCODERS, choices=ENCODERS)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--size", default="small")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the data")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        data, name = options.one
        found = measure(data, name, options.data, options.size, options.epochs, quick=options.quick)
        print(json.dumps(found))
        return
    bars = []
    for data in options.sets:
        print(f"\n{data}, size {options.size}, {options.epochs} epochs\n")
        heads = f"{'NDCG@10':>9}{'95 % interval':>18}{'HR@10':>8}{'fit CPU s':>11}{'MB':>8}"
        print(f"{'encoder':<12}{heads}")
        found = {name: fresh(data, name, options) for name in ("popular", *options.encoders)}
        floor = found["popular"]["ndcg"]
        bars += [
            (data, name, row["ndcg"], floor) for name, row in found.items() if name != "popular"
        ]
    print()
    for data, name, value, floor in bars:
        record = {"bar": f"{data} {name} ndcg@10", "value": round(value, 4)}
        print(
            json.dumps(record | {"target": f"> {floor:.4f}", "ok": options.quick or value > floor})
        )


def fresh(data: str, name: str, options: argparse.Namespace) -> dict[str, float]:
    """Measure in a process of its own, on one thread; print a row."""
    command = [sys.executable, __file__, "--data", str(options.data), "--size", options.size]
    command += ["--epochs", str(options.epochs)]
    command += ["--one", data, name] + (["--quick"] if options.quick else [])
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    row = json.loads(done.stdout.splitlines()[-1])
    spread = f"{row['low']:.4f} - {row['high']:.4f}"
    print(
        f"{name:<12}{row['ndcg']:>9.4f}{spread:>18}{row['hr']:>8.4f}{row['fit']:>11.1f}{row['mb']:>8.0f}",
        flush=True,
    )
    return row


if __name__ == "__main__":
    main()
