"""Asks ONNX Runtime what ``bench/compress.py`` asks the other forms: a folder in, JSON out.

    python bench/peer_onnx.py FOLDER

FOLDER holds ``network.onnx`` and ``asked.npz``; numpy and onnxruntime are all this needs.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

CONTEXT, SINGLES, AT_ONCE, BATCH, K = 50, 200, 2_000, 16, 10


class Graph:
    """The network, on one thread."""

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(str(file), options, providers=providers)

    def scores(self, histories: list[np.ndarray]) -> np.ndarray:
        """Score all items; those that were seen come last."""
        lengths = np.array([min(len(each), CONTEXT) for each in histories])
        items = np.zeros((len(histories), lengths.max()), np.int64)
        for row, (each, length) in enumerate(zip(histories, lengths, strict=True)):
            items[row, :length] = each[-length:]
        scores = self.session.run(None, {"items": items, "lengths": lengths})[0]
        for row, each in enumerate(histories):
            scores[row, each] = -np.inf
        return scores

    def best(self, histories: list[np.ndarray]) -> np.ndarray:
        """Recommend."""
        scores = self.scores(histories)
        top = np.argpartition(scores, -K, axis=1)[:, -K:]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
        return np.take_along_axis(top, order, axis=1)


def histories_of(asked: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    return np.split(asked[f"{name}.items"], asked[f"{name}.offsets"][1:-1])


def batches(histories: list[np.ndarray]) -> list[np.ndarray]:
    """Put users of like length together."""
    order = np.argsort([len(each) for each in histories], kind="stable")
    return np.split(order, np.arange(BATCH, len(order), BATCH))


def ndcg(graph: Graph, histories: list[np.ndarray], targets: np.ndarray) -> float:
    total = 0.0
    for users in batches(histories):
        scores = graph.scores([histories[user] for user in users])
        wanted = scores[np.arange(len(users)), targets[users]][:, None]
        ranks = (scores > wanted).sum(1) + ((scores == wanted).sum(1) - 1) / 2
        total += (1 / np.log2(2 + ranks[ranks < K])).sum()
    return total / len(targets)


def main() -> None:
    folder = Path(sys.argv[1])
    graph, asked = Graph(folder / "network.onnx"), dict(np.load(folder / "asked.npz"))
    histories = histories_of(asked, "test")
    waits = []
    for each in [*histories[:3], *histories[:SINGLES]]:
        started = time.process_time()
        graph.best([each])
        waits.append(time.process_time() - started)
    p50, p99 = np.percentile(waits[3:], [50, 99]) * 1e3
    many = histories[:AT_ONCE]
    started = time.process_time()
    for users in batches(many):
        graph.best([many[user] for user in users])
    spent = time.process_time() - started
    found = {"p50_ms": p50, "p99_ms": p99, "users_per_second": len(many) / spent}
    for name in ("validation", "test"):
        found[name] = ndcg(graph, histories_of(asked, name), asked[f"{name}.targets"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
