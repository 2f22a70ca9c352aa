"""Training speed on Amazon Beauty: next items trained on in a CPU second, beside other libraries.

    python bench/training_speed.py --data DIR [--quick] [--python PEERS_PYTHON]

DIR holds ``amazon_beauty/Beauty.txt``, lines of ``user item item ...`` in time order; the last two
items of each user are left out of training. All train two layers of width 64 over histories of 50
on one thread, each in a process of its own whose peak memory the system reports; ours goes on to
score all users. Ours is timed over two whole passes, the others over some batches, each after one
to warm up. Sampled: ours takes 1,024 negatives that a batch shares, the others 256 a target. The
others live in a virtual environment of the bench's own, made when it is missing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import peers_python

HERE = Path(__file__).resolve().parent
# torch goes first, so that nothing brings another; the last ones would, or ask for older Pythons.
TORCH = ("torch==2.13.0",)
AROUND = (
    "numpy==1.26.4", "pandas==2.3.3", "scipy==1.14.1", "attrs==23.2.0", "pydantic==2.14.3",
    "typeguard==4.6.0", "tqdm==4.70.1", "scikit-learn==1.9.1", "pyyaml==6.0.3", "tabulate==0.10.0",
    "plotly==7.1.0", "texttable==1.7.2", "psutil==7.2.2", "colorlog==4.7.2", "colorama==0.4.4",
    "tensorboard==2.21.0",
)  # fmt: skip
PEERS = (
    "rectools==0.19.0", "recbole==1.2.1", "pm-implicit==0.7.3", "pytorch-lightning==2.5.2",
    "torchmetrics==1.9.0", "lightning-utilities==0.15.3", "thop==0.1.1.post2209072238",
)  # fmt: skip
OURS = {"footfall, softmax": "all", "footfall, sampled": "sampled"}
THEIRS = (
    "RecTools SASRecModel, softmax",
    "RecTools SASRecModel, sampled",
    "RecTools fast path, softmax",
    "RecTools fast path, sampled",
    "RecBole SASRec, softmax",
)
BATCHES = {"RecTools": 10, "RecBole": 30}  # about the same CPU time each
QUICK_USERS, QUICK_BATCHES = 4_000, 1
PASSES = 3  # of ours: one to warm up, as the others
SOFTMAX_BAR, SAMPLED_BAR, MEMORY_BAR = 6_000, 15_000, 0.8


def train_ours(path: Path, loss: str, *, quick: bool) -> None:
    """Read, train, score everybody, in this process; print targets and CPU seconds."""
    import numpy as np
    import torch

    from footfall.evaluate import leave_one_out
    from footfall.events.readers.sequences import read_sequences
    from footfall.features.sequences import Sequences
    from footfall.models.network import Shape
    from footfall.models.recommending import Recipe, learn_items, network_from, score_items
    from footfall.models.training import TrainOptions

    torch.set_num_threads(1)
    shop = read_sequences(path)
    users = QUICK_USERS if quick else len(shop.users)
    whole = Sequences.from_arrays(
        shop.offsets[: users + 1],
        shop.items[: shop.offsets[users]],
        user_ids=shop.users[:users],
        item_ids=shop.item_ids,
    )
    split = leave_one_out(whole.offsets)
    training = whole.select(np.arange(users), split.train_stop)
    shape = Shape(width=64, layers=2, heads=2, context=50, dropout=0.4)
    recipe = Recipe(shape=shape, training=TrainOptions(epochs=PASSES, batch_tokens=2048), loss=loss)
    weights, trained = learn_items(training, recipe, bags=[], held_out=None, seed=0)
    targets = int(np.maximum(np.diff(training.offsets) - 1, 0).sum())
    network = network_from(weights, shape)
    table = network.table().detach()
    for low in range(0, users, 500):
        some = np.arange(low, min(low + 500, users))
        score_items(network, table, training.select(some, training.offsets[some + 1]))
    after = trained.epochs[1:]
    cpu = sum(epoch.cpu_seconds for epoch in after)
    print(json.dumps({"targets": targets * len(after), "cpu": cpu}))


def fresh(command: list[str]) -> dict:
    """Run a process on one thread to its end; give its JSON line and its peak memory."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=out, stderr=said, env=os.environ | threads)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        lines = [line for line in out.read().decode().splitlines() if line.startswith("{")]
        if process.returncode or not lines:
            said.seek(0)
            sys.exit(f"{command} failed with {process.returncode}:\n{said.read().decode()[-2000:]}")
    return json.loads(lines[-1]) | {"gb": used.ru_maxrss / 2**20}


def measure(path: Path, *, quick: bool, peers: str) -> dict[str, dict]:
    """Run every engine in a process of its own, one after the other."""
    found = {}
    for engine, loss in OURS.items():
        command = [sys.executable, __file__, "--data", str(path), "--ours", loss]
        found[engine] = fresh([*command, "--quick"] if quick else command)
        show(engine, found[engine])
    for engine in THEIRS:
        batches = QUICK_BATCHES if quick else BATCHES[engine.split(maxsplit=1)[0]]
        script = str(HERE / "peer_training.py")
        found[engine] = fresh([peers, script, engine, str(path), str(batches)])
        show(engine, found[engine])
    return found


def show(engine: str, row: dict) -> None:
    speed = row["targets"] / row["cpu"]
    print(
        f"{engine:<31} {row['targets']:>8,} {row['cpu']:>7.1f} {speed:>13,.0f} {row['gb']:>8.2f}",
        flush=True,
    )


def bars(found: dict[str, dict], *, quick: bool) -> None:
    """Compare with the fastest peer at the same loss."""
    for loss, target in (("softmax", SOFTMAX_BAR), ("sampled", SAMPLED_BAR)):
        speed = {
            engine: row["targets"] / row["cpu"]
            for engine, row in found.items()
            if engine.endswith(loss)
        }
        mine = speed.pop(f"footfall, {loss}")
        bar(f"targets a CPU second, {loss}", round(mine), f">= {target}", mine >= target, quick)
        best = max(speed, key=lambda engine: speed[engine])
        ratio = round(mine / speed[best], 1)
        bar(f"{loss}: ours over the best peer ({best})", ratio, "> 1", ratio > 1, quick)
    peak = round(found["footfall, softmax"]["gb"], 2)
    bar("peak memory, softmax, GB", peak, f"<= {MEMORY_BAR}", peak <= MEMORY_BAR, quick)


def bar(name: str, value: float, target: str, ok: bool, quick: bool) -> None:  # noqa: FBT001  # a line
    line = {"bar": name, "value": value, "target": target, "ok": bool(ok)}
    print(json.dumps(line | ({"quick": True} if quick else {})))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="fewer users, a batch of the others")
    parser.add_argument("--python", help="a Python that has the peers")
    parser.add_argument("--ours", choices=list(OURS.values()), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        train_ours(options.data, options.ours, quick=options.quick)
        return
    path = options.data / "amazon_beauty" / "Beauty.txt"
    peers = options.python or peers_python("training-speed", TORCH, AROUND, ["--no-deps", *PEERS])
    heads = ("targets", "CPU s", "targets/CPU s", "peak GB")
    print(f"{'engine':<31} {heads[0]:>8} {heads[1]:>7} {heads[2]:>13} {heads[3]:>8}")
    bars(measure(path, quick=options.quick, peers=peers), quick=options.quick)


if __name__ == "__main__":
    main()
