"""A new head on users' vectors, and the network tuned for it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.errors import NotEnoughDataError, OptionError
from footfall.events.columns import USER_ID
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.features.event_rows import EventRows
from footfall.features.item_bags import bags_among
from footfall.models.behavior.fitted import ITEMS, Fitted, rows_of
from footfall.models.behavior.heads import WithinHead
from footfall.models.behavior.linear import Kind, LinearHead, fit_linear, parted
from footfall.models.behavior.network import (
    BehaviorNetwork,
    new_network,
    pooled,
    window_states,
)
from footfall.models.behavior.tokens import Tokens, request_tokens
from footfall.models.packed import Batch, plan_batches
from footfall.models.size import size_named
from footfall.models.training import TrainOptions, train
from footfall.store.hashing import hash_strings
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.models.behavior.model import BehaviorModel

__all__ = ["tune"]

Int64 = npt.NDArray[np.int64]
How = Literal["frozen", "partial", "full", "scratch"]

SLOWER = 0.1  # a tuned network's learning rate, of that of its size
HELD_OUT = 5  # one user of so many says when to stop
LEAST_TUNED = 20  # targets, below which the network stays as it is


@dataclass(frozen=True, kw_only=True, eq=False)
class _Examples:
    """Targets and the histories they have to be guessed from."""

    rows: EventRows
    tokens: Tokens
    target: npt.NDArray[np.float64]
    users: npt.NDArray[np.uint64]  # hashes of their ids: rows of one user stay together
    kind: Kind


def tune(
    model: "BehaviorModel",
    log: LogView,
    target: pa.Table,
    *,
    how: How,
    kind: Kind | None,
    name: str,
    at: Moment | None,
    known_future: bool,
    epochs: int,
    seed: int,
) -> Fitted:
    """Learn a head: see `BehaviorModel.fine_tune`."""
    if how not in get_args(How):
        raise OptionError.of("how", "fine_tune", f"one of {get_args(How)}", how)
    fitted = model.fitted
    if name in fitted.network.plan.heads or not name:
        allowed = f"a name that is none of {fitted.network.plan.heads}"
        raise OptionError.of("name", "fine_tune", allowed, name)
    truth, chosen = _truth(target, kind)
    moments = _moments(target, fitted.until if at is None else at)
    if how != "scratch" and not known_future:
        _check_unseen(int(moments.min()), fitted.until)
    examples = _examples(model, log, target, truth=truth, moments=moments, kind=chosen)
    network = _forgetful(fitted.network, seed) if how == "scratch" else fitted.network
    vectors = window_states(network, examples.rows, examples.tokens, mean=True).numpy()
    head = fit_linear(
        vectors, examples.target, kind=examples.kind, seed=seed, along=_directions(network),
        groups=examples.users,
    )  # fmt: skip
    if how == "frozen":
        return replace(fitted, tuned={**fitted.tuned, name: head})
    if len(examples.target) < LEAST_TUNED:
        raise NotEnoughDataError(
            f"Tuning a network needs {LEAST_TUNED} targets or more, there are"
            f" {len(examples.target)}. Take how='frozen'."
        )
    if (users := len(np.unique(examples.users))) < HELD_OUT:
        raise NotEnoughDataError(
            f"Tuning a network needs targets of {HELD_OUT} users or more, there are {users}. Take"
            " how='frozen'."
        )
    rate = model.learning_rate or size_named(model.size).learning_rate
    options = TrainOptions(
        epochs=epochs, batch_tokens=model.batch_tokens,
        learning_rate=rate if how == "scratch" else SLOWER * rate,
        weight_decay=model.weight_decay, warmup_steps=10, patience=3,
    )  # fmt: skip
    network, head = _tuned(network, head, examples, options, how=how, seed=seed)
    return replace(fitted, network=network, tuned={name: head}, only_tuned=True)


def _forgetful(network: BehaviorNetwork, seed: int) -> BehaviorNetwork:
    """Give the same network as it was before anything was learned."""
    torch.manual_seed(seed)
    return new_network(network.plan, bags_among(network.state_dict(), ITEMS)).eval()


def _check_unseen(earliest: int, until: int) -> None:
    """Refuse moments of which the network has learned already what came after them."""
    if earliest < until:
        allowed = (
            f"{shown_moment(until)} or later, since the model learned all that happened up to then;"
            " fit it with an earlier until, take how='scratch', or say known_future=True to let it"
            " know more than it could have known"
        )
        raise OptionError.of("at", "fine_tune", allowed, shown_moment(earliest))


def _truth(target: pa.Table, kind: Kind | None) -> tuple[npt.NDArray[np.float64], Kind]:
    """Read the targets, and say what they are."""
    for column in (USER_ID, "target"):
        if column not in target.column_names:
            allowed = "a table with user_id and target"
            raise OptionError.of("target", "fine_tune", allowed, target.column_names)
    truth = np.asarray(_cast(target, "target", pa.float64(), "numbers").to_numpy(), np.float64)
    if not np.isfinite(truth).all():
        raise OptionError.of("target", "fine_tune", "finite numbers", "nan, inf or null")
    if len(np.unique(truth)) < 2:
        raise NotEnoughDataError("A head needs two targets or more that differ.")
    yes_no = bool(np.isin(truth, (0, 1)).all())
    if kind not in {None, "binary", "number"}:
        raise OptionError.of("kind", "fine_tune", "'binary', 'number' or None", kind)
    if kind == "binary" and not yes_no:
        raise OptionError.of("kind", "fine_tune", "'number' for these targets", kind)
    return truth, kind or ("binary" if yes_no else "number")


def _moments(target: pa.Table, at: Moment) -> Int64:
    """Give the moment of each target: its own, or the one of all."""
    if "at" not in target.column_names:
        moment = parse_moment(at, option="at", owner="fine_tune")
        return np.full(target.num_rows, moment, np.int64)
    column = target.column("at")
    if column.null_count:
        raise OptionError.of("target", "fine_tune", "a moment in each row of 'at'", "null")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = column.combine_chunks().dictionary_encode()
        read = [
            parse_moment(text, option="at", owner="fine_tune")
            for text in texts.dictionary.to_pylist()
        ]
        return np.array(read, np.int64)[texts.indices.to_numpy()]
    allowed = "a column 'at' of timestamps, dates, ISO 8601 texts or microseconds since 1970"
    if not pa.types.is_integer(column.type):
        column = _cast(target, "at", pa.timestamp("us"), allowed)
    return np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)


def _cast(target: pa.Table, name: str, wanted: pa.DataType, allowed: str) -> pa.ChunkedArray:
    """Read a column of the table of targets as a type."""
    try:
        return target.column(name).cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        came = f"a column {name!r} of {target.column(name).type}"
        raise OptionError.of("target", "fine_tune", allowed, came) from None


def _examples(
    model: "BehaviorModel",
    log: LogView,
    target: pa.Table,
    *,
    truth: npt.NDArray[np.float64],
    moments: Int64,
    kind: Kind,
) -> _Examples:
    """Lay out what was known of users at the moments of their targets."""
    ids = _cast(target, USER_ID, pa.string(), "users' ids as text").combine_chunks()
    rows = rows_of(model, log, until=int(moments.max()))
    users, hashes = rows.places(ids), hash_strings(ids)
    # The order of rows in the table is nobody's business.
    order = np.lexsort((truth, moments, hashes, users))
    length = model.fitted.network.plan.length
    tokens = request_tokens(rows, users[order], moments[order], length=length)
    return _Examples(rows=rows, tokens=tokens, target=truth[order], users=hashes[order], kind=kind)


class _TunedNetwork(nn.Module):
    """A network with a linear head on last and mean states, standardized as the head was."""

    center: Tensor
    scale: Tensor

    def __init__(self, network: BehaviorNetwork, head: LinearHead) -> None:
        super().__init__()
        self.network = network
        self.read = nn.Linear(len(head.weights), 1)
        with torch.no_grad():
            self.read.weight.copy_(torch.from_numpy(head.weights)[None])
            self.read.bias.fill_(head.bias)
        self.register_buffer("center", torch.from_numpy(head.center).float())
        self.register_buffer("scale", torch.from_numpy(head.scale).float())

    def forward(self, rows: EventRows, tokens: Tokens, places: Int64, there: Tensor) -> Tensor:
        """Give the score of each window, (B,)."""
        hidden = self.network.states(rows, tokens, places)
        plain = (pooled(hidden, there, mean=True) - self.center) / self.scale
        return torch.as_tensor(self.read(plain))[:, 0]


@dataclass
class _Tuning:
    """The new target alone: a task for `train`."""

    network: _TunedNetwork
    examples: _Examples
    training: Int64
    held_out: Int64
    batch_tokens: int

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        return self._batches(self.training, rng)

    def loss(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, int]:
        del rng
        truth = torch.from_numpy(self.examples.target)[batch.fields["window"]]
        places = batch.rows.numpy()
        score = self.network(self.examples.rows, self.examples.tokens, places, batch.there)
        if self.examples.kind == "binary":
            return F.binary_cross_entropy_with_logits(score, truth.float()), len(score)
        return F.mse_loss(score, truth.float()), len(score)

    def validate(self) -> float:
        with torch.no_grad():
            found = [self.loss(batch, _NOBODY) for batch in self._batches(self.held_out, None)]
        return -sum(float(loss) * count for loss, count in found) / sum(n for _, n in found)

    def _batches(self, windows: Int64, rng: np.random.Generator | None) -> Iterator[Batch]:
        tokens = self.examples.tokens
        for chosen in plan_batches(tokens.lengths[windows], self.batch_tokens, rng):
            window = windows[chosen]
            places, there = tokens.layout(window)
            fields = {"window": torch.from_numpy(window)}
            yield Batch(fields, torch.from_numpy(there), torch.from_numpy(places))


_NOBODY = np.random.default_rng(0)  # draws nothing


def _tuned(
    network: BehaviorNetwork,
    head: LinearHead,
    examples: _Examples,
    options: TrainOptions,
    *,
    how: How,
    seed: int,
) -> tuple[BehaviorNetwork, LinearHead]:
    """Train network and head together, from the head that fits the network as it is.

    References
    ----------
    Kumar, A. et al. (2022). Fine-tuning can distort pretrained features and underperform
    out-of-distribution. ICLR.
    """
    part = parted(examples.users, HELD_OUT, np.random.default_rng((seed, 1)))
    held_out, training = np.flatnonzero(part == 0), np.flatnonzero(part)
    start = _refit(network, examples, training, head, seed)
    whole = _TunedNetwork(copy.deepcopy(network), start)
    for weight in whole.network.parameters():
        weight.requires_grad_(how != "partial")
    if how == "partial":
        for weight in _last_layer(whole.network):
            weight.requires_grad_()
    task = _Tuning(
        network=whole.eval(), examples=examples, training=training, held_out=held_out,
        batch_tokens=options.batch_tokens,
    )  # fmt: skip
    before = task.validate()
    train(task, options, seed=seed)
    if task.validate() <= before:
        return network, head
    for weight in whole.network.parameters():
        weight.requires_grad_()
    learned = replace(
        head,
        center=start.center,
        scale=start.scale,
        weights=whole.read.weight.detach()[0].double().numpy(),
        bias=float(whole.read.bias.detach()),
    )
    return whole.network.eval(), learned


def _refit(
    network: BehaviorNetwork, examples: _Examples, training: Int64, head: LinearHead, seed: int
) -> LinearHead:
    """Fit the linear head without the targets that are held out."""
    truth = examples.target[training]
    if len(np.unique(truth)) < 2:
        return head
    tokens = examples.tokens
    some = replace(tokens, first=tokens.first[training], stop=tokens.stop[training])
    vectors = window_states(network, examples.rows, some, mean=True).numpy()
    return fit_linear(
        vectors, truth, kind=examples.kind, seed=seed, along=_directions(network),
        groups=examples.users[training],
    )  # fmt: skip


def _directions(network: BehaviorNetwork) -> npt.NDArray[np.float32]:
    """Give what own heads of a yes and a no read from a user's vector, (K, 2C)."""
    width = network.plan.shape.width
    found = [
        head.read.weight.detach().numpy()
        for _, head in network.each_head()
        if isinstance(head, WithinHead)
    ]
    last = np.concatenate([np.empty((0, width), np.float32), *found])
    return np.hstack([last, np.zeros_like(last)])


def _last_layer(network: BehaviorNetwork) -> Iterator[nn.Parameter]:
    """Give the weights of the encoder's last layer and of the norm after it."""
    core = network.core
    for child in core.encoder.children():
        if isinstance(child, nn.ModuleList):
            deep = max(1, len(child) // core.shape.layers)
            for module in list(child)[-deep:]:
                yield from module.parameters()
    yield from core.norm.parameters()
