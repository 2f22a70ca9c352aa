"""What business rules cost and what they buy, on Amazon Beauty's validation items. No bar.

    python bench/rerank.py --data DIR            # every user
    python bench/rerank.py --data DIR --quick    # every fiftieth user

DIR holds ``amazon_beauty/Beauty.txt`` and what is known of the items. `Rules` learns from training
items with its defaults; every rule then fills slates of ten, all items ranked, seen items left
out. Items are alike by their attributes; margins are drawn by chance, so that nothing but the rule
can lift them. Cost is NDCG@10 against no rule; what is bought is the diversity of slates (1 less
the mean likeness of pairs) and the mean share of items with a lower margin.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from beauty import item_table, read

from footfall.evaluate import Traits, bootstrap_interval, leave_one_out, user_diversity
from footfall.features.sequences import Sequences
from footfall.recommend import BusinessRules, Recommender, Rules

K = 10
ALIKE = ("attributes",)
TRIES: dict[str, dict] = {
    "no rule": {},
    "diversity=0.1": {"diversity": 0.1},
    "diversity=0.2": {"diversity": 0.2},
    "diversity=0.4": {"diversity": 0.4},
    "margin=0.1": {"margin": 0.1},
    "margin=0.2": {"margin": 0.2},
    "caps={'attributes': 3}": {"caps": {"attributes": 3}},
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Users with the item they took next, and what is known of the items."""

    histories: Sequences
    targets: np.ndarray
    items: pa.Table
    traits: Traits
    lower: np.ndarray  # share of items with a lower margin


def asked_of(sequences: Sequences, every: int) -> tuple[Sequences, Asked]:
    """Part training rows from the users that are asked."""
    split = leave_one_out(sequences.offsets, held_out="validation")
    training = sequences.select(np.arange(sequences.n_users), split.train_stop)
    users, stop = split.users[::every], split.history_stop[::every]
    margins = np.random.default_rng(0).uniform(0, 1, sequences.n_items)
    table = sequences.item_table.append_column("margin", pa.array(margins))
    bags = table["attributes"].combine_chunks()
    offsets = np.concatenate(([0], np.cumsum(pc.list_value_length(bags).fill_null(0))))
    values = pc.list_flatten(bags).dictionary_encode().indices.to_numpy()
    return training, Asked(
        histories=sequences.select(users, stop),
        targets=sequences.items[stop],
        items=table,
        traits=Traits.of_bags([(offsets, values)]),
        lower=np.argsort(np.argsort(margins)) / len(margins),
    )


def show(name: str, model: Recommender, asked: Asked, options: dict) -> None:
    """Fill everybody's slate by some rules; print a row."""
    rules = BusinessRules(diversity_by=ALIKE, **options).bind(model.item_ids_, asked.items)
    started = time.process_time()
    slates = model.slates(asked.histories, rules=rules, k=K)
    rate = len(asked.targets) / (time.process_time() - started)
    hit, place = np.nonzero(slates.items == asked.targets[:, None])
    gains = np.zeros(len(asked.targets))
    gains[hit] = 1 / np.log2(place + 2)
    low, high = bootstrap_interval(gains)
    unlike = np.nanmean(user_diversity(slates.items, asked.traits))
    margin = asked.lower[slates.items[slates.items >= 0]].mean()
    print(
        f"{name:<24} {gains.mean():>8.4f} {f'{low:.4f} - {high:.4f}':>17} {unlike:>10.3f}"
        f" {margin:>8.2f} {rate:>12,.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="every fiftieth user")
    arguments = parser.parse_args()
    folder = arguments.data / "amazon_beauty"
    shop = read(folder / "Beauty.txt", quick=False, table=item_table(folder))
    training, asked = asked_of(shop, 50 if arguments.quick else 1)
    model = Rules().fit(training)
    print(f"{len(asked.targets):,} users, {shop.n_items:,} items")
    print(
        f"{'rule':<24} {'NDCG@10':>8} {'95 % interval':>17} {'diversity':>10} {'margin':>8}"
        f" {'users/CPU s':>12}"
    )
    for name, options in TRIES.items():
        show(name, model, asked, options)


if __name__ == "__main__":
    main()
