"""The main job: a raw export becomes a log, the log becomes answers, the answers one page."""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.demo.behavior import behavior
from footfall.demo.datasets import DATASETS, Dataset
from footfall.demo.page import Section, render_page
from footfall.demo.sections import headline, predictions, quality_section
from footfall.demo.showing import recommendations
from footfall.errors import StoreError
from footfall.store.engine import LocalEngine
from footfall.store.log import Log, open_log
from footfall.store.progress import Progress, silent

__all__ = ["DATASETS", "Demo", "run_demo"]


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demo made.

    Parameters
    ----------
    page : str
        Path of the report.
    log : str
        Folder of the log.
    findings : dict of str to str
        The answer of each section, in a sentence.
    seconds : float
        Wall time.
    peak_memory_mb : float
        Most memory the process held.
    """

    page: str
    log: str
    findings: dict[str, str]
    seconds: float
    peak_memory_mb: float

    def __str__(self) -> str:
        lines = [f"  {title}: {finding}" for title, finding in self.findings.items()]
        cost = f"{self.seconds:.0f} s, {self.peak_memory_mb:,.0f} MB at the most"
        return "\n".join(["", *lines, "", f"Done in {cost}.", f"Open the report: {self.page}"])

    def to_json(self) -> dict[str, Any]:
        """Give the paths, findings and costs."""
        return dict(vars(self))


def run_demo(
    data: str,
    out: str | Path,
    *,
    seed: int = 0,
    datasets: Mapping[str, Dataset] = DATASETS,
    progress: Progress = silent,
    tell: Callable[[str], None] = print,
) -> Demo:
    """Run the main job on one data set.

    Parameters
    ----------
    data : str
        Key of the data set.
    out : str or Path
        Folder for the log and the page. A log that is there is used again.
    seed : int, default=0
    datasets : mapping of str to Dataset
        What can be chosen from; :data:`DATASETS` by default.
    progress : callable
        See :mod:`footfall.store.progress`.
    tell : callable
        Told what is being done, a line at a time.

    Returns
    -------
    Demo

    Raises
    ------
    MissingExtraError
        If the package with the data is not installed.
    StoreError
        If the folder cannot be written.
    """
    started = time.monotonic()
    dataset, folder = datasets[data], Path(out) / data
    tell(f"{dataset.title}. {dataset.about}")
    log = _log(dataset, folder, progress, tell)
    answers: dict[str, Callable[[], list[Section]]] = {
        "what is in the log": lambda: [quality_section(log)],
        "what happened": lambda: behavior(log, dataset),
        "what to show": lambda: recommendations(log, dataset, seed=seed),
        "what will happen": lambda: predictions(log, dataset, seed=seed),
    }
    sections: list[Section] = []
    for done, (name, answer) in enumerate(answers.items()):
        tell(f"Answering: {name} ...")
        sections += answer()
        progress("answers", done + 1, len(answers))
    page = folder / "report.html"
    html = render_page(
        title=dataset.title,
        about=dataset.about,
        numbers=headline(log),
        sections=sections,
        footer=f"Made by footfall from version {log.version} of the log.",
    )
    _write(page, html)
    return Demo(
        page=str(page.absolute()),
        log=str(folder / "log"),
        findings={section.title: section.finding for section in sections},
        seconds=time.monotonic() - started,
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _log(dataset: Dataset, folder: Path, progress: Progress, tell: Callable[[str], None]) -> Log:
    """Open the log of an earlier run, or fill a new one."""
    log = open_log(folder / "log", create=True, engine=LocalEngine(progress=progress))
    whole = folder / "ingested"
    if whole.exists() and log.events:
        tell(f"Using the log of an earlier run: {log.events:,} events.")
        return log
    tell("Reading the raw export into a log ...")
    dataset.load(log, folder, progress)
    _write(whole, f"{log.events} events\n")
    tell(f"The log holds {log.events:,} events of {log.users_seen:,} users.")
    return log.newest()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write {path}: {error.strerror}.") from error
