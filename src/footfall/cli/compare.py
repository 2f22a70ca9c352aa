"""``footfall compare | sample-size``: how two groups of users or two times differ."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question
from footfall.cli.output import Json, say

__all__ = ["compare", "sample_size"]

_MEASURES = (
    "conversion,events_per_user,sessions_per_user,orders_per_user,revenue_per_user,"
    "orders_per_session,average_order_value,retention"
)
Twice = list[str] | None


@question()
def compare(
    asking: Asking,
    arms: Annotated[str | None, typer.Option(help="Field whose value says the arm.")] = None,
    segments: Annotated[Twice, typer.Option(help="A saved segment or rule; give two.")] = None,
    periods: Annotated[Twice, typer.Option(help="A period such as 2026-01; give two.")] = None,
    sides: Annotated[Twice, typer.Option(help="The two arms, A first; or names.")] = None,
    exposure: Annotated[
        str | None, typer.Option(help="Event types that put a user into an arm.")
    ] = None,
    expected: Annotated[str, typer.Option(help="The split that was meant.")] = "0.5,0.5",
    measures: Annotated[str, typer.Option(help="Measures, and conversion:EVENT_TYPE.")] = _MEASURES,
    conversion: Annotated[str, typer.Option(help="Event types that convert.")] = "purchase",
    pre: Annotated[
        str | None, typer.Option(help="Use this long before to reduce the noise: 14d.")
    ] = None,
    retention_day: Annotated[int, typer.Option(help="Day of retention.")] = 7,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="Results hold however often you look.")
    ] = False,
    planned_users: Annotated[
        int, typer.Option(help="Users at which sequential intervals are narrowest.")
    ] = 2_000,
    correction: Annotated[str, typer.Option(help="holm, bh or none.")] = "holm",
    level: Annotated[float, typer.Option(help="Of intervals and verdicts.")] = 0.95,
    gap_minutes: Annotated[float, typer.Option(help="Silence that ends a session.")] = 30,
) -> Any:
    """Compare two arms of an experiment, two segments or two periods."""
    from footfall.analytics.compare import compare as ask

    return asking.of(
        ask,
        arms=arms,
        segments=segments or None,
        periods=periods or None,
        sides=sides or None,
        exposure=exposure,
        expected=_numbers("expected", expected),
        measures=measures,
        conversion=conversion,
        pre=pre,
        retention_day=retention_day,
        sequential=sequential,
        planned_users=planned_users,
        correction=correction,
        level=level,
        gap_minutes=gap_minutes,
    )


def sample_size(
    baseline: Annotated[float, typer.Option(help="The measure today: 0.04, or a mean.")],
    relative: Annotated[
        float | None, typer.Option(help="Smallest relative difference worth finding: 0.05.")
    ] = None,
    absolute: Annotated[float | None, typer.Option(help="The same in the measure's unit.")] = None,
    deviation: Annotated[
        float | None, typer.Option(help="Of one user's value, when the measure is a mean.")
    ] = None,
    power: Annotated[float, typer.Option(help="Chance to find such a difference.")] = 0.8,
    level: Annotated[float, typer.Option(help="Of the two-sided test.")] = 0.95,
    split: Annotated[str, typer.Option(help="Shares of the two arms.")] = "0.5,0.5",
    json: Json = False,
) -> None:
    """Say how many users each arm of an experiment needs."""
    from footfall.analytics.significance import sample_size as ask

    first, second = ask(
        baseline,
        relative=relative,
        absolute=absolute,
        deviation=deviation,
        power=power,
        level=level,
        split=_numbers("split", split),
    )
    say(f"A: {first:,} users\nB: {second:,} users", {"users": [first, second]}, as_json=json)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    from footfall.errors import OptionError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError.of(option, "compare", "shares such as 0.5,0.5", text) from None
