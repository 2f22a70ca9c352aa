"""Vectors of items and users on Amazon Beauty: next item, and lookalike audiences. No bar.

    python bench/embeddings.py --data DIR            # the defaults
    python bench/embeddings.py --data DIR --tune     # the validation grid they came from
    python bench/embeddings.py --data DIR --quick    # the first 2,000 users only

DIR holds ``amazon_beauty/Beauty.txt`` and ``Beauty_item2attributes.json``. Everything is learned
from training items and measured on the validation items; the test items are not looked at. The next
item is the one whose vector is nearest to the user's. A list of seeds is made for each of some
attributes: users whose validation item has it.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.evaluate import leave_one_out
from footfall.events.readers.sequences import read_sequences
from footfall.features.sequences import Sequences
from footfall.models.embeddings import (
    Embedding,
    SkipGram,
    deepwalk,
    item2vec,
    lookalike,
    node2vec,
    user_vectors,
)
from footfall.recommend import Recommender, evaluate_model

Make = Callable[[Sequences], Embedding]
DECAYS = (0.3, 0.5, 0.8)
AUDIENCES, FEWEST_SEEDS, MOST_SEEDS = 12, 100, 2_000

METHODS: dict[str, Make] = {
    "item2vec": item2vec,
    "deepwalk, items": deepwalk,
    "deepwalk, users and items": lambda rows: deepwalk(rows, graph="user-item"),
    "node2vec, items, q = 4": lambda rows: node2vec(rows, q=4),
    "node2vec, items, q = 0.25": lambda rows: node2vec(rows, q=0.25),
}
# One option at a time around the defaults.
TRAINING: tuple[dict[str, Any], ...] = (
    {"rate": 0.05}, {"rate": 0.2}, {"window": 5}, {"window": 10}, {"power": 0.0}, {"power": 0.5},
    {"negative": 10}, {"sample": 1e-3}, {"size": 128},
)  # fmt: skip
WALKING: tuple[dict[str, Any], ...] = (
    {"window": 1}, {"window": 10}, {"length": 10, "per_node": 40}, {"length": 80, "per_node": 5},
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Near(Recommender):
    """Recommends the items whose vectors are nearest to the user's."""

    name: ClassVar[str] = "near"

    make: Make
    decay: float

    def _fit(self, sequences: Sequences, _rng: np.random.Generator) -> dict[str, np.ndarray]:
        items = self.make(sequences)
        return {"codes": items.codes(sequences.item_ids), "vectors": items.vectors}

    def _score(self, histories: Sequences) -> np.ndarray:
        codes = self.learned_["codes"]
        known = np.flatnonzero(codes >= 0)
        items = Embedding(
            ids=self.item_ids_.take(known), vectors=self.learned_["vectors"][codes[known]]
        )
        # Those asked need not have ids.
        asked = pa.array(np.arange(histories.n_users)).cast(pa.string())
        users = user_vectors(replace(histories, user_ids=asked), items, decay=self.decay)
        scores = np.full((histories.n_users, len(codes)), -2, np.float32)
        rows = users.ids.cast(pa.int64()).to_numpy()
        scores[np.ix_(rows, known)] = users.unit @ items.unit.T
        return scores


def next_item(name: str, make: Make, shop: Sequences) -> Embedding:
    """Print a line for each decay; return the vectors, learned once."""
    found: list[Embedding] = []

    def once(rows: Sequences) -> Embedding:
        if not found:
            found.append(make(rows))
        return found[0]

    seconds = 0.0
    for decay in DECAYS:
        answer = evaluate_model(
            Near(make=once, decay=decay), shop, held_out="validation", k=[10], intervals=False
        )
        seconds = max(seconds, answer.fit_cpu_seconds)
        ndcg, hits = answer.metrics["ndcg@10"], answer.metrics["hr@10"]
        print(f"{name:<52} {decay:>5} {ndcg:>8.4f} {hits:>8.4f} {seconds:>8.1f}", flush=True)
    return found[0]


def audiences(shop: Sequences, path: Path) -> dict[str, list[str]]:
    """Choose attributes that many validation items have: name -> users who bought one next."""
    attributes = json.loads(path.read_text())
    split = leave_one_out(shop.offsets, held_out="validation")
    items = shop.item_ids.take(shop.items[split.history_stop]).to_pylist()
    users = shop.user_ids.take(split.users).to_pylist()
    found: dict[str, list[str]] = {}
    for user, item in zip(users, items, strict=True):
        for attribute in attributes.get(item, ()):
            found.setdefault(str(attribute), []).append(user)
    right = [name for name in found if FEWEST_SEEDS <= len(found[name]) <= MOST_SEEDS]
    right = sorted(right, key=int)
    return {name: found[name] for name in right[:: max(1, len(right) // AUDIENCES)][:AUDIENCES]}


def lifts(name: str, users: Embedding, seeds: dict[str, list[str]]) -> None:
    """Print how many times as many held-out seeds as at random the top tenth holds."""
    for method in ("centroid", "logistic"):
        found = [lookalike(users, each, method=method).lift for each in seeds.values()]
        print(
            f"{name:<52} {method:>9} {np.mean(found):>6.2f} {min(found):>6.2f} {max(found):>6.2f}",
            flush=True,
        )


def grid() -> dict[str, Make]:
    """Give all settings that are tried, by name."""
    tries: dict[str, Make] = {}
    for options in TRAINING:
        over = SkipGram(**{"window": 10} | options)
        tries[f"item2vec {options}"] = lambda rows, over=over: item2vec(rows, training=over)
        walk = SkipGram(**options)
        tries[f"deepwalk {options}"] = lambda rows, walk=walk: deepwalk(rows, training=walk)
    for options in WALKING:
        tries[f"deepwalk {options}"] = lambda rows, options=options: deepwalk(rows, **options)
    return tries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--tune", action="store_true", help="search options on the validation")
    parser.add_argument("--quick", action="store_true", help="the first 2,000 users only")
    parser.add_argument("--users", type=int, default=1_000_000, help="the first users only")
    options = parser.parse_args()
    folder = options.data / "amazon_beauty"
    read = read_sequences(folder / "Beauty.txt")
    rows = read.offsets[: (2_000 if options.quick else options.users) + 1]
    shop = Sequences.from_arrays(
        rows, read.items[: rows[-1]], user_ids=read.users[: len(rows) - 1], item_ids=read.item_ids
    )
    print(f"{'next item (validation)':<52} {'decay':>5} {'NDCG@10':>8} {'HR@10':>8} {'CPU s':>8}")
    made = {}
    for name, make in (grid() if options.tune else METHODS).items():
        made[name] = next_item(name, make, shop)
    if options.tune:
        return
    seeds = audiences(shop, folder / "Beauty_item2attributes.json")
    stop = leave_one_out(shop.offsets, held_out="validation").train_stop
    training = shop.select(np.arange(shop.n_users), stop)
    title = f"lift of the top tenth, {len(seeds)} lists"
    print(f"\n{title:<52} {'method':>9} {'mean':>6} {'least':>6} {'most':>6}")
    for name, items in made.items():
        lifts(name, user_vectors(training, items), seeds)
        if items.users is not None:
            lifts(f"{name}: its own users", items.users, seeds)


if __name__ == "__main__":
    main()
