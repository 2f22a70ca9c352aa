"""``footfall series | promotion | prices | losing-pages | searches``: running the shop."""

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
from footfall.cli.output import Json, LogFolder, progress

__all__ = ["losing_pages", "prices", "promotion", "searches", "series"]

Unit = Annotated[str, typer.Option(help="hour, day, week or month.")]


def _answer(
    ask: Callable[..., Any],
    log: str,
    version: int | None,
    engine: str,
    html: str | None,
    *,
    as_json: bool,
    **options: object,
) -> None:
    """Ask a question of a log, with a progress bar, and show the answer."""
    with progress(as_json=as_json) as shown:
        answer = ask(opened(log, version=version, engine=engine, shown=shown), **options)
    show(answer, html, as_json=as_json)


def _items(given: str | None) -> str | list[str] | None:
    """Read "items:ID,ID" as a list of items; anything else stays as it is."""
    if given is None or not given.startswith("items:"):
        return given
    return [item.strip() for item in given.removeprefix("items:").split(",") if item.strip()]


def series(
    log: LogFolder,
    measure: Annotated[
        str, typer.Option(help="users, revenue, purchase / view, sum of amount where ...")
    ] = "events",
    unit: Unit = "day",
    width: Annotated[float, typer.Option(help="Standard deviations from what is expected.")] = 3.5,
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
    """Count, add up or divide over time, and mark what was not to be expected."""
    from footfall.analytics.operations.series import series as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        measure=measure,
        unit=unit,
        width=width,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def promotion(
    log: LogFolder,
    during: Annotated[str, typer.Option(help="When it was on: 2026-11-09..2026-11-11.")],
    before: Annotated[
        str | None, typer.Option(help="Length or period to compare with; 28d.")
    ] = None,
    after: Annotated[
        str | None, typer.Option(help="Length or period afterwards; at least 7d.")
    ] = None,
    promoted: Annotated[
        str | None, typer.Option(help="Condition, segment:NAME, or items:ID,ID.")
    ] = None,
    control: Annotated[str | None, typer.Option(help="The same; or: the rest.")] = None,
    measure: Annotated[
        str, typer.Option(help="A count or sum, such as purchase or users.")
    ] = "revenue",
    replicates: Annotated[int, typer.Option(help="Draws of users for the intervals.")] = 200,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
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
    """Say what a promotion brought: before, during and after, against a control."""
    from footfall.analytics.operations.promotion import promotion as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        during=during,
        before=before,
        after=after,
        promoted=_items(promoted),
        control=_items(control),
        measure=measure,
        replicates=replicates,
        level=level,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def prices(
    log: LogFolder,
    view: Annotated[str, typer.Option(help="Event types that show an item.")] = "view",
    purchase: Annotated[str, typer.Option(help="Event types that buy it.")] = "purchase",
    discount: Annotated[
        str | None, typer.Option(help="A field by which sessions are compared, too.")
    ] = None,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
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
    """Say how purchases answer to prices, each item compared with itself."""
    from footfall.analytics.operations.price_response import price_response as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        view=view,
        purchase=purchase,
        discount=discount,
        level=level,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def losing_pages(
    log: LogFolder,
    page: Annotated[
        str, typer.Option(help="What a page is: item_id, or a property such as page.")
    ] = "item_id",
    view: Annotated[str, typer.Option(help="Event types that show it.")] = "view",
    goal: Annotated[str, typer.Option(help="Event types viewers should come to.")] = "purchase",
    within: Annotated[str, typer.Option(help="From the view to the goal.")] = "7d",
    category: Annotated[
        str | None, typer.Option(help="Column of the items that says which are alike.")
    ] = None,
    least: Annotated[int, typer.Option(help="Viewers it takes to be judged.")] = 20,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
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
    """Find the pages whose viewers buy less than those of pages like them."""
    from footfall.analytics.operations.losing_pages import losing_pages as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        page=page,
        view=view,
        goal=goal,
        within=within,
        category=category,
        least=least,
        level=level,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def searches(
    log: LogFolder,
    search: Annotated[str, typer.Option(help="The search events.")] = "search",
    click: Annotated[
        str, typer.Option(help="What shows that something was found.")
    ] = "click|view|add_to_cart|purchase",
    within: Annotated[str, typer.Option(help="How soon after the search.")] = "10m",
    results: Annotated[
        str | None, typer.Option(help="Property with the number of results.")
    ] = None,
    order: Annotated[
        str, typer.Option(help="First: searches, no_results, no_click or reformulated.")
    ] = "searches",
    queries: Annotated[int, typer.Option(help="How many are shown.")] = 100,
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
    """Say what users search for, and what comes of it."""
    from footfall.analytics.operations.searches import searches as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        search=search,
        click=click,
        within=within,
        results=results,
        order=order,
        queries=queries,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )
