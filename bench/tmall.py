"""Next item of a visit on Tmall: rules, neighbours, the behaviour model and their mix.

    python bench/tmall.py --data DIR [--quick] [--models rules item-knn ...]

DIR holds ``tmall/train_sessions.txt`` (items of a visit a line) and ``tmall/test_pairs.txt``
(items so far, TAB, the item that came next). All items of the training visits are ranked, those
of the visit too, since nearly half of the next items are repeats. Models learn from training
visits only; what they choose, they choose by items held out of training visits.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from footfall.evaluate import Targets, bootstrap_interval, rank_targets, ranking_metrics
from footfall.features.sequences import Sequences
from footfall.recommend import Recommender, recommender_named

MODELS = ("popular", "rules", "item-knn", "sequential", "hybrid")
OPTIONS = {"hybrid": {"repeats": True}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="a tenth of the visits, small models")
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    arguments = parser.parse_args()
    folder = arguments.data / "tmall"
    visits = [line.split() for line in (folder / "train_sessions.txt").open()]
    pairs = [line.rstrip("\n").split("\t") for line in (folder / "test_pairs.txt").open()]
    if arguments.quick:
        visits, pairs = visits[::10], pairs[::10]
    ids = sorted({item for visit in visits for item in visit})
    training = sequences(visits, ids)
    print(f"{len(visits):,} visits, {len(ids):,} items, {len(pairs):,} asked\n")
    print(f"{'model':<12} {'HR@20':>7} {'MRR@20':>7} {'95 % interval':>17} {'fit CPU s':>10}")
    found = {}
    for name in arguments.models:
        options = dict(OPTIONS.get(name, {}))
        if arguments.quick and name == "sequential":
            options |= {"size": "tiny", "epochs": 2}
        if arguments.quick and name == "hybrid":
            options["part_options"] = {"sequential": {"size": "tiny", "epochs": 2}}
        found[name] = measure(recommender_named(name, options), training, pairs, ids)
    if {"hybrid", "rules", "item-knn"} <= found.keys():
        for metric in ("hr@20", "mrr@20"):
            floor = max(found["rules"][metric], found["item-knn"][metric])
            bar(f"tmall hybrid {metric}", found["hybrid"][metric], floor, quick=arguments.quick)


def sequences(visits: list[list[str]], ids: list[str]) -> Sequences:
    """Pack visits; items that no training visit has are left out."""
    code_of = {item: code for code, item in enumerate(ids)}
    rows = [[code_of[item] for item in visit if item in code_of] for visit in visits]
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    return Sequences.from_arrays(offsets, [item for row in rows for item in row], item_ids=ids)


def measure(
    model: Recommender, training: Sequences, pairs: list[list[str]], ids: list[str]
) -> dict[str, float]:
    """Fit, rank the item that came next among all, print a row."""
    started = time.process_time()
    model.fit(training)
    seconds = time.process_time() - started
    known = set(ids)
    # A next item that is in no training visit cannot be found: it counts as a miss.
    asked = [pair for pair in pairs if pair[1] in known]
    histories = sequences([pair[0].split() for pair in asked], ids)
    code_of = {item: code for code, item in enumerate(ids)}
    targets = Targets(
        kind="all",
        asked=np.arange(len(asked)),
        offsets=np.arange(len(asked) + 1),
        items=np.array([code_of[pair[1]] for pair in asked], np.int32),
        seen_offsets=np.zeros(len(asked) + 1, np.int64),
        seen_items=np.zeros(0, np.int32),
        dropped=0,
    )

    def score(low: int, high: int) -> np.ndarray:
        users = np.arange(low, high)
        return model.scores(histories.select(users, histories.offsets[users + 1]))

    ranks = rank_targets(score, targets, n_items=len(ids), keep_seen=True)
    metrics, ends = ranking_metrics(ranks, k=[20], interval=bootstrap_interval)
    share = len(asked) / len(pairs)
    hit, mrr = metrics["hr@20"] * share, metrics["mrr@20"] * share
    low, high = (end * share for end in ends["mrr@20"])
    spread = f"{low:.4f} - {high:.4f}"
    print(f"{model.name:<12} {hit:>7.4f} {mrr:>7.4f} {spread:>17} {seconds:>10.1f}", flush=True)
    if model.name == "hybrid":
        print(f"\n{json.dumps(model.adds_.to_pylist(), indent=1)}\n")
    return {"hr@20": hit, "mrr@20": mrr}


def bar(name: str, value: float, target: float, *, quick: bool) -> None:
    print(
        json.dumps(
            {
                "bar": name,
                "value": round(value, 4),
                "target": f"> {target:.4f}",
                "ok": quick or value > target,
            }
        )
    )


if __name__ == "__main__":
    main()
