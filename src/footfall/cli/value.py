"""``footfall rfm | value-segments | pareto | lifetime-value | order-value | repeats | aipl``."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import (
    Between,
    By,
    Engine,
    Page,
    Segment,
    TimeZone,
    Top,
    Version,
    Where,
    opened,
    show,
)
from footfall.cli.output import Json, LogFolder, progress

__all__ = [
    "aipl",
    "lifetime_value",
    "order_value",
    "pareto",
    "repeats",
    "rfm",
    "value_segments",
]

At = Annotated[str | None, typer.Option(help="Moment to look from; the log's last event else.")]
Returns = Annotated[
    str | None, typer.Option(help="Event type whose money is taken off, such as return.")
]
Order = Annotated[
    str,
    typer.Option(help="One order: purchases of a session, moment, visit or properties.NAME."),
]
Unit = Annotated[str, typer.Option(help="Who is counted: user, item, or a column of items.")]
Depth = Annotated[int | None, typer.Option(help="Parts of a category path to keep.")]
Period = Annotated[str, typer.Option(help="day, week or month.")]


def rfm(
    log: LogFolder,
    at: At = None,
    bins: Annotated[int, typer.Option(help="Scores go from 1 to this.")] = 5,
    ties: Annotated[str, typer.Option(help="Equal values: together or split.")] = "together",
    names: Annotated[str, typer.Option(help="Segments: eight or eleven.")] = "eight",
    high: Annotated[str, typer.Option(help="What is high: above mean or median.")] = "mean",
    compare: Annotated[str, typer.Option(help="Of scores or values.")] = "scores",
    order: Order = "session",
    returns: Returns = None,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Score buyers by recency, frequency and money, and name the segments."""
    from footfall.analytics.value import rfm as ask

    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown), at=at, bins=bins,
            ties=ties,  # type: ignore[arg-type]  # checked there
            names=names,  # type: ignore[arg-type]
            high=high,
            compare=compare,  # type: ignore[arg-type]
            order=order, returns=returns, by=by, where=where, between=between, segment=segment,
            top=top, time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def value_segments(
    log: LogFolder,
    unit: Unit = "user",
    depth: Depth = None,
    shares: Annotated[str, typer.Option(help="Where tiers end: 0.8,0.95.")] = "0.8,0.95",
    names: Annotated[str, typer.Option(help="Names of the tiers: A,B,C.")] = "A,B,C",
    returns: Returns = None,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Sort users or items into tiers by the share of revenue the best ones bring."""
    from footfall.analytics.value import value_segments as ask

    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown), unit=unit, depth=depth,
            shares=_numbers(shares, "shares"), names=_words(names), returns=returns, by=by,
            where=where, between=between, segment=segment, top=top, time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def pareto(
    log: LogFolder,
    unit: Unit = "user",
    depth: Depth = None,
    best: Annotated[str, typer.Option(help="Shares of the best.")] = "0.01,0.05,0.1,0.2,0.5,1",
    returns: Returns = None,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say what share of revenue the best users or items bring."""
    from footfall.analytics.value import pareto as ask

    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown), unit=unit, depth=depth,
            best=_numbers(best, "best"), returns=returns, by=by, where=where, between=between,
            segment=segment, top=top, time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def lifetime_value(
    log: LogFolder,
    unit: Period = "month",
    start: Annotated[str, typer.Option(help="Cohorts by first purchase or event.")] = "purchase",
    periods: Annotated[int, typer.Option(help="Ages counted.")] = 12,
    returns: Returns = None,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Add up what users brought in so far, by when they began and by age."""
    from footfall.analytics.value import lifetime_value as ask

    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown),
            unit=unit,  # type: ignore[arg-type]  # checked there
            start=start,  # type: ignore[arg-type]
            periods=periods, returns=returns, by=by, where=where, between=between,
            segment=segment, top=top, time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def order_value(
    log: LogFolder,
    unit: Period = "month",
    order: Order = "session",
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say what orders are worth: average, median, sizes, lines and pieces, by period."""
    from footfall.analytics.value import order_value as ask

    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown),
            unit=unit,  # type: ignore[arg-type]  # checked there
            order=order, by=by, where=where, between=between, segment=segment, top=top,
            time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def repeats(
    log: LogFolder,
    days: Annotated[int, typer.Option(help="Length of the curve.")] = 90,
    order: Order = "session",
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say how soon buyers order again, and how much of what sells was bought before."""
    from footfall.analytics.value import repeats as ask

    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown), days=days, order=order,
            by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def aipl(
    log: LogFolder,
    at: At = None,
    since: Annotated[str | None, typer.Option(help="Earlier moment: show the flow.")] = None,
    window: Annotated[
        list[str] | None, typer.Option(help="STAGE=TIME, such as awareness=30d; may repeat.")
    ] = None,
    least_rating: Annotated[float, typer.Option(help="Rating of a good review.")] = 4,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Put users into awareness, interest, purchase or loyalty, and show who moved."""
    from footfall.analytics.value import aipl as ask

    windows = {name: time for name, _, time in (each.partition("=") for each in window or [])}
    with progress(as_json=json) as shown:
        answer = ask(
            opened(log, version=version, engine=engine, shown=shown), at=at, since=since,
            windows=windows, least_rating=least_rating, by=by, where=where, between=between,
            segment=segment, top=top, time_zone=time_zone,
        )  # fmt: skip
    show(answer, html, as_json=json)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str, option: str) -> list[Any]:
    """Read numbers with commas between."""
    from footfall.errors import OptionError

    try:
        return [float(word) for word in _words(text)]
    except ValueError:
        allowed = "numbers with commas between, such as 0.8,0.95"
        raise OptionError.of(option, "the command", allowed, text) from None
