"""``footfall attribution``: which channels, campaigns or ads bring conversions."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question

__all__ = ["attribution"]

_MODELS = "last,first,linear,time_decay,position,markov,shapley"


@question(without=("by", "top"))
def attribution(
    asking: Asking,
    by: Annotated[str, typer.Option(help="What gets the credit: a field, or ad.")] = "channel",
    conversion: Annotated[str, typer.Option(help="Event types that convert.")] = "purchase",
    touch: Annotated[
        str | None,
        typer.Option(help="Events that are touches: view|click, or an expression."),
    ] = None,
    model: Annotated[str, typer.Option(help="One or several models.")] = _MODELS,
    lookback: Annotated[str, typer.Option(help="How long before it touches count.")] = "30d",
    half_life: Annotated[str, typer.Option(help="Of time_decay.")] = "7d",
    position: Annotated[
        str, typer.Option(help="Shares of the first touch, all between, the last.")
    ] = "0.4,0.2,0.4",
    order: Annotated[int, typer.Option(help="Touches that markov remembers: 1, 2 or 3.")] = 1,
    value: Annotated[str, typer.Option(help="Shares of conversions or of money.")] = "conversions",
    per: Annotated[
        str, typer.Option(help="One conversion a session, or one an event.")
    ] = "session",
    share_touches: Annotated[
        bool,
        typer.Option("--share-touches", help="Later conversions may count a touch again."),
    ] = False,
    direct: Annotated[
        str | None, typer.Option(help="Channels that count only where no other is in the path.")
    ] = None,
    longest: Annotated[int, typer.Option(help="Of longer paths the last touches count.")] = 50,
    gap_minutes: Annotated[float, typer.Option(help="Silence that ends a session.")] = 30,
    draws: Annotated[int, typer.Option(help="Draws behind intervals; 0 for none.")] = 200,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    breakdown: Annotated[
        str | None, typer.Option(help="Also for each group of users by this field.")
    ] = None,
    top: Annotated[int, typer.Option(help="Channels and groups that keep their name.")] = 12,
) -> Any:
    """Share out conversions among the channels whose touches came before them."""
    from footfall.analytics.attribution import attribution as ask

    return asking.of(
        ask,
        conversion=conversion,
        touch=touch,
        by=by,
        model=model,
        lookback=lookback,
        half_life=half_life,
        position=position.split(","),
        order=order,
        value=value,
        per=per,
        since_previous=not share_touches,
        direct=direct,
        longest=longest,
        gap_minutes=gap_minutes,
        draws=draws,
        level=level,
        seed=seed,
        breakdown=breakdown,
        top=top,
    )
