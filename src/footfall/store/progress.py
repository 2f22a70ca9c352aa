"""How long steps say how far they are: a callable told (label, done, total)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "bars", "silent"]

Progress = Callable[[str, int, int], None]


def silent(label: str, done: int, total: int) -> None:
    """Say nothing: what libraries and tests use."""


@contextmanager
def bars() -> Iterator[Progress]:
    """Draw a bar a label on standard error, gone when the work is done.

    Standard output stays clean, so that ``--json`` prints one object and nothing else.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress as Bars,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as drawn:
        tasks: dict[str, int] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = drawn.add_task(label, total=total)
            drawn.update(tasks[label], completed=done, total=total)  # type: ignore[arg-type]  # a TaskID is an int

        yield show
