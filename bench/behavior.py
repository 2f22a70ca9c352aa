"""Does learning from all events help the purchase and churn heads? On a simulated shop.

    python bench/behavior.py            # about 12 CPU minutes on one core
    python bench/behavior.py --quick    # a smaller shop and network, under a minute

The model learns all its heads from every user's events up to the label moment; what comes later is
not among them. Then users of one half are labeled with what they did in the next 30 days, and users
of the other half are asked about 30 days later. Beside each other, for a share of the labels:

* frozen: a linear head on the vectors of the network as it is;
* fine-tuned: network and head go on learning from the labels;
* from scratch: the same network, trained on the labels alone, at its full learning rate;
* aggregates: logistic regression on recency, frequency, value, tempo, mix and trend;
* own head: what the model says by itself, no labels at all.

Each chooses when to stop, or its penalty, by held-out labels; test users choose nothing. Intervals
are over test users and draws of labels, both drawn with replacement, the same for both sides.

Before that the chances that the model's own heads give the test users are set against what came,
for every horizon that ended within the log: an expected calibration error of 0.03 at most is asked
for.
"""

import argparse
import json
import resource
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.evaluate import auc, calibration_error, log_loss
from footfall.events.simulate import Simulated, SimulateOptions, simulate
from footfall.features import user_features
from footfall.models.behavior import BehaviorModel
from footfall.models.behavior.linear import fit_linear
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
HORIZON_DAYS = 30
LABEL_DAY, TEST_DAY, DAYS = 120, 150, 180
WORST_CALIBRATION = 0.03  # expected calibration error
LEAST = 3  # labels of each kind in a draw
TASKS = ("purchase", "churn")
METHODS = ("own head", "frozen", "fine-tuned", "from scratch", "aggregates")
HOW = {"frozen": "frozen", "fine-tuned": "full", "from scratch": "scratch"}
COMPARED = (
    ("fine-tuned", "from scratch"),
    ("frozen", "from scratch"),
    ("own head", "from scratch"),
    ("fine-tuned", "aggregates"),
    ("own head", "aggregates"),
)

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large the bench is."""

    users: int
    size: str
    context: int
    epochs: int
    tuning_epochs: int
    epoch_tokens: int
    draws: dict[float, int]  # of labels, for each share
    repeats: int


FULL = Plan(
    users=8_000, size="small", context=32, epochs=6, tuning_epochs=20, epoch_tokens=300_000,
    draws={0.01: 6, 0.1: 4, 1.0: 3}, repeats=300,
)  # fmt: skip
QUICK = Plan(
    users=500, size="tiny", context=16, epochs=2, tuning_epochs=3, epoch_tokens=30_000,
    draws={0.2: 2, 1.0: 1}, repeats=50,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """Users at a moment, and what they did in the days after it."""

    users: list[str]
    truth: npt.NDArray[np.int8]
    at: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller shop and network")
    parser.add_argument("--seed", type=int, default=7, help="of the shop, the model, the draws")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    started = time.process_time()
    shop = simulate(SimulateOptions(users=plan.users, days=DAYS, items=500, seed=arguments.seed))
    start = pc.min(shop.events["timestamp"]).cast(pa.int64()).as_py()
    moments = [start + day * DAY for day in (LABEL_DAY, TEST_DAY)]
    model, line = pretrained(shop, plan, moments[0], arguments.seed)
    print(line)
    bars = calibrated(shop, model, moments[1], arguments.seed)
    for task in TASKS:
        bars += measure(shop, model, task, plan, moments, arguments.seed)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{time.process_time() - started:,.0f} CPU s in all, peak memory {memory:,.0f} MB")
    for bar in bars:
        print(json.dumps(bar))


def pretrained(shop: Simulated, plan: Plan, until: int, seed: int) -> tuple[BehaviorModel, str]:
    """Learn all heads from all events up to the label moment."""
    log = log_of(shop, None)
    model = BehaviorModel(
        size=plan.size, context=plan.context, epochs=plan.epochs, horizons_days=(7, HORIZON_DAYS),
        churn_days=HORIZON_DAYS, epoch_tokens=plan.epoch_tokens,
    )  # fmt: skip
    started = time.process_time()
    model.fit(log, until=until, seed=seed)
    seconds = time.process_time() - started
    skill = ", ".join(f"{name} {value:.2f}" for name, value in model.skill_.items())
    return model, (
        f"{plan.users:,} users, {log.events:,} events in {DAYS} days; pretraining {seconds:,.0f}"
        f" CPU s, less surprised than by base rates: {skill}"
    )


def log_of(shop: Simulated, users: list[str] | None) -> MemoryLog:
    """Give the log of some users."""
    events = shop.events
    if users is not None:
        events = events.filter(pc.is_in(events["user_id"], value_set=pa.array(users)))
    return MemoryLog.from_events(events, users=shop.users, items=shop.items)


def calibrated(
    shop: Simulated, model: BehaviorModel, at: int, seed: int
) -> list[dict[str, object]]:
    """Set chances for test users against what came, for each head and horizon."""
    _, names = halves(shop, seed)
    log, bars = log_of(shop, sorted(names)), []
    print(f"\ncalibration\n  {'':22} {'users':>7} {'said':>7} {'came':>7} {'error':>7}")
    for head in ("order_time", "purchase", "churn"):
        task = "churn" if head == "churn" else "purchase"
        errors = {}
        for name, days in horizons_of(model, head).items():
            test = asked_about(shop, task, names, at, days=days)
            said = model.predict(test.users, head, at=at, log=log)[name].to_numpy()
            errors[name] = calibration_error(test.truth, said)
            print(
                f"  {name:22} {len(said):7,} {said.mean():7.1%} {test.truth.mean():7.1%}"
                f" {errors[name]:7.4f}"
            )
        bars.append(
            {
                "bar": f"{head}: largest calibration error of {', '.join(errors)}",
                "value": round(max(errors.values()), 4),
                "target": f"<= {WORST_CALIBRATION}",
                "ok": max(errors.values()) <= WORST_CALIBRATION,
            }
        )
    return bars


def horizons_of(model: BehaviorModel, head: str) -> dict[str, float]:
    """Give the horizons of a head that end within the log, in days, by the names of columns."""
    names = model.predict(["nobody"], head).column_names
    days = {
        name: float(name[:-1].rpartition("_")[2]) / (24 if name.endswith("h") else 1)
        for name in names
        if name.startswith(("order_within_", "purchase_", "churn_"))
    }
    return {name: length for name, length in days.items() if length <= DAYS - TEST_DAY}


def halves(shop: Simulated, seed: int) -> tuple[set[str], set[str]]:
    """Part users into those who are labeled and those who test."""
    names = np.array(sorted(shop.users["user_id"].to_pylist()))
    half = np.random.default_rng((seed, 1)).permutation(len(names)) < 0.6 * len(names)
    return set(names[half].tolist()), set(names[~half].tolist())


def measure(
    shop: Simulated, model: BehaviorModel, task: str, plan: Plan, moments: list[int], seed: int
) -> list[dict[str, object]]:
    """Fit and ask every method on every draw of labels, for one task."""
    labeled, testing = halves(shop, seed)
    pool = asked_about(shop, task, labeled, moments[0])
    test = asked_about(shop, task, testing, moments[1])
    log = log_of(shop, test.users)
    asked = model.fitted.asked(model, test.users, at=test.at, log=log)
    head = model.predict(test.users, task, at=test.at, log=log)[f"{task}_{HORIZON_DAYS}d"]
    own = head.to_numpy()
    print(
        f"\n{task} within {HORIZON_DAYS} days: {len(pool.users):,} users to label"
        f" ({pool.truth.mean():.1%} yes), {len(test.users):,} test users ({test.truth.mean():.1%})"
        f"\n  {'':22} {'labels':>7} {'AUC':>7} {'log-loss':>9}"
    )
    both = {side.at: aggregates(shop, side) for side in (pool, test)}
    bars = []
    for place, (share, draws) in enumerate(plan.draws.items()):
        found: dict[str, list[Float64]] = {method: [] for method in METHODS}
        size = len(pool.users)
        for draw in range(draws):
            rng = np.random.default_rng((seed, 2, place, draw))
            some = drawn(pool.truth, share, rng)
            size = len(some)
            target = pa.table(
                {"user_id": [pool.users[i] for i in some], "target": pool.truth[some]}
            )
            few = log_of(shop, target["user_id"].to_pylist())
            for method, how in HOW.items():
                tuned = model.fine_tune(
                    few, target, how=how, name="asked", at=pool.at, epochs=plan.tuning_epochs,
                    seed=draw,
                )  # fmt: skip
                answer = tuned.fitted.answer(asked, "asked", k=1, wanted=None)
                found[method].append(answer["asked"].to_numpy())
            plain = fit_linear(both[pool.at][some], pool.truth[some], kind="binary", seed=draw)
            found["aggregates"].append(plain.answer(both[test.at]))
            found["own head"].append(own)
        bars += told(task, share, size, test.truth, found, repeats=plan.repeats, seed=seed)
    return bars


def asked_about(
    shop: Simulated, task: str, users: set[str], at: int, days: float = HORIZON_DAYS
) -> Asked:
    """Find who can be asked about, and the truth, from the events alone."""
    ids = shop.events["user_id"].combine_chunks().dictionary_encode()
    user = ids.indices.to_numpy()
    times = shop.events["timestamp"].cast(pa.int64()).to_numpy()
    names = ids.dictionary.to_pylist()
    after = (times > at) & (times <= at + round(days * DAY))
    # One who has been silent for long is gone already: churn is asked of those who were here.
    since = at - HORIZON_DAYS * DAY if task == "churn" else -1
    known = np.bincount(user[(times <= at) & (times > since)], minlength=len(names)) > 0
    if task == "purchase":
        after &= np.asarray(pc.equal(shop.events["event_type"], "purchase"))
    happens = np.bincount(user[after], minlength=len(names)) > 0
    truth = ~happens if task == "churn" else happens
    chosen = sorted(
        (name, code) for code, name in enumerate(names) if name in users and known[code]
    )
    codes = [code for _, code in chosen]
    return Asked(users=[name for name, _ in chosen], truth=truth[codes].astype(np.int8), at=at)


def aggregates(shop: Simulated, asked: Asked) -> npt.NDArray[np.float32]:
    """Give features at the moment on a log scale, what is missing as 0 and said to be."""
    known = user_features(log_of(shop, asked.users), cutoff=asked.at)
    place = {name: row for row, name in enumerate(known.user_ids.to_pylist())}
    values = known.values[[place[name] for name in asked.users]]
    missing = np.isnan(values)
    plain = np.where(missing, 0, np.sign(values) * np.log1p(np.abs(values)))
    return np.hstack([plain, missing]).astype(np.float32)


def drawn(truth: npt.NDArray[np.int8], share: float, rng: np.random.Generator) -> Int64:
    """Draw a share of the users, yes and no as often as among all of them."""
    parts = []
    for kind in (0, 1):
        every = np.flatnonzero(truth == kind)
        count = min(len(every), max(LEAST, round(share * len(every))))
        parts.append(rng.permutation(every)[:count])
    return np.sort(np.concatenate(parts))


def told(
    task: str,
    share: float,
    size: int,
    truth: npt.NDArray[np.int8],
    found: dict[str, list[Float64]],
    *,
    repeats: int,
    seed: int,
) -> list[dict[str, object]]:
    """Print a share of labels and give its bars."""
    everyone = np.arange(len(truth))
    for method, answers in found.items():
        means = [np.mean([m(truth, one) for one in answers]) for m in (auc, log_loss)]
        print(f"  {method:22} {size:7,} {means[0]:7.4f} {means[1]:9.4f}")
    rng = np.random.default_rng((seed, 3))
    count = len(found["frozen"])
    again = [
        gains_of(
            truth, found, rng.integers(0, len(truth), len(truth)), rng.integers(0, count, count)
        )
        for _ in range(repeats)
    ]
    value = gains_of(truth, found, everyone, np.arange(count))
    low, high = np.quantile(np.array(again), [0.025, 0.975], axis=0)
    bars: list[dict[str, object]] = []
    for at, (better, worse) in enumerate(COMPARED):
        cells = [f"{value[at, m]:+.4f} ({low[at, m]:+.4f} to {high[at, m]:+.4f})" for m in (0, 1)]
        print(f"    {better} over {worse}: AUC {cells[0]}, log-loss {cells[1]}")
        if better == "fine-tuned":
            name = f"{task}, {share:.0%} of labels: {better} over {worse}, AUC gain"
            bars.append(bar_of(name, value[at, 0], low[at, 0], high[at, 0]))
    return bars


def gains_of(
    truth: npt.NDArray[np.int8], found: dict[str, list[Float64]], users: Int64, draws: Int64
) -> Float64:
    """Give how much better one is than another, mean over draws, (pairs, AUC and log-loss)."""
    if truth[users].min() == truth[users].max():
        return np.zeros((len(COMPARED), 2))
    scores: dict[str, Float64] = {}
    for method, answers in found.items():
        each = {
            d: (auc(truth[users], answers[d][users]), -log_loss(truth[users], answers[d][users]))
            for d in np.unique(draws).tolist()
        }
        scores[method] = np.mean([each[d] for d in draws.tolist()], axis=0)
    return np.array([scores[better] - scores[worse] for better, worse in COMPARED])


def bar_of(name: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {
        "bar": name,
        "value": round(float(value), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
        "target": "> 0 (interval above 0)",
        "ok": bool(low > 0),
    }


if __name__ == "__main__":
    main()
