"""The trainer: steps, schedule, averaged weights, early stopping, checkpoints.

All that is drawn by chance is drawn from the seed and the number of the step, so a training that
was killed goes on from its last checkpoint to the same numbers. A checkpoint knows what it is a
training on, and nothing else goes on from it.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from footfall.errors import InputError, NotEnoughDataError, OptionError
from footfall.models.checkpoint import (
    Checkpoint,
    Fact,
    fingerprint,
    read_checkpoint,
    write_checkpoint,
)
from footfall.models.device import device_named, takes_bf16
from footfall.models.options import Precision, StepOptions, check_device
from footfall.models.packed import Batch
from footfall.models.world import ALONE, World
from footfall.store.progress import Progress, silent

__all__ = ["Epoch", "KeptTask", "Task", "TrainOptions", "Trained", "train"]

Weights = dict[str, Tensor]


class Task(Protocol):
    """What is learned: batches, a loss, and how good the network is at it."""

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Give an epoch's batches in the order the generator says."""

    def loss(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, int]:
        """Give the mean loss of a batch and the number of targets it is the mean of."""

    def validate(self) -> float | None:
        """Give how good the network is on held-out targets, higher is better; None: none are."""


@runtime_checkable
class KeptTask(Task, Protocol):
    """A task whose training may be kept in a folder, to go on with the same task later."""

    def facts(self) -> Iterator[Fact]:
        """Give all that is learned from, and how: the same in each of several processes."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions(StepOptions):
    """How to train; `StepOptions` are options, too.

    Parameters
    ----------
    epochs : int
        Passes over all targets, at most.
    batch_tokens : int
        Tokens of a step.
    learning_rate, weight_decay : float
        Of AdamW.
    device : str
        cpu, cuda, cuda:1 and so on; auto is a GPU where there is one.
    precision : {"float32", "bf16", "auto"}
        Of what is computed on the way; weights and losses are float32 in any case. auto is bf16 on
        a GPU that can.
    """

    epochs: int = 8
    batch_tokens: int = 512
    learning_rate: float = 7e-4
    weight_decay: float = 0.05
    device: str = "cpu"
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("epochs", "batch_tokens", "learning_rate"):
            if not getattr(self, option) > 0:
                raise OptionError.of(option, "train", "above 0", getattr(self, option))
        if not self.weight_decay >= 0:
            raise OptionError.of("weight_decay", "train", "0 or more", self.weight_decay)
        self.check_steps("train")
        check_device(self.device, self.precision, "train")

    def rate(self, step: int, steps: int) -> float:
        """Give the learning rate of a step of so many."""
        rise = max(1, min(self.warmup_steps, steps // 10))
        rate = self.learning_rate * min(1.0, (step + 1) / rise)
        if self.schedule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(steps, 1))))
        return rate

    def facts(self) -> Iterator[Fact]:
        """Give the options on which the numbers depend: a training may go on elsewhere."""
        yield from sorted((name, value) for name, value in vars(self).items() if name != "device")


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What one pass over the data was like.

    Parameters
    ----------
    epoch : int
        From 1.
    loss : float
        Mean over its targets.
    quality : float or None
        Of the validation.
    targets_per_second : float
        Trained on, wall time.
    cpu_seconds : float
        CPU time of all threads, validation left out.
    """

    epoch: int
    loss: float
    quality: float | None
    targets_per_second: float
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class Trained:
    """How a training went; the network holds the best weights.

    Parameters
    ----------
    epochs : list of Epoch
    best : int
        The epoch whose weights were kept.
    """

    epochs: list[Epoch] = field(default_factory=list)
    best: int = 0


def train(
    task: Task,
    options: TrainOptions,
    *,
    seed: int = 0,
    folder: Path | None = None,
    progress: Progress = silent,
    report: Callable[[Epoch], None] | None = None,
    world: World = ALONE,
) -> Trained:
    """Train a network and leave its best weights in it.

    Parameters
    ----------
    task : Task
        With a `folder` a `KeptTask`.
    options : TrainOptions
    seed : int
        Same seed, same weights, on the same number of threads.
    folder : Path or None
        Where checkpoints go, one an epoch; a training found there goes on.
    progress : callable (label, done, total)
        Told the batches done.
    report : callable (Epoch) or None
        Told of every epoch.
    world : World
        The processes that train together.

    Returns
    -------
    Trained

    Raises
    ------
    NotEnoughDataError
        If there is nothing to learn from.
    InputError
        If the checkpoint is damaged or of another training.
    OptionError
        If the seed is not the checkpoint's, or the training diverges.
    """
    run = _Run(task, options, seed=seed, world=world, progress=progress)
    if folder is not None:
        run.resume(folder)
    while not run.done():
        epoch = run.epoch()
        if report is not None:
            report(epoch)
        if folder is not None:
            found = run.checkpoint()  # all processes tell their parts
            if world.rank == 0:
                write_checkpoint(folder, found)
    return run.finish()


class _Run:
    """One training as it goes."""

    def __init__(
        self, task: Task, options: TrainOptions, *, seed: int, world: World, progress: Progress
    ) -> None:
        self.task, self.options, self.seed = task, options, seed
        self.world, self.progress = world, progress
        self.device = device_named(options.device)
        self.bf16 = takes_bf16(options.precision, self.device)
        network = task.network.to(self.device)
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay,
            betas=(0.9, 0.98), fused=world.fused, foreach=None if world.fused else False,
        )  # fmt: skip
        self.fingerprint = ""  # of what is kept in a folder
        self.names = [name for name, _ in network.named_parameters()]
        self.average = [weight.detach().clone() for weight in network.parameters()]
        self.kept = self.state()
        self.step, self.best = 0, -math.inf
        self.trained = Trained()

    def state(self) -> Weights:
        """Copy the weights as they are, of this process."""
        return {k: v.detach().clone() for k, v in self.task.network.state_dict().items()}

    def whole(self, weights: Weights) -> Weights:
        """Put weights of all processes together."""
        return {name: self.world.whole(name, weight) for name, weight in weights.items()}

    def part(self, weights: Weights) -> Weights:
        """Give this process's part of weights."""
        network = self.task.network
        return {name: self.world.part(network, name, w) for name, w in weights.items()}

    def done(self) -> bool:
        epochs = len(self.trained.epochs)
        tired = self.trained.best and epochs - self.trained.best >= self.options.patience
        return epochs >= self.options.epochs or bool(tired)

    def epoch(self) -> Epoch:
        """Pass over the data once and look at the validation."""
        number = len(self.trained.epochs) + 1
        wall, cpu = time.monotonic(), time.process_time()
        batches = list(self.task.batches(np.random.default_rng((self.seed, number))))
        if not batches:
            raise NotEnoughDataError("There is no next event to learn from: nobody has two.")
        self.task.network.train()
        total, targets = 0.0, 0
        for place, batch in enumerate(batches):
            loss, count = self._step(batch, len(batches))
            if not math.isfinite(loss):
                raise self._diverged(number)
            total, targets = total + loss * count, targets + count
            self.progress(f"train, epoch {number}", place + 1, len(batches))
        cpu_seconds, seconds = time.process_time() - cpu, time.monotonic() - wall
        if not self._is_finite():  # the last step's doing
            raise self._diverged(number)
        quality = self._validate(number)
        if quality is not None and not math.isfinite(quality):
            raise self._diverged(number)
        epoch = Epoch(
            epoch=number,
            loss=total / max(targets, 1),
            quality=quality,
            targets_per_second=targets / max(seconds, 1e-9),
            cpu_seconds=cpu_seconds,
        )
        self.trained.epochs.append(epoch)
        return epoch

    def _is_finite(self) -> bool:
        """Say whether all weights are numbers, in the same words in every process."""
        weights = self.task.network.named_parameters()
        return all(bool(self.world.whole(name, w).isfinite().all()) for name, w in weights)

    def _diverged(self, number: int) -> OptionError:
        rate = self.options.learning_rate
        return OptionError(
            f"The training diverged in epoch {number}, at a learning_rate of {rate:g}: its numbers"
            " are no longer finite. Take a smaller learning_rate."
        )

    def _step(self, batch: Batch, steps: int) -> tuple[float, int]:
        """Change the weights once."""
        options, network = self.options, self.task.network
        for group in self.optimizer.param_groups:
            group["lr"] = options.rate(self.step, steps * options.epochs)
        torch.manual_seed(hash((self.seed, self.step, self.world.rank)) % 2**63)
        self.optimizer.zero_grad(set_to_none=True)
        rng = np.random.default_rng((self.seed, 0, self.step))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss, count = self.task.loss(batch, rng)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        value, count = self.world.share(network, float(loss.detach()), count)
        self.world.clip(network, options.clip)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return value, count

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the averaged weights follow; early ones are forgotten faster."""
        if self.options.average is not None:
            decay = min(self.options.average, self.step / (self.step + 9))
            for mean, weight in zip(self.average, self.task.network.parameters(), strict=True):
                mean.lerp_(weight, 1 - decay)

    @torch.no_grad()
    def _swap(self) -> None:
        """Exchange the weights with the averaged ones."""
        if self.options.average is not None:
            for mean, weight in zip(self.average, self.task.network.parameters(), strict=True):
                held = weight.clone()
                weight.copy_(mean)
                mean.copy_(held)

    def _validate(self, number: int) -> float | None:
        """Measure the averaged weights, and keep them when they are the best so far."""
        self._swap()
        self.task.network.eval()
        quality = self.task.validate()
        if quality is None or quality > self.best:
            self.best = -math.inf if quality is None else quality
            self.kept = self.state()
            self.trained = Trained(epochs=self.trained.epochs, best=number)
        self._swap()
        return quality

    def finish(self) -> Trained:
        """Put the best weights in place."""
        self.task.network.load_state_dict(self.kept)
        self.task.network.eval()
        return self.trained

    def checkpoint(self) -> Checkpoint:
        """Give all that is needed to go on."""
        moments = {  # of the parameters that were ever used
            place: {
                slot: self.world.whole(self.names[place], value) for slot, value in slots.items()
            }
            for place, slots in self.optimizer.state_dict()["state"].items()
        }
        return Checkpoint(
            seed=self.seed,
            fingerprint=self.fingerprint,
            step=self.step,
            best=self.best,
            best_epoch=self.trained.best,
            epochs=[vars(epoch) for epoch in self.trained.epochs],
            weights=self.whole(self.state()),
            kept=self.whole(self.kept),
            average=list(self.whole(dict(zip(self.names, self.average, strict=True))).values()),
            moments=moments,
        )

    def resume(self, folder: Path) -> None:
        """Go on from the checkpoint in a folder, if there is one, and remember what is learned."""
        if not isinstance(self.task, KeptTask):
            raise TypeError("A training that is kept in a folder needs the facts of its task.")
        self.fingerprint = fingerprint([*self.options.facts(), *self.task.facts()])
        found = read_checkpoint(folder, network=self.whole(self.state()))
        if found is None:
            return
        if found.seed != self.seed:
            raise OptionError.of("seed", "train", f"{found.seed}, as the checkpoint's", self.seed)
        if found.fingerprint != self.fingerprint:
            raise InputError(
                f"{folder} holds a training on other data or with other options. Name another"
                " folder, or delete this one to train from the start."
            )
        self.task.network.load_state_dict(self.part(found.weights))
        self.kept = self.part(found.kept)
        averages = self.part(dict(zip(self.names, found.average, strict=True)))
        self.average = [value.to(self.device) for value in averages.values()]
        self.step, self.best = found.step, found.best
        state = self.optimizer.state_dict()
        network, part = self.task.network, self.world.part
        state["state"] = {
            place: {slot: part(network, self.names[place], value) for slot, value in slots.items()}
            for place, slots in found.moments.items()
        }
        self.optimizer.load_state_dict(state)
        epochs = [Epoch(**epoch) for epoch in found.epochs]
        self.trained = Trained(epochs=epochs, best=found.best_epoch)
