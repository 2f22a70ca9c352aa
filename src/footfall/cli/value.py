"""``footfall rfm | value-segments | pareto | lifetime-value | order-value | repeats | aipl``."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question

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


@question()
def rfm(
    asking: Asking,
    at: At = None,
    bins: Annotated[int, typer.Option(help="Scores go from 1 to this.")] = 5,
    ties: Annotated[str, typer.Option(help="Equal values: together or split.")] = "together",
    names: Annotated[str, typer.Option(help="Segments: eight or eleven.")] = "eight",
    high: Annotated[str, typer.Option(help="What is high: above mean or median.")] = "mean",
    compare: Annotated[str, typer.Option(help="Of scores or values.")] = "scores",
    order: Order = "session",
    returns: Returns = None,
) -> Any:
    """Score buyers by recency, frequency and money, and name the segments."""
    from footfall.analytics.value import rfm as ask

    return asking.of(
        ask,
        at=at,
        bins=bins,
        ties=ties,
        names=names,
        high=high,
        compare=compare,
        order=order,
        returns=returns,
    )


@question()
def value_segments(
    asking: Asking,
    unit: Unit = "user",
    depth: Depth = None,
    shares: Annotated[str, typer.Option(help="Where tiers end: 0.8,0.95.")] = "0.8,0.95",
    names: Annotated[str, typer.Option(help="Names of the tiers: A,B,C.")] = "A,B,C",
    returns: Returns = None,
) -> Any:
    """Sort users or items into tiers by the share of revenue the best ones bring."""
    from footfall.analytics.value import value_segments as ask

    return asking.of(
        ask,
        unit=unit,
        depth=depth,
        shares=_numbers(shares, "shares"),
        names=_words(names),
        returns=returns,
    )


@question()
def pareto(
    asking: Asking,
    unit: Unit = "user",
    depth: Depth = None,
    best: Annotated[str, typer.Option(help="Shares of the best.")] = "0.01,0.05,0.1,0.2,0.5,1",
    returns: Returns = None,
) -> Any:
    """Say what share of revenue the best users or items bring."""
    from footfall.analytics.value import pareto as ask

    return asking.of(ask, unit=unit, depth=depth, best=_numbers(best, "best"), returns=returns)


@question()
def lifetime_value(
    asking: Asking,
    unit: Period = "month",
    start: Annotated[str, typer.Option(help="Cohorts by first purchase or event.")] = "purchase",
    periods: Annotated[int, typer.Option(help="Ages counted.")] = 12,
    returns: Returns = None,
) -> Any:
    """Add up what users brought in so far, by when they began and by age."""
    from footfall.analytics.value import lifetime_value as ask

    return asking.of(ask, unit=unit, start=start, periods=periods, returns=returns)


@question()
def order_value(
    asking: Asking,
    unit: Period = "month",
    order: Order = "session",
) -> Any:
    """Say what orders are worth: average, median, sizes, lines and pieces, by period."""
    from footfall.analytics.value import order_value as ask

    return asking.of(ask, unit=unit, order=order)


@question()
def repeats(
    asking: Asking,
    days: Annotated[int, typer.Option(help="Length of the curve.")] = 90,
    order: Order = "session",
) -> Any:
    """Say how soon buyers order again, and how much of what sells was bought before."""
    from footfall.analytics.value import repeats as ask

    return asking.of(ask, days=days, order=order)


@question()
def aipl(
    asking: Asking,
    at: At = None,
    since: Annotated[str | None, typer.Option(help="Earlier moment: show the flow.")] = None,
    window: Annotated[
        list[str] | None, typer.Option(help="STAGE=TIME, such as awareness=30d; may repeat.")
    ] = None,
    least_rating: Annotated[float, typer.Option(help="Rating of a good review.")] = 4,
) -> Any:
    """Put users into awareness, interest, purchase or loyalty, and show who moved."""
    from footfall.analytics.value import aipl as ask

    windows = {name: time for name, _, time in (each.partition("=") for each in window or [])}
    return asking.of(ask, at=at, since=since, windows=windows, least_rating=least_rating)


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
