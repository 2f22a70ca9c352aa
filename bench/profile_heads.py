"""The fixed small network of ``profiles.py``, and how good its answers are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

__all__ = ["SmallNetwork", "answers", "auc_parts"]

Array = npt.NDArray[Any]

WIDTH, INNER, BLOCKS = 64, 128, 3  # the organizers' 2,048 and 4,096, for one core
DROPOUT = 0.1  # within blocks
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 1e-2
LEAST_SPREAD = 1.0  # rare counts are not blown up
MOST = 6.0  # standard deviations that an input may be away
SCORED = 16_384


class SmallNetwork(nn.Module):
    """Three inverted-bottleneck blocks with layer norm and a residual, one output a label."""

    def __init__(self, inputs: int, rate: Array, hidden: float) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.Dropout(hidden), nn.Linear(inputs, WIDTH))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(WIDTH),
                nn.Linear(WIDTH, INNER),
                nn.GELU(),
                nn.Dropout(DROPOUT),
                nn.Linear(INNER, WIDTH),
            )
            for _ in range(BLOCKS)
        )
        self.leave = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(rate)))
        with torch.no_grad():
            last = self.leave[1]
            last.weight.mul_(0.1)
            last.bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))))

    def forward(self, batch: Tensor) -> Tensor:
        """Give the log-odds of each label, (B, K), from inputs (B, F)."""
        state = self.enter(batch)
        for block in self.blocks:
            state = state + block(state)
        found: Tensor = self.leave(state)
        return found


@dataclass
class _Inputs:
    """Blocks of numbers side by side, standardized by the rows that are learned from."""

    blocks: list[Array]

    def fit(self, rows: Array) -> None:
        some = rows[:: max(1, len(rows) // 50_000)]
        parts = [block[some].astype(np.float32) for block in self.blocks]
        self.center = np.concatenate([part.mean(0) for part in parts])
        spread = np.concatenate([part.std(0) for part in parts])
        self.scale = np.maximum(spread, LEAST_SPREAD)

    def batch(self, rows: Array) -> Tensor:
        whole = np.concatenate([block[rows] for block in self.blocks], axis=1, dtype=np.float32)
        whole = (whole - self.center) / self.scale
        return torch.from_numpy(np.clip(whole, -MOST, MOST))


def answers(
    blocks: list[Array],
    truth: Array,
    rows: tuple[Array, Array, Array],
    *,
    places: Array,
    epochs: int,
    batch: int,
    hidden: float,
    seed: int,
) -> tuple[Array, float]:
    """Train on some rows of a task, stop by others, answer the rest.

    Parameters
    ----------
    blocks : list of arrays, shape (B, F)
        Inputs of all users.
    truth : uint8 array, shape (M, K)
    rows : three int arrays
        Rows of the truth to learn from, to choose the best epoch by, and to answer.
    places : int array, shape (M,)
        The place in the inputs of each row of the truth.
    epochs, batch : int
    hidden : float
        Share of the inputs that is dropped at each step.
    seed : int

    Returns
    -------
    scores : float32 array, shape (rows to answer, K)
    validation : float
        Macro AUROC at the best epoch.
    """
    learn, stop, asked = rows
    inputs = _Inputs(blocks)
    inputs.fit(places[learn])
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    rate = (truth[learn].sum(0) + 0.5) / (len(learn) + 1)
    network = SmallNetwork(len(inputs.center), rate.astype(np.float32), hidden)
    steps = epochs * -(-len(learn) // batch)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    loss_of = nn.BCEWithLogitsLoss(reduction="sum")
    best, kept = -np.inf, None
    for _ in range(epochs):
        network.train()
        order = rng.permutation(learn)
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            target = torch.from_numpy(truth[some]).float()
            loss = loss_of(network(inputs.batch(places[some])), target) / len(some)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        quality = auc_parts(truth[stop], _scores(network, inputs, places[stop]))[0]
        if quality > best:
            best = quality
            kept = {name: weight.clone() for name, weight in network.state_dict().items()}
    if kept is not None:
        network.load_state_dict(kept)
    return _scores(network, inputs, places[asked]), best


@torch.no_grad()
def _scores(network: SmallNetwork, inputs: _Inputs, places: Array) -> Array:
    network.eval()
    parts = [
        network(inputs.batch(places[start : start + SCORED])).numpy()
        for start in range(0, len(places), SCORED)
    ]
    return np.concatenate(parts)


def auc_parts(truth: Array, score: Array) -> tuple[float, Array]:
    """Give the macro AUROC, and what each row adds to it.

    Labels that are all yes or all no are left out. The mean of the parts is 0; drawing rows anew
    moves the AUROC by the mean of the parts drawn, to first order.

    Parameters
    ----------
    truth, score : arrays, shape (M, K)

    Returns
    -------
    value : float
    parts : float64 array, shape (M,)

    References
    ----------
    DeLong, E. R., DeLong, D. M. and Clarke-Pearson, D. L. (1988). Comparing the areas under two or
    more correlated receiver operating characteristic curves. Biometrics.
    """
    values, parts = [], np.zeros(len(truth))
    for label in range(truth.shape[1]):
        yes = truth[:, label] > 0
        some, rest = int(yes.sum()), int((~yes).sum())
        if not some or not rest:
            continue
        order = np.argsort(score[:, label], kind="stable")
        ranked, is_yes = score[order, label], yes[order]
        first = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        group = np.cumsum(np.concatenate(([True], ranked[1:] != ranked[:-1]))) - 1
        of_group = np.stack([np.add.reduceat(each, first) for each in (is_yes, ~is_yes)], 1)
        below = np.cumsum(of_group, 0) - of_group / 2  # a tie counts half
        of_yes, of_no = below[group, 1] / rest, 1 - below[group, 0] / some
        won = np.where(is_yes, of_yes, of_no)
        value = float(of_yes[is_yes].mean())
        values.append(value)
        share = some / len(truth)
        parts[order] += (won - value) / np.where(is_yes, share, 1 - share)
    count = max(len(values), 1)
    return float(np.mean(values)) if values else float("nan"), parts / count
