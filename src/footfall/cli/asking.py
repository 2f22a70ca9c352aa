"""What commands that ask a log share: options, opening the log, showing the answer."""

from typing import Annotated, Any

import typer

from footfall.cli.language import spoken
from footfall.cli.output import note, say, write_page

__all__ = [
    "Between",
    "By",
    "Engine",
    "Page",
    "Segment",
    "TimeZone",
    "Top",
    "Version",
    "Where",
    "opened",
    "show",
]

By = Annotated[str | None, typer.Option(help="Break down by a property of events, users or items.")]
Where = Annotated[
    str | None,
    typer.Option(help="Count only events that match, such as: price > 20."),
]
Between = Annotated[
    str | None,
    typer.Option(help="Count only a time: 2026-01, 2026-01-05..2026-01-31, last 30d."),
]
Segment = Annotated[str | None, typer.Option(help="Count only users of this saved segment.")]
Top = Annotated[int, typer.Option(help="Groups of the breakdown that keep their name.")]
TimeZone = Annotated[str, typer.Option(help="Zone of days, weeks and hours.")]
Page = Annotated[str | None, typer.Option("--html", help="Also write the picture to this file.")]
Version = Annotated[int | None, typer.Option(help="An older version of the log.")]
Engine = Annotated[
    str, typer.Option(help="What runs the question: local, spark or spark=MASTER-URL.")
]


def opened(folder: str, *, version: int | None = None, engine: str = "local", shown: Any) -> Any:
    """Open a log for a question, with the progress bars of this command."""
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    if engine == "local":
        runs: Any = LocalEngine(progress=shown)
    else:
        from footfall.store.engines import engine_named

        runs = engine_named(engine, progress=shown)
    log = open_log(folder, engine=runs)
    return log if version is None else log.at(version)


def show(answer: Any, html: str | None, *, as_json: bool) -> None:
    """Print an answer, and write its picture where a page is wanted."""
    told = answer.definition.get("note", "")
    answer = spoken(answer)
    if html:
        write_page(html, answer.plot().to_html(include_plotlyjs=True))
    say(answer, answer.to_json(), as_json=as_json)
    if told and not as_json:
        note(f"Note: {told}.")
