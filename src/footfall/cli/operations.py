"""``footfall series | promotion | prices | losing-pages | searches``: running the shop."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question

__all__ = ["losing_pages", "prices", "promotion", "searches", "series"]

Unit = Annotated[str, typer.Option(help="hour, day, week or month.")]


def _items(given: str | None) -> str | list[str] | None:
    """Read "items:ID,ID" as a list of items; anything else stays as it is."""
    if given is None or not given.startswith("items:"):
        return given
    return [item.strip() for item in given.removeprefix("items:").split(",") if item.strip()]


@question()
def series(
    asking: Asking,
    measure: Annotated[
        str, typer.Option(help="users, revenue, purchase / view, sum of amount where ...")
    ] = "events",
    unit: Unit = "day",
    width: Annotated[float, typer.Option(help="Standard deviations from what is expected.")] = 3.5,
) -> Any:
    """Count, add up or divide over time, and mark what was not to be expected."""
    from footfall.analytics.operations.series import series as ask

    return asking.of(ask, measure=measure, unit=unit, width=width)


@question()
def promotion(
    asking: Asking,
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
) -> Any:
    """Say what a promotion brought: before, during and after, against a control."""
    from footfall.analytics.operations.promotion import promotion as ask

    return asking.of(
        ask,
        during=during,
        before=before,
        after=after,
        promoted=_items(promoted),
        control=_items(control),
        measure=measure,
        replicates=replicates,
        level=level,
    )


@question()
def prices(
    asking: Asking,
    view: Annotated[str, typer.Option(help="Event types that show an item.")] = "view",
    purchase: Annotated[str, typer.Option(help="Event types that buy it.")] = "purchase",
    discount: Annotated[
        str | None, typer.Option(help="A field by which sessions are compared, too.")
    ] = None,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
) -> Any:
    """Say how purchases answer to prices, each item compared with itself."""
    from footfall.analytics.operations.price_response import price_response as ask

    return asking.of(ask, view=view, purchase=purchase, discount=discount, level=level)


@question()
def losing_pages(
    asking: Asking,
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
) -> Any:
    """Find the pages whose viewers buy less than those of pages like them."""
    from footfall.analytics.operations.losing_pages import losing_pages as ask

    return asking.of(
        ask,
        page=page,
        view=view,
        goal=goal,
        within=within,
        category=category,
        least=least,
        level=level,
    )


@question()
def searches(
    asking: Asking,
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
) -> Any:
    """Say what users search for, and what comes of it."""
    from footfall.analytics.operations.searches import searches as ask

    return asking.of(
        ask,
        search=search,
        click=click,
        within=within,
        results=results,
        order=order,
        queries=queries,
    )
