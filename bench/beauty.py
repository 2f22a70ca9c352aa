"""Next item on Amazon Beauty: popularity and rules, leave-one-out, all items ranked.

    python bench/beauty.py --data DIR           # test, with the default options
    python bench/beauty.py --data DIR --tune    # the validation grid the defaults came from

DIR holds ``amazon_beauty/Beauty.txt``, lines of ``user item item ...`` in time order. Parameters
are learned from training items only; the test items are looked at with the default options only.
"""

import argparse
import itertools
import json
from pathlib import Path

from footfall.events.readers.sequences import read_sequences
from footfall.features.sequences import Sequences
from footfall.recommend import BuyAgain, Measured, Popular, Recommender, Rules, evaluate_model

POPULAR_BAR = (0.0050, 0.0062)
RULES_BAR = 0.050
SECONDS_BAR = 5.0

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
    arguments = parser.parse_args()
    sequences = read(arguments.data / "amazon_beauty" / "Beauty.txt", quick=arguments.quick)
    if arguments.tune:
        tune(sequences)
    else:
        compare(sequences, quick=arguments.quick)


def read(path: Path, *, quick: bool) -> Sequences:
    shop = read_sequences(path)
    users = 5_000 if quick else len(shop.users)
    return Sequences.from_arrays(
        shop.offsets[: users + 1],
        shop.items[: shop.offsets[users]],
        user_ids=shop.users[:users],
        item_ids=shop.item_ids,
    )


def compare(sequences: Sequences, *, quick: bool) -> None:
    print(f"{'model':<10} {'NDCG@10':>8} {'95 % interval':>17} {'HR@10':>8} {'fit CPU s':>10}")
    models: tuple[Recommender, ...] = (Popular(), BuyAgain(), Rules())
    measured = {model.name: evaluate_model(model, sequences, k=[10]) for model in models}
    for name, answer in measured.items():
        low, high = answer.protocol.interval["ndcg@10"]
        print(
            f"{name:<10} {answer.metrics['ndcg@10']:>8.4f} {f'{low:.4f} - {high:.4f}':>17} "
            f"{answer.metrics['hr@10']:>8.4f} {answer.fit_cpu_seconds:>10.2f}"
        )
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


def ndcg(answer: Measured) -> float:
    return round(answer.metrics["ndcg@10"], 4)


def bar(name: str, value: float, target: str, *, ok: bool) -> None:
    print(json.dumps({"bar": name, "value": value, "target": target, "ok": ok}))


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
