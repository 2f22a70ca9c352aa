"""``footfall quality``: what is in a log, and what is wrong with it."""

from typing import Annotated

import typer

from footfall.cli.asking import TimeZone, Version, opened
from footfall.cli.output import Json, LogFolder, progress, say, write_page

__all__ = ["quality"]


def quality(
    log: LogFolder,
    time_zone: TimeZone = "UTC",
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
        report = report_on(
            opened(log, version=version, shown=shown), now=datetime.now(UTC), options=options
        )
    if html:
        write_page(html, report.to_html(page=True))
    say(report, report.to_json(), as_json=json)
