"""Small forms of the behaviour model on Amazon Beauty: size, time of an answer, ranking quality.

    python bench/compress.py --data DIR [--quick] [--size small] [--student tiny] [--python PYTHON]

DIR holds ``amazon_beauty/Beauty.txt``, lines of ``user item item ...`` in time order: the last item
of each user is the test, the one before it the validation. One network is trained, on training
items, and put into every form; two students are trained on what it expects, and one of their size
without it. All are asked the same: one user after the other (milliseconds of CPU time), 2,000 users
in one go (users a CPU second), and NDCG@10 among all items not seen. Forms are to be chosen by the
validation. ONNX Runtime runs the exported graph on one thread, in a virtual environment of the
bench's own, made when it is missing; a test shows that the graph's numbers are the network's.
"""

import argparse
import json
import subprocess
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from peers import peers_python

from footfall.events.readers.sequences import read_sequences
from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.models.compress.form import FORMS, Form
from footfall.recommend import Recommender, Sequential, compress, export_onnx
from footfall.recommend.footprint import footprint_of, ranking_quality

HERE = Path(__file__).resolve().parent
PEERS = ("numpy==2.4.6", "onnxruntime==1.31.1")
QUICK_USERS = 500
LARGE = "as trained, float32"
NAMES = {
    "float16": "vectors in float16",
    "int8": "vectors in int8",
    "int8-dynamic": "int8, dynamic",
    "int8-static": "int8, static",
    "fold": "int8, rare items folded",
    "prune": "int8, rare items pruned",
}
LOSS_BAR, SIZE_BAR, WAIT_BAR = 1.0, 3.5, 5.0


def read_shop(data: Path, *, quick: bool) -> Sequences:
    shop = read_sequences(data / "amazon_beauty" / "Beauty.txt")
    users = QUICK_USERS if quick else len(shop.users)
    return Sequences.from_arrays(
        shop.offsets[: users + 1],
        shop.items[: shop.offsets[users]],
        user_ids=shop.users[:users],
        item_ids=shop.item_ids,
    )


def kept_out(shop: Sequences, back: int) -> HeldOut:
    """Hold the item of each user out that is so many from the end, and all after it."""
    rows = shop.offsets[1:] - back
    users = np.flatnonzero(rows > shop.offsets[:-1])
    return HeldOut.of_rows(shop, users, rows[users])


def row_of(model: Recommender, validation: HeldOut, test: HeldOut) -> dict[str, float]:
    taken = asdict(footprint_of(model, test.histories))
    taken["validation"] = ranking_quality(model, validation)
    return {**taken, "test": ranking_quality(model, test)}


def show(name: str, row: dict[str, float]) -> None:
    print(
        f"{name:<31} {row['size_mb']:>6.2f} {row['p50_ms']:>7.2f} {row['p99_ms']:>7.2f}"
        f" {row['users_per_second']:>9,.0f} {row['validation']:>10.4f} {row['test']:>7.4f}",
        flush=True,
    )


def measure(shop: Sequences, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Train, compress, ask; print a row of each form."""
    validation, test = kept_out(shop, 2), kept_out(shop, 1)
    training = shop.select(np.arange(shop.n_users), shop.offsets[1:] - 2)
    epochs = 1 if options.quick else 8
    large = Sequential(size=options.size, epochs=epochs)
    large.fit(training, held_out=validation)
    heads = ("MB", "p50 ms", "p99 ms", "users/s", "validation", "test")
    line = "{:<31} {:>6} {:>7} {:>7} {:>9} {:>10} {:>7}"
    print(line.format(f"size {options.size}, {shop.n_items:,} items", *heads), flush=True)
    found: dict[str, dict[str, float]] = {}

    def ask(name: str, model: Recommender) -> None:
        found[name] = row_of(model, validation, test)
        show(name, found[name])

    ask(LARGE, large)
    for how, name in NAMES.items():
        ask(name, compress(large, how))
    found["ONNX Runtime, float32"] = onnx_row(large, validation, test, options.python)
    show("ONNX Runtime, float32", found["ONNX Runtime, float32"])
    student = options.student
    ask(f"{student}, distilled", compress(large, Form(student=student)))
    ask(
        f"{student}, distilled, int8",
        compress(large, replace(FORMS["distill-int8"], student=student)),
    )
    alone = Sequential(size=student, epochs=epochs).fit(training, held_out=validation)
    ask(f"{student}, without a teacher", alone)
    return found


def onnx_row(
    large: Sequential, validation: HeldOut, test: HeldOut, python: str | None
) -> dict[str, float]:
    """Have another process ask ONNX Runtime the same."""
    with tempfile.TemporaryDirectory() as folder:
        graph = export_onnx(large, folder)
        asked = {}
        for name, held_out in (("validation", validation), ("test", test)):
            histories = held_out.histories
            asked |= {
                f"{name}.offsets": histories.offsets,
                f"{name}.items": histories.items,
                f"{name}.targets": held_out.items,
            }
        np.savez(Path(folder) / "asked.npz", **asked)
        command = [python or peers_python("compress", PEERS), str(HERE / "peer_onnx.py"), folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        size = graph.stat().st_size / 2**20
    return {"size_mb": size, **json.loads(done.stdout)}


def bars(found: dict[str, dict[str, float]], options: argparse.Namespace) -> None:
    large = found[LARGE]
    for how in ("int8-dynamic", "int8-static"):
        row = found[NAMES[how]]
        lost = round(100 * (1 - row["test"] / large["test"]), 2)
        bar(f"{how}: NDCG@10 lost, percent", lost, f"<= {LOSS_BAR}", lost <= LOSS_BAR, options)
        ratio = round(large["size_mb"] / row["size_mb"], 2)
        bar(f"{how}: times smaller", ratio, f">= {SIZE_BAR}", ratio >= SIZE_BAR, options)
        wait = round(row["p50_ms"], 2)
        bar(f"{how}: one answer, ms", wait, f"<= {WAIT_BAR}", wait <= WAIT_BAR, options)
    taught = found[f"{options.student}, distilled"]["test"]
    gain = round(taught / found[f"{options.student}, without a teacher"]["test"], 3)
    bar("NDCG@10, distilled over without a teacher", gain, ">= 1", gain >= 1, options)


def bar(name: str, value: float, target: str, ok: bool, options: argparse.Namespace) -> None:  # noqa: FBT001  # a line
    line = {"bar": name, "value": value, "target": target, "ok": bool(ok)}
    print(json.dumps(line | ({"quick": True} if options.quick else {})))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="fewer users, one epoch")
    parser.add_argument("--size", default="small", help="of the network that is put into forms")
    parser.add_argument("--student", default="tiny", help="size of the network it teaches")
    parser.add_argument("--python", help="a Python that has onnxruntime")
    options = parser.parse_args()
    started = time.process_time()
    found = measure(read_shop(options.data, quick=options.quick), options)
    print(f"{(time.process_time() - started) / 60:.1f} CPU minutes")
    bars(found, options)


if __name__ == "__main__":
    main()
