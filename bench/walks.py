"""Node2Vec's walks over an item graph: footfall beside the package `node2vec`.

Usage: python bench/walks.py [--quick] [--data DIR] [--users N] [--python PEERS_PYTHON]

Prints a table and a JSON line a bar. The graph links items that stand near each other in users'
sequences: those of the simulated shop or, with --data, of ``DIR/amazon_beauty/Beauty.txt``. Each
engine walks in a fresh process on one thread: as often as it takes for some seconds, the median
round counts. The package works out its probabilities before it walks; that time stands in a column
of its own and is no part of the bar. Then both walk a small weighted graph, and a chi-square test
says how well their second-order steps fit the probabilities of the paper. The package lives in a
virtual environment of the bench's own (.bench-venv/walks), made when it is missing.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from funnel import fresh
from peers import peers_python

PEERS = ("node2vec==0.5.0",)
SETTINGS = ((0.25, 4.0), (1.0, 0.5))  # p, q: the paper's homophily and structure
LENGTH = 80
SMALL_NODES, SMALL_LENGTH, SMALL_ROUNDS = 12, 40, 400
LONG_ENOUGH, MOST_ROUNDS = 6, 20  # seconds of repeating, rounds of one walk from each node
SPEED_BAR, FIT_BAR = 10, 0.001

# Something that walks once from every node with a seed: a list or table of walks.
Walk = Callable[[int], object]


# --- the graphs -------------------------------------------------------------------------------


def write_graphs(folder: Path, users: int, data: Path | None) -> None:
    """Write the item graph of a shop, and the small one."""
    from footfall.events.readers.sequences import read_sequences
    from footfall.events.simulate import SimulateOptions, simulate
    from footfall.features.sequences import Sequences
    from footfall.models.embeddings import Graph, item_item_graph
    from footfall.store.memory import MemoryLog

    if data is None:
        shop = simulate(SimulateOptions(users=users, items=max(500, users), seed=3))
        sequences = Sequences.from_log(MemoryLog.from_events(shop.events))
    else:
        read = read_sequences(data / "amazon_beauty" / "Beauty.txt")
        rows = read.offsets[: users + 1]
        sequences = Sequences.from_arrays(rows, read.items[: rows[-1]])
    rng = np.random.default_rng(0)
    heads, tails = np.triu_indices(SMALL_NODES, 1)
    there = rng.random(len(heads)) < 0.5
    small = Graph.from_edges(heads[there], tails[there], rng.uniform(0.2, 5, there.sum()))
    for name, graph in (("shop", item_item_graph(sequences)), ("small", small)):
        linked = graph.linked
        place = np.full(graph.n_nodes, -1)
        place[linked] = np.arange(len(linked))
        np.savez(
            folder / f"{name}.npz",
            heads=np.repeat(np.arange(len(linked)), np.diff(graph.offsets)[linked]),
            tails=place[graph.targets],
            weights=graph.weights,
        )


# --- the engines ------------------------------------------------------------------------------


def footfall_walks(edges: dict, p: float, q: float, length: int) -> Walk:
    from footfall.models.embeddings import Graph, Walks

    graph = Graph.from_edges(edges["heads"], edges["tails"], edges["weights"], directed=True)
    walks = Walks(graph=graph, length=length, per_node=1, p=p, q=q)
    nodes = graph.linked
    return lambda turn: walks.from_starts(nodes, np.full(len(nodes), turn))


def node2vec_walks(edges: dict, p: float, q: float, length: int) -> Walk:
    import networkx as nx
    from node2vec import Node2Vec

    once = edges["heads"] <= edges["tails"]
    graph = nx.Graph()
    graph.add_weighted_edges_from(
        zip(*(edges[part][once].tolist() for part in ("heads", "tails", "weights")), strict=True)
    )

    class Prepared(Node2Vec):
        """The package without the walks of its constructor."""

        prepared = False

        def _generate_walks(self) -> list:
            return super()._generate_walks() if self.prepared else []

    engine = Prepared(graph, walk_length=length, num_walks=1, p=p, q=q, quiet=True, seed=1)
    engine.prepared = True
    return lambda _turn: engine._generate_walks()  # noqa: SLF001  # its only way to walk again


ENGINES = {"footfall": footfall_walks, "node2vec": node2vec_walks}


def answer(engine: str, folder: Path, p: float, q: float) -> None:
    """Run inside a fresh process: walk the small graph, prepare, walk some rounds."""
    shop, small = (dict(np.load(folder / f"{name}.npz")) for name in ("shop", "small"))
    # The small graph first: it loads what is loaded once.
    walk = ENGINES[engine](small, p, q, SMALL_LENGTH)
    parts = [np.array(walk(turn), dtype=np.int64) for turn in range(SMALL_ROUNDS)]
    np.save(folder / f"{engine}-{p}-{q}.npy", np.concatenate(parts))
    start = time.process_time()
    walk = ENGINES[engine](shop, p, q, LENGTH)
    prepared = time.process_time() - start
    rounds: list[float] = []
    while len(rounds) < 3 or (sum(rounds) < LONG_ENOUGH and len(rounds) < MOST_ROUNDS):
        start = time.process_time()
        walks = walk(len(rounds))
        rounds.append(time.process_time() - start)
    speed = len(walks) / statistics.median(rounds)  # type: ignore[arg-type]  # walks have a length
    print(json.dumps({"prepare": prepared, "speed": speed}))


# --- the fit ----------------------------------------------------------------------------------


def p_value(walks: np.ndarray, edges: dict, p: float, q: float) -> float:
    """Give the chance of second-order steps that fit no better, by chi-square."""
    from scipy.stats import chi2

    size = SMALL_NODES
    weights = np.zeros((size, size))
    weights[edges["heads"], edges["tails"]] = edges["weights"]
    before, node, after = (walks[:, at : walks.shape[1] - 2 + at].ravel() for at in range(3))
    counts = np.zeros((size, size, size))
    np.add.at(counts, (before, node, after), 1)
    near = weights > 0
    bias = np.where(near, 1.0, 1 / q)  # of the next node, by the node before
    np.fill_diagonal(bias, 1 / p)
    mass = bias[:, None, :] * weights[None, :, :]  # before, node, after
    expected = mass / np.maximum(mass.sum(axis=2, keepdims=True), 1e-300)
    expected *= counts.sum(axis=2, keepdims=True)
    asked = expected > 0
    if np.any(counts[~asked]):
        return 0.0
    # Pairs met so seldom that their rarest step is expected less than five times say nothing.
    often = np.where(asked, expected, np.inf).min(axis=2) >= 5
    asked &= often[:, :, None]
    if counts[asked].sum() < 0.95 * counts.sum():
        sys.exit("too few steps for a chi-square test")
    statistic = np.sum((counts[asked] - expected[asked]) ** 2 / expected[asked])
    freedom = asked.sum() - np.any(asked, axis=2).sum()
    return float(chi2.sf(statistic, freedom))


# --- measuring --------------------------------------------------------------------------------


def compare(folder: Path, options: argparse.Namespace) -> list[dict]:
    """Ask both engines with each setting in processes of their own."""
    me = str(Path(__file__).resolve())
    peers = options.python or peers_python("walks", PEERS)
    make = [sys.executable, me, "--make", "--folder", str(folder), "--users", str(options.users)]
    fresh([*make, *(["--data", str(options.data)] if options.data else [])])
    shop, small = (dict(np.load(folder / f"{name}.npz")) for name in ("shop", "small"))
    degrees = np.bincount(shop["heads"])
    print(
        f"{len(degrees):,} items, {len(shop['heads']) // 2:,} edges, {degrees.mean():.0f} neighbors"
        f" an item, {degrees.max():,} at most; {LENGTH} nodes a walk",
        flush=True,
    )
    rows = []
    for p, q in SETTINGS[:1] if options.quick else SETTINGS:
        row: dict = {"p": p, "q": q}
        for engine in ENGINES:
            python = sys.executable if engine == "footfall" else peers
            command = [python, me, "--engine", engine, "--folder", str(folder)]
            found = fresh([*command, "--p", str(p), "--q", str(q)])
            walks = np.load(folder / f"{engine}-{p}-{q}.npy")
            row[engine] = found | {"fit": p_value(walks, small, p, q)}
        rows.append(row)
    return rows


def report(rows: list[dict], *, quick: bool) -> None:
    """Print the table and a line a bar."""
    print(
        f"{'engine':<10} {'p':>5} {'q':>4} {'walks per CPU s':>16} {'prepare CPU s':>14}"
        f" {'peak MB':>8} {'fit p-value':>12}"
    )
    for row in rows:
        for engine in ENGINES:
            found = row[engine]
            print(
                f"{engine:<10} {row['p']:>5} {row['q']:>4} {found['speed']:>16,.0f}"
                f" {found['prepare']:>14.2f} {found['mb']:>8,.0f} {found['fit']:>12.3f}"
            )
    slowest = min(row["footfall"]["speed"] / row["node2vec"]["speed"] for row in rows)
    bar("Node2Vec walks per CPU second over the node2vec package", slowest, SPEED_BAR, quick=quick)
    for engine in ENGINES:
        worst = min(row[engine]["fit"] for row in rows)
        bar(f"p-value of {engine}'s steps, chi-square", worst, FIT_BAR, quick=quick)


def bar(name: str, value: float, target: float, *, quick: bool) -> None:
    line = {"bar": name, "value": round(value, 4), "target": f">= {target}", "ok": value >= target}
    print(json.dumps(line | ({"quick": True} if quick else {})))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 users and one setting")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--users", type=int, default=2_000, help="whose items make the graph")
    parser.add_argument("--folder", type=Path, help="where the files go")
    parser.add_argument("--python", help="a Python that has the package")
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=list(ENGINES), help=argparse.SUPPRESS)
    parser.add_argument("--p", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--q", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        answer(options.engine, options.folder, options.p, options.q)
    elif options.make:
        write_graphs(options.folder, options.users, options.data)
    else:
        options.users = 300 if options.quick else options.users
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            report(compare(Path(folder), options), quick=options.quick)


if __name__ == "__main__":
    main()
