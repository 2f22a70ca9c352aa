"""How a training is run, beside what is learned: who is told, what is kept, who helps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from footfall.errors import MissingExtraError
from footfall.models.size import Cost
from footfall.models.training import Epoch, Task, Trained, TrainOptions, train
from footfall.models.world import ALONE, World
from footfall.store.progress import Progress, silent

__all__ = ["Running", "board"]

Report = Callable[[Epoch], None]


def _nobody(_cost: Cost) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """What goes on around a training.

    Parameters
    ----------
    folder : Path or None
        For checkpoints: a training found there goes on.
    progress : callable (label, done, total)
        Told the batches done.
    reports : tuple of callables (Epoch)
        Told of every epoch.
    world : World
        The processes that train together.
    tell_cost : callable (Cost)
        Told, by trainings that know it only then, what they cost before they begin.
    """

    folder: Path | None = None
    progress: Progress = silent
    reports: tuple[Report, ...] = field(default=())
    world: World = ALONE
    tell_cost: Callable[[Cost], None] = _nobody

    def train(
        self, task: Task, options: TrainOptions, *, seed: int, world: World | None = None
    ) -> Trained:
        """Train, with all that goes on around it: see `footfall.models.training.train`.

        Parameters
        ----------
        task : Task
        options : TrainOptions
        seed : int
        world : World or None
            One whose processes have parts of the network; None: `world` as it is.
        """
        return train(
            task,
            options,
            seed=seed,
            folder=self.folder,
            progress=self.progress,
            report=self.report,
            world=world or self.world,
        )

    def report(self, epoch: Epoch) -> None:
        """Tell everybody of an epoch."""
        for report in self.reports:
            report(epoch)


def board(folder: Path) -> Report:
    """Give a report that writes for TensorBoard.

    Parameters
    ----------
    folder : Path
        Where ``tensorboard --logdir`` will look.

    Raises
    ------
    MissingExtraError
        If the package ``tensorboard`` is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError.of("tensorboard", "board", "Curves for TensorBoard") from error
    writer = SummaryWriter(str(folder))

    def report(epoch: Epoch) -> None:
        shown = {"loss": epoch.loss, "targets_per_second": epoch.targets_per_second}
        if epoch.quality is not None:
            shown["ndcg_at_10"] = epoch.quality
        for name, value in shown.items():
            writer.add_scalar(name, value, epoch.epoch)
        writer.flush()

    return report
