"""A planted cause of lost checkouts: how often is it found? ``python bench/causes.py [--quick]``.

Each of 40 simulated shops offers slow shipping to a quarter of its checkouts, at random, with an
odds ratio of exp(-1.3) on the purchase; nothing else that the log shows matters at this step.
``why_they_drop`` should put ``shipping = slow`` first. Beside it, on the same candidates, the plain
odds ratio that product analytics tools show: every property value and every event between the step
and the end of the window, by the size of the ratio. Prints a table and a JSON line a bar.
"""

import argparse
import json
import time
from collections.abc import Sequence

import numpy as np

from footfall.analytics.funnel import DropReasons, why_they_drop
from footfall.events.simulate import SimulateOptions, simulate
from footfall.store.memory import MemoryLog

STEPS = ("view", "add_to_cart", "checkout", "purchase")
DAYS = 60
SIZES = (1_000, 2_000, 4_000)
SEEDS, QUICK_SEEDS = 40, 6
TARGET = 0.95
BAR_SIZE = 2_000  # users of the shops for which the bar holds
Reason = tuple[str, str]
# Measured on shops that were not looked at while the method was made.
FIRST_SEED = 1_000


def reasons(users: int, seed: int) -> tuple[DropReasons, Reason, float]:
    """Simulate a shop and ask it; give the answer, the planted cause and the CPU seconds."""
    shop = simulate(SimulateOptions(users=users, days=DAYS, seed=seed))
    log = MemoryLog.from_events(shop.events, users=shop.users, items=shop.items)
    planted = shop.truth.facts["funnel_drop"]
    began = time.process_time()
    answer = why_they_drop(log, steps=STEPS, within="7d")
    cause = (f"properties.{planted['property']}", planted["value"])
    return answer, cause, time.process_time() - began


def ours(answer: DropReasons) -> list[Reason]:
    """Give what footfall says goes with dropping, strongest first."""
    rows = answer.frame.to_pylist()
    return [(row["name"], row["value"]) for row in rows if row["score"] > 0]


def plain(answer: DropReasons) -> list[Reason]:
    """Rank the same candidates by the plain odds ratio, one added to each cell."""
    lost = answer.reached - answer.converted
    ranked = []
    for row in answer.candidates.to_pylist():
        with_lost, with_on = row["dropped"], row["users"] - row["dropped"]
        others = (lost - with_lost, answer.converted - with_on)
        ratio = (with_lost + 1) * (others[1] + 1) / ((with_on + 1) * (others[0] + 1))
        if ratio > 1:
            ranked.append((ratio, row["name"], row["value"]))
    return [(name, value) for _, name, value in sorted(ranked, reverse=True)]


def place_of(cause: Reason, found: Sequence[Reason]) -> float:
    """Give the place of the cause, from 1; infinity where it is not found."""
    return found.index(cause) + 1 if cause in found else np.inf


def measured(users: int, seeds: int) -> dict[str, float]:
    """Ask some shops of one size."""
    places, plain_places, others, seconds, lost = [], [], [], [], []
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        answer, cause, cpu = reasons(users, seed)
        found = ours(answer)
        places.append(place_of(cause, found))
        plain_places.append(place_of(cause, plain(answer)))
        others.append(len([each for each in found if each != cause]))
        seconds.append(cpu)
        lost.append(answer.reached - answer.converted)
    return {
        "users": users,
        "lost": float(np.median(lost)),
        "first": float(np.mean(np.array(places) == 1)),
        "plain_first": float(np.mean(np.array(plain_places) == 1)),
        "others": float(np.mean(others)),
        "cpu": float(np.median(seconds)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer shops")
    quick = parser.parse_args().quick
    seeds = QUICK_SEEDS if quick else SEEDS
    print(f"{seeds} shops of each size, {DAYS} days; shipping = slow is planted at the checkout")
    print(
        f"{'users':>6} {'lost there':>11} {'planted cause first':>20} {'plain odds ratio':>17}"
        f" {'other findings':>15} {'CPU s':>6}"
    )
    sizes = SIZES[1:] if quick else SIZES
    for size in sizes:
        row = measured(size, seeds)
        print(
            f"{row['users']:>6,} {row['lost']:>11,.0f} {row['first']:>20.0%}"
            f" {row['plain_first']:>17.0%} {row['others']:>15.2f} {row['cpu']:>6.2f}"
        )
        if size == BAR_SIZE:
            kept = row
    bar = {
        "bar": f"why they drop: planted cause first, {seeds} shops of {BAR_SIZE:,} users",
        "value": round(kept["first"], 3),
        "target": f">= {TARGET}",
        "ok": kept["first"] >= TARGET,
    }
    print(json.dumps(bar | ({"quick": True} if quick else {})))


if __name__ == "__main__":
    main()
