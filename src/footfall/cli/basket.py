"""``footfall basket-rules | sequential-patterns | complements``: what goes together."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question

__all__ = ["basket_rules", "complements", "sequential_patterns"]

Level = Annotated[str, typer.Option(help="Things: item, or a column of items such as category.")]
Depth = Annotated[int | None, typer.Option(help="Parts of a category path to keep.")]
Order = Annotated[
    str,
    typer.Option(help="One order: purchases of a session, moment, visit or properties.NAME."),
]
Limit = Annotated[int, typer.Option(help="Rows shown, at most.")]
Support = Annotated[float, typer.Option(help="Least number, or below 1 least share.")]


@question()
def basket_rules(
    asking: Asking,
    level: Level = "item",
    depth: Depth = None,
    of: Annotated[str, typer.Option(help="Baskets: orders, or sessions (views).")] = "orders",
    order: Order = "session",
    min_support: Support = 5,
    min_confidence: Annotated[float, typer.Option(help="Least confidence shown.")] = 0.0,
    min_lift: Annotated[float, typer.Option(help="Least lift shown.")] = 0.0,
    size: Annotated[int, typer.Option(help="Most things of a rule: 2 or 3.")] = 2,
    sort: Annotated[str, typer.Option(help="lift, confidence, support or leverage.")] = "lift",
    limit: Limit = 50,
) -> Any:
    """Find what goes into one basket more than by chance."""
    from footfall.analytics.basket import basket_rules as ask

    return asking.of(
        ask,
        level=level,
        depth=depth,
        of=of,
        order=order,
        min_support=min_support,
        min_confidence=min_confidence,
        min_lift=min_lift,
        size=size,
        sort=sort,
        limit=limit,
    )


@question()
def sequential_patterns(
    asking: Asking,
    level: Level = "item",
    depth: Depth = None,
    order: Order = "session",
    within: Annotated[str | None, typer.Option(help="Longest time between, such as 30d.")] = None,
    min_support: Support = 5,
    sort: Annotated[str, typer.Option(help="lift, confidence or users.")] = "lift",
    limit: Limit = 50,
) -> Any:
    """Find what is bought in a later order by those who bought something before."""
    from footfall.analytics.basket import sequential_patterns as ask

    return asking.of(
        ask,
        level=level,
        depth=depth,
        order=order,
        within=within,
        min_support=min_support,
        sort=sort,
        limit=limit,
    )


@question()
def complements(
    asking: Asking,
    level: Level = "item",
    depth: Depth = None,
    order: Order = "session",
    min_support: Annotated[int, typer.Option(help="Least number of orders or sessions.")] = 5,
    limit: Limit = 25,
) -> Any:
    """Find what is bought together, and what is compared but not combined."""
    from footfall.analytics.basket import complements as ask

    return asking.of(
        ask, level=level, depth=depth, order=order, min_support=min_support, limit=limit
    )
