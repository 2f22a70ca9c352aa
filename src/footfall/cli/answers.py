"""``footfall quality | funnel | paths | sessions | repeats``: what is in a log, what happened."""

from typing import Annotated, Any

import typer

from footfall.cli.output import Json, LogFolder, progress, say, write_page

__all__ = ["funnel", "paths", "quality", "repeats", "sessions"]

Page = Annotated[str | None, typer.Option("--html", help="Also write the picture to this file.")]
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


def _show(answer: Any, html: str | None, *, as_json: bool) -> None:
    """Print an answer, and write its picture where a page is wanted."""
    if html:
        write_page(html, answer.plot().to_html(include_plotlyjs=True))
    say(answer, answer.to_json(), as_json=as_json)


def funnel(
    log: LogFolder,
    steps: Annotated[str, typer.Option(help="Event types in order: view,add_to_cart,purchase.")],
    within: Annotated[str, typer.Option(help="Longest time from first to last step.")] = "7d",
    by: Annotated[
        str | None, typer.Option(help="Break down by a column of users or items.")
    ] = None,
    html: Page = None,
    version: Version = None,
    json: Json = False,
) -> None:
    """Count the users who went through steps in order, within a time."""
    from footfall.analytics.funnel import funnel as ask

    with progress(as_json=json) as shown:
        names = [step.strip() for step in steps.split(",") if step.strip()]
        answer = ask(_open(log, version, shown), steps=names, within=within, by=by)
    _show(answer, html, as_json=json)


def paths(
    log: LogFolder,
    length: Annotated[int, typer.Option(help="Number of steps.")] = 3,
    starting_at: Annotated[str | None, typer.Option(help="First event type.")] = None,
    ending_at: Annotated[str | None, typer.Option(help="Last event type.")] = None,
    per: Annotated[str, typer.Option(help="Where a path may run: session or user.")] = "session",
    gap_minutes: Annotated[float, typer.Option(help="Silence that ends a session.")] = 30,
    top: Annotated[int, typer.Option(help="Number of paths shown.")] = 20,
    collapse_repeats: Annotated[
        bool, typer.Option("--collapse-repeats", help="Take equal events in a row as one.")
    ] = False,
    without: Annotated[
        str | None, typer.Option(help="Event types to pass over: impression|view.")
    ] = None,
    html: Page = None,
    version: Version = None,
    json: Json = False,
) -> None:
    """Find the most common runs of events."""
    from footfall.analytics.path import paths as ask

    with progress(as_json=json) as shown:
        answer = ask(
            _open(log, version, shown),
            length=length,
            starting_at=starting_at,
            ending_at=ending_at,
            per=per,  # type: ignore[arg-type]  # checked there
            gap_minutes=gap_minutes,
            top=top,
            collapse_repeats=collapse_repeats,
            without=without,
        )
    _show(answer, html, as_json=json)


def sessions(
    log: LogFolder,
    gap_minutes: Annotated[float, typer.Option(help="Silence that ends a session.")] = 30,
    time_zone: Annotated[str, typer.Option(help="Zone of hours and weekdays.")] = "UTC",
    html: Page = None,
    version: Version = None,
    json: Json = False,
) -> None:
    """Sum up the sessions: number, length, bounces, purchases."""
    from footfall.analytics.sessions import sessions as ask

    with progress(as_json=json) as shown:
        opened = _open(log, version, shown)
        answer = ask(opened, gap_minutes=gap_minutes, time_zone=time_zone)
    _show(answer, html, as_json=json)


def repeats(
    log: LogFolder,
    days: Annotated[int, typer.Option(help="Length of the curve.")] = 90,
    html: Page = None,
    version: Version = None,
    json: Json = False,
) -> None:
    """Say how soon buyers order again, and how much of what sells was bought before."""
    from footfall.analytics.value.repeats import repeats as ask

    with progress(as_json=json) as shown:
        answer = ask(_open(log, version, shown), days=days)
    _show(answer, html, as_json=json)
