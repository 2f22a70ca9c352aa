"""Next item on Amazon Beauty: every recommender, leave-one-out, all items ranked.

    python bench/beauty.py --data DIR             # rules and popularity, seconds
    python bench/beauty.py --data DIR --classic   # every recommender that is no network, minutes
    python bench/beauty.py --data DIR --neural    # the behaviour model, the hybrid, the refit
    python bench/beauty.py --data DIR --neural --no-attributes   # the same from ids alone
    python bench/beauty.py --data DIR --neural --validation      # judged by validation items
    python bench/beauty.py --data DIR --tune      # the validation grid of the rules' defaults

DIR holds ``amazon_beauty/Beauty.txt``, lines of ``user item item ...`` in time order, and what is
known of the items: ids of attributes and five words of the title. Parameters are learned from
training items only; when to stop and how to mix is chosen by validation items. The rows "refit"
learn from the validation items, too. Test items are looked at with the default options only.
"""

import argparse
import itertools
import json
import resource
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from footfall.evaluate import (
    Split,
    bootstrap_interval,
    leave_one_out,
    rank_targets,
    ranking_metrics,
    select_targets,
)
from footfall.events.readers.sequences import read_sequences
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.sequences import Sequences
from footfall.recommend import (
    BuyAgain,
    Hybrid,
    Measured,
    Popular,
    Recommender,
    Rules,
    evaluate_model,
    recommender_named,
)

CLASSIC = ("popular", "rules", "item-knn", "content", "als", "bpr", "ease", "user-knn")

POPULAR_BAR = (0.0050, 0.0062)
RULES_BAR = 0.050
SECONDS_BAR = 5.0
NEURAL_BAR = 0.060
HYBRID_BARS = {"ndcg@10": 0.065, "hr@10": 0.107}
REFIT_BAR = 0.068
MINUTES_BARS = {"sequential": 12.0, "hybrid": 15.0}
USERS_A_SECOND_BAR = 5_000

# One option at a time around the defaults, then the ones that moved, together.
ALONE: dict[str, tuple[float, ...]] = {
    "window": (3, 5, 10, 20),
    "distance_power": (0.25, 0.5, 0.75, 1),
    "backward": (0, 0.1, 0.2, 0.5, 1),
    "damping": (0, 10, 30, 100),
    "normalize": (0, 0.25, 0.5, 0.75, 1),
    "decay": (0.3, 0.5, 0.7, 0.9),
    "max_links": (50, 200, 5000),
}
TOGETHER: dict[str, tuple[float, ...]] = {
    "window": (10, 20),
    "distance_power": (0.25, 0.5, 0.75),
    "backward": (0.1, 0.2),
    "damping": (10, 30),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--tune", action="store_true", help="search options on the validation")
    parser.add_argument("--quick", action="store_true", help="the first 5,000 users only")
    parser.add_argument("--classic", action="store_true", help="every recommender but networks")
    parser.add_argument("--neural", action="store_true", help="the behaviour model and the hybrid")
    parser.add_argument("--no-attributes", action="store_true", help="item ids alone")
    parser.add_argument("--validation", action="store_true", help="judge by validation items")
    arguments = parser.parse_args()
    folder = arguments.data / "amazon_beauty"
    known = (arguments.neural or arguments.classic) and not arguments.no_attributes
    table = item_table(folder) if known else None
    sequences = read(folder / "Beauty.txt", quick=arguments.quick, table=table)
    if arguments.neural:
        held_out = "validation" if arguments.validation else "test"
        neural(sequences, held_out=held_out, quick=arguments.quick)
    elif arguments.tune:
        tune(sequences)
    elif arguments.classic:
        show_all([recommender_named(name) for name in CLASSIC], sequences)
    else:
        compare(sequences, quick=arguments.quick)


def item_table(folder: Path) -> pa.Table:
    """Read what is known of the items."""
    attributes = json.loads((folder / "Beauty_item2attributes.json").read_text())
    rows = [line.rstrip("\n").split("\t") for line in (folder / "Beauty_item_asin_text.tsv").open()]
    return pa.table(
        {
            "item_id": [row[0] for row in rows],
            "attributes": [attributes.get(row[0], []) for row in rows],
            "title": [row[2] for row in rows],
        }
    )


def read(path: Path, *, quick: bool, table: pa.Table | None = None) -> Sequences:
    shop = read_sequences(path)
    users = 5_000 if quick else len(shop.users)
    return Sequences.from_arrays(
        shop.offsets[: users + 1],
        shop.items[: shop.offsets[users]],
        user_ids=shop.users[:users],
        item_ids=shop.item_ids,
        item_table=table,
    )


def neural(sequences: Sequences, *, held_out: str, quick: bool) -> None:
    """Fit the hybrid once, judge it and its behaviour model, learn the validation items, again."""
    parts = leave_one_out(sequences.offsets, held_out=held_out)
    training = sequences.select(np.arange(sequences.n_users), parts.train_stop)
    if held_out == "test":
        chosen_by = HeldOut.of_rows(sequences, parts.users, parts.history_stop - 1)
    else:
        training, chosen_by = hold_out(training)
    tiny = {"sequential": {"size": "tiny", "epochs": 2}}
    model = Hybrid(part_options=tiny if quick else {})
    model.fit(training, held_out=chosen_by)
    minutes = time.process_time() / 60  # from the start of Python: imports, raw files and all
    print(f"{'model':<22} {'NDCG@10':>8} {'95 % interval':>17} {'HR@10':>8}")
    alone = judge("sequential", model.part("sequential"), sequences, parts)
    mixed = judge("hybrid", model, sequences, parts)
    print()
    for row in model.adds_.to_pylist():
        without = "" if row["without"] is None else f"{row['without']:.4f} without"
        print(
            f"  {row['part']:<14} weight {row['weight']:.2f}, {row['alone']:.4f} alone  {without}"
        )
    rate = users_a_second(model, sequences)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"\nfit {minutes:.1f} CPU minutes, {rate:,.0f} users/s, peak {peak:,.0f} MB\n")
    good = quick or held_out == "validation"
    bar("beauty sequential ndcg@10", alone["ndcg@10"], NEURAL_BAR, good=good)
    for metric, target in HYBRID_BARS.items():
        bar(f"beauty hybrid {metric}", mixed[metric], target, good=good)
    for name, most in MINUTES_BARS.items():  # the mix's minutes are the network's, and more
        ok = quick or minutes <= most
        bar(f"beauty {name} CPU minutes, of the hybrid's fit", minutes, f"<= {most:g}", ok=ok)
    bar("beauty hybrid users/s", rate, USERS_A_SECOND_BAR, good=quick)
    if held_out == "test":
        stop = sequences.offsets[1:].copy()
        stop[parts.users] -= 1
        model.refit(sequences.select(np.arange(sequences.n_users), stop))
        judge("sequential, refit", model.part("sequential"), sequences, parts)
        again = judge("hybrid, refit", model, sequences, parts)
        bar("beauty hybrid refit ndcg@10", again["ndcg@10"], REFIT_BAR, good=good)


def judge(name: str, model: Recommender, sequences: Sequences, parts: Split) -> dict[str, float]:
    """Rank all items for everybody; print a row."""
    chosen = select_targets(parts, sequences.offsets, sequences.items, n_items=sequences.n_items)
    users, stop = parts.users[chosen.asked], parts.history_stop[chosen.asked]
    ranks = rank_targets(
        lambda low, high: model.scores(sequences.select(users[low:high], stop[low:high])),
        chosen,
        n_items=sequences.n_items,
    )
    metrics, ends = ranking_metrics(ranks, k=[10], interval=bootstrap_interval)
    low, high = ends["ndcg@10"]
    spread = f"{low:.4f} - {high:.4f}"
    print(
        f"{name:<22} {metrics['ndcg@10']:>8.4f} {spread:>17} {metrics['hr@10']:>8.4f}", flush=True
    )
    return metrics


def users_a_second(model: Recommender, sequences: Sequences) -> float:
    """Recommend ten items to everybody; wall time."""
    model.recommend(sequences.user_ids[:100], k=10)
    started = time.monotonic()
    model.recommend(sequences.user_ids, k=10)
    return sequences.n_users / (time.monotonic() - started)


def compare(sequences: Sequences, *, quick: bool) -> None:
    measured = show_all([Popular(), BuyAgain(), Rules()], sequences)
    print(f"\n{measured['rules'].protocol}\n")
    popular, rules = (ndcg(measured[name]) for name in ("popular", "rules"))
    seconds = measured["rules"].fit_cpu_seconds
    inside = POPULAR_BAR[0] <= popular <= POPULAR_BAR[1]
    # Quality bars are for the whole set.
    bar(
        "beauty popular ndcg@10",
        popular,
        f"{POPULAR_BAR[0]} to {POPULAR_BAR[1]}",
        ok=quick or inside,
    )
    bar("beauty rules ndcg@10", rules, f">= {RULES_BAR}", ok=quick or rules >= RULES_BAR)
    bar("beauty rules fit CPU s", seconds, f"< {SECONDS_BAR}", ok=seconds < SECONDS_BAR)


def show_all(models: list[Recommender], sequences: Sequences) -> dict[str, Measured]:
    """Measure recommenders with their defaults; print a row for each."""
    print(f"{'model':<10} {'NDCG@10':>8} {'95 % interval':>17} {'HR@10':>8} {'fit CPU s':>10}")
    measured = {}
    for model in models:
        answer = measured[model.name] = evaluate_model(model, sequences, k=[10])
        low, high = answer.protocol.interval["ndcg@10"]
        print(
            f"{model.name:<10} {answer.metrics['ndcg@10']:>8.4f} {f'{low:.4f} - {high:.4f}':>17} "
            f"{answer.metrics['hr@10']:>8.4f} {answer.fit_cpu_seconds:>10.2f}",
            flush=True,
        )
    return measured


def ndcg(answer: Measured) -> float:
    return round(answer.metrics["ndcg@10"], 4)


def bar(
    name: str, value: float, target: float | str, *, ok: bool | None = None, good: bool = False
) -> None:
    """Print a bar; a number as target is a least value, which `good` does not ask for."""
    if ok is None:
        ok, target = good or value >= float(target), f">= {target:g}"
    print(json.dumps({"bar": name, "value": round(value, 4), "target": target, "ok": ok}))


def tune(sequences: Sequences) -> None:
    for option, values in ALONE.items():
        for value in values:
            show(sequences, {option: value})
    grid = [
        dict(zip(TOGETHER, values, strict=True)) for values in itertools.product(*TOGETHER.values())
    ]
    best = max((show(sequences, options), str(options)) for options in grid)
    print(f"best together: {best[1]} with validation NDCG@10 {best[0]:.4f}")


def show(sequences: Sequences, options: dict[str, float]) -> float:
    answer = evaluate_model(
        Rules.of(options), sequences, held_out="validation", k=[10], intervals=False
    )
    value = answer.metrics["ndcg@10"]
    print(f"validation NDCG@10 {value:.4f}  HR@10 {answer.metrics['hr@10']:.4f}  {options}")
    return value


if __name__ == "__main__":
    main()
