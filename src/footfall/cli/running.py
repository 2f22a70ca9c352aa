"""What goes on around a training that a command starts: who is told, what is kept, who helps."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footfall.cli.output import note
from footfall.models.options import check_torch

__all__ = ["Told", "running_for"]


@dataclass
class Told:
    """What a training told of itself.

    Parameters
    ----------
    size : str
        Of the network, as the dial calls it.
    quality, unit : str
        What is measured on held-out users, in a format of its own, and what is counted.
    aloud : bool
        Whether somebody reads along.
    """

    size: str
    quality: str
    unit: str
    aloud: bool
    cost: dict[str, Any] = field(default_factory=dict)
    epochs: list[dict[str, Any]] = field(default_factory=list)

    def tell_cost(self, cost: Any) -> None:
        """Say what a training costs before it begins."""
        self.cost = vars(cost)
        if self.aloud:
            note(f"{self.size}: {cost}")

    def tell_epoch(self, epoch: Any) -> None:
        """Say how an epoch went."""
        self.epochs.append(vars(epoch))
        if self.aloud:
            quality = "" if epoch.quality is None else f", {self.quality.format(epoch.quality)}"
            note(
                f"epoch {epoch.epoch}: loss {epoch.loss:.4f}{quality},"
                f" {epoch.targets_per_second:,.0f} {self.unit}/s"
            )


def running_for(
    made: Any, checkpoints: str | None, board: str | None, shown: Any, *, quality: str, unit: str,
    as_json: bool,
) -> tuple[Any, Told]:  # fmt: skip
    """Join the processes that train together; the first of them tells."""
    check_torch()
    from footfall.models.running import Running, board as tensorboard
    from footfall.models.world import join_world

    world = join_world()
    first = world.rank == 0
    told = Told(size=made.size, quality=quality, unit=unit, aloud=first and not as_json)
    boards = (tensorboard(Path(board)),) if board and first else ()
    running = Running(
        folder=Path(checkpoints) if checkpoints else None,
        progress=shown,
        reports=(told.tell_epoch, *boards),
        world=world,
        tell_cost=told.tell_cost,
    )
    return running, told
