"""``footfall quality``: what is in a log, and what is wrong with it."""

from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, progress, say, write_page

__all__ = ["quality"]

Version = Annotated[int | None, typer.Option(help="An older version of the log.")]


def _open(folder: str, version: int | None, shown: Any) -> Any:
    """Open a log, with the progress bars of this command."""
    from footfall.store.engine import LocalEngine
    from footfall.store.log import open_log

    log = open_log(folder, engine=LocalEngine(progress=shown))
    return log if version is None else log.at(version)


def quality(
    log: LogFolder,
    time_zone: Annotated[str, typer.Option(help="Zone whose days are counted.")] = "UTC",
    html: Annotated[str | None, typer.Option(help="Also write the report as a page.")] = None,
    version: Version = None,
    json: Json = False,
) -> None:
    """Say what is in the log and what is wrong with it."""
    from datetime import UTC, datetime

    from footfall.events.quality.options import QualityOptions
    from footfall.store.quality import quality as report_on

    with progress(as_json=json) as shown:
        options = QualityOptions(time_zone=time_zone)
        report = report_on(_open(log, version, shown), now=datetime.now(UTC), options=options)
    if html:
        write_page(html, report.to_html(page=True))
    say(report, report.to_json(), as_json=json)
