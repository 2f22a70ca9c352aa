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

from footfall.evaluate import Targets, bootstrap_interval, rank_targets, user_metrics
from footfall.features.sequences import Sequences
from footfall.recommend import Recommender, recommender_named

MODELS = ("popular", "rules", "item-knn", "sequential", "hybrid")
OPTIONS = {"hybrid": {"repeats": True}}
Each = dict[str, np.ndarray]  # metrics of each visit


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
        for metric in ("hr", "mrr"):
            for other in ("rules", "item-knn"):
                more(metric, found["hybrid"], found[other], other, quick=arguments.quick)


def sequences(visits: list[list[str]], ids: list[str]) -> Sequences:
    """Pack visits; items that no training visit has are left out."""
    code_of = {item: code for code, item in enumerate(ids)}
    rows = [[code_of[item] for item in visit if item in code_of] for visit in visits]
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    return Sequences.from_arrays(offsets, [item for row in rows for item in row], item_ids=ids)


def measure(
    model: Recommender, training: Sequences, pairs: list[list[str]], ids: list[str]
) -> Each:
    """Fit, rank the item that came next among all, print a row; give each visit's metrics."""
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
    missed = np.zeros(len(pairs) - len(asked))
    each = {name: np.append(values, missed) for name, values in user_metrics(ranks, k=20).items()}
    hit, mrr = each["hr"].mean(), each["mrr"].mean()
    low, high = bootstrap_interval(each["mrr"])
    spread = f"{low:.4f} - {high:.4f}"
    print(f"{model.name:<12} {hit:>7.4f} {mrr:>7.4f} {spread:>17} {seconds:>10.1f}", flush=True)
    if model.name == "hybrid":
        print(f"\n{json.dumps(model.adds_.to_pylist(), indent=1)}\n")
    return each


def more(metric: str, mixed: Each, other: Each, name: str, *, quick: bool) -> None:
    """Print by how much the mix is better, visit by visit, and whether that is more than chance."""
    gains = mixed[metric] - other[metric]
    low, high = bootstrap_interval(gains)
    line = {"bar": f"tmall hybrid over {name}, {metric}@20", "value": round(gains.mean(), 4)}
    line |= {"interval": [round(low, 4), round(high, 4)], "target": "> 0, and its interval"}
    print(json.dumps(line | {"ok": bool(quick or low > 0)}))


if __name__ == "__main__":
    main()
