"""``footfall funnel | funnel-trend | compare-funnels | after-drop | why-drop``: where they drop."""

from collections.abc import Callable
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
from footfall.cli.language import spoken
from footfall.cli.output import Json, LogFolder, progress, say, write_page

__all__ = ["after_drop", "compare_funnels", "funnel", "funnel_trend", "why_drop"]

Steps = Annotated[
    str,
    typer.Option(help="Event types in order: view,add_to_cart,purchase or view[price > 20]."),
]
Within = Annotated[str, typer.Option(help="Longest time from first to last step.")]
Order = Annotated[str, typer.Option(help="ordered, strict (nothing in between) or any.")]
Per = Annotated[str, typer.Option(help="What is counted: user or session.")]
SameItem = Annotated[
    bool, typer.Option("--same-item", help="All steps of a chain are about one item.")
]
Excluding = Annotated[
    str | None,
    typer.Option(help="Events that break a chain: remove_from_cart, or remove_from_cart:2-3."),
]
GapMinutes = Annotated[float, typer.Option(help="Silence that ends a session.")]
At = Annotated[int | None, typer.Option(help="The step they are lost at; the last by default.")]


def _asked(
    ask: Callable[..., Any],
    log: str,
    version: int | None,
    engine: str,
    *,
    as_json: bool,
    **options: object,
) -> Any:
    """Ask a question of a log, with a progress bar."""
    with progress(as_json=as_json) as shown:
        return ask(opened(log, version=version, engine=engine, shown=shown), **options)


def funnel(
    log: LogFolder,
    steps: Steps,
    within: Within = "7d",
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
    times: Annotated[
        bool, typer.Option("--times", help="Show how long each step takes, instead of how many.")
    ] = False,
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
    """Count the users who went through steps, within a time."""
    from footfall.analytics.answer import text_table
    from footfall.analytics.funnel import funnel as ask

    answer = _asked(
        ask, log, version, engine, as_json=json, steps=steps, within=within, order=order, per=per,
        same_item=same_item, excluding=excluding, gap_minutes=gap_minutes, by=by, where=where,
        between=between, segment=segment, top=top, time_zone=time_zone,
    )  # fmt: skip
    if not times:
        show(answer, html, as_json=json)
        return
    answer = spoken(answer)
    if html:
        write_page(html, answer.plot_times().to_html(include_plotlyjs=True))
    table = answer.times if answer.group_times is None else answer.group_times
    say(text_table(table, formats=answer.FORMATS), answer.to_json(), as_json=json)


def funnel_trend(
    log: LogFolder,
    steps: Steps,
    within: Within = "7d",
    unit: Annotated[str, typer.Option(help="hour, day, week or month.")] = "week",
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
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
    """Count a funnel for each period, by when its chains begin."""
    from footfall.analytics.funnel import funnel_trend as ask

    answer = _asked(
        ask, log, version, engine, as_json=json, steps=steps, within=within, unit=unit,
        order=order, per=per, same_item=same_item, excluding=excluding, gap_minutes=gap_minutes,
        by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone,
    )  # fmt: skip
    show(answer, html, as_json=json)


def compare_funnels(
    log: LogFolder,
    steps: Steps,
    within: Within = "7d",
    segments: Annotated[
        str | None, typer.Option(help="Compare these saved segments: new,loyal.")
    ] = None,
    periods: Annotated[
        str | None, typer.Option(help="Compare these periods: 2026-01,2026-02.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Compare with this group.")] = None,
    against: Annotated[str, typer.Option(help="Shares of the first or previous step.")] = "first",
    correction: Annotated[str, typer.Option(help="Of p-values: holm, bh or none.")] = "holm",
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
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
    """Compare a funnel between groups, segments or periods, with intervals and tests."""
    from footfall.analytics.funnel import compare_funnels as ask

    answer = _asked(
        ask, log, version, engine, as_json=json, steps=steps, within=within, by=by,
        segments=_listed(segments), periods=_listed(periods), baseline=baseline, against=against,
        correction=correction, order=order, per=per, same_item=same_item, excluding=excluding,
        gap_minutes=gap_minutes, where=where, between=between, segment=segment, top=top,
        time_zone=time_zone,
    )  # fmt: skip
    show(answer, html, as_json=json)


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [one.strip() for one in text.split(",") if one.strip()]


def after_drop(
    log: LogFolder,
    steps: Steps,
    within: Within = "7d",
    at: At = None,
    depth: Annotated[int, typer.Option(help="Length of the paths.")] = 3,
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
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
    """Say where users went after they were lost at a step, and how they had come there."""
    from footfall.analytics.funnel import after_drop as ask

    answer = _asked(
        ask, log, version, engine, as_json=json, steps=steps, within=within, at=at, depth=depth,
        order=order, per=per, same_item=same_item, excluding=excluding, gap_minutes=gap_minutes,
        by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone,
    )  # fmt: skip
    show(answer, html, as_json=json)


def why_drop(
    log: LogFolder,
    steps: Steps,
    within: Within = "7d",
    at: At = None,
    properties: Annotated[
        str | None, typer.Option(help="Look only at these: channel,brand. All by default.")
    ] = None,
    ignore: Annotated[str | None, typer.Option(help="Leave these out: order_total.")] = None,
    stratify_by: Annotated[
        str | None, typer.Option(help="Compare only what is alike in this: device.")
    ] = None,
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
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
    """Find what most separates the users lost at a step from those who go on."""
    from footfall.analytics.funnel import why_they_drop as ask

    answer = _asked(
        ask, log, version, engine, as_json=json, steps=steps, within=within, at=at,
        properties=_listed(properties), ignore=_listed(ignore) or (), stratify_by=stratify_by,
        order=order, per=per, same_item=same_item, excluding=excluding, gap_minutes=gap_minutes,
        by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone,
    )  # fmt: skip
    show(answer, html, as_json=json)
