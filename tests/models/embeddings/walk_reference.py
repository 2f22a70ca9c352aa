"""Node2Vec as its paper says it, in plain Python, and the test that walks follow it."""

from collections import Counter

import numpy as np
from scipy.stats import chi2


def neighbors_of(graph):
    """Weights by node and neighbor."""
    edges = {node: {} for node in range(graph.n_nodes)}
    for node, mine in edges.items():
        for edge in range(graph.offsets[node], graph.offsets[node + 1]):
            mine[int(graph.targets[edge])] = float(graph.weights[edge])
    return edges


def chances(edges, before, node, p, q):
    """Probabilities of the next node; `before` is None at the first step."""
    mass = {}
    for target, weight in edges[node].items():
        if before is None:
            bias = 1.0
        elif target == before:
            bias = 1 / p
        elif target in edges[before]:
            bias = 1.0
        else:
            bias = 1 / q
        mass[target] = weight * bias
    total = sum(mass.values())
    return {target: each / total for target, each in mass.items()}


def p_value(walks, edges, p, q):
    """Chance of walks that fit no better, were they made as the paper says (chi-square)."""
    counts = {}
    for walk in np.asarray(walks).tolist():
        steps = zip([None, *walk], walk, walk[1:], strict=False)
        for before, node, target in steps:
            counts.setdefault((before, node), Counter())[target] += 1
    statistic, freedom = 0.0, 0
    for (before, node), found in counts.items():
        expected = chances(edges, before, node, p, q)
        assert set(found) <= set(expected), "a step along no edge"
        times = found.total()
        # Rare targets are put together, so that the approximation holds.
        rare = {target for target, chance in expected.items() if times * chance < 5}
        cells = [(found[target], times * expected[target]) for target in expected.keys() - rare]
        if rare:
            mass = times * sum(expected[target] for target in rare)
            cells.append((sum(found[target] for target in rare), mass))
        if len(cells) < 2 or min(mass for _, mass in cells) < 5:
            continue
        statistic += sum((seen - mass) ** 2 / mass for seen, mass in cells)
        freedom += len(cells) - 1
    assert freedom > 0
    return float(chi2.sf(statistic, freedom))
