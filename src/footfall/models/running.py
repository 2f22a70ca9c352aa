"""How a training is run, beside what is learned: who is told, what is kept, who helps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from footfall.errors import MissingExtraError
from footfall.models.training import Epoch
from footfall.models.world import ALONE, World
from footfall.store.progress import Progress, silent

__all__ = ["Running", "board"]

Report = Callable[[Epoch], None]


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
    """

    folder: Path | None = None
    progress: Progress = silent
    reports: tuple[Report, ...] = field(default=())
    world: World = ALONE

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
