"""``footfall funnel | funnel-trend | compare-funnels | after-drop | why-drop``: where they drop."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question

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


@dataclass(frozen=True)
class _Times:
    """A funnel's times where its counts would stand."""

    funnel: Any

    @property
    def definition(self) -> Any:
        return self.funnel.definition

    def in_chinese(self) -> "_Times":
        return _Times(self.funnel.in_chinese())

    def plot(self) -> Any:
        return self.funnel.plot_times()

    def to_json(self) -> Any:
        return self.funnel.to_json()

    def __str__(self) -> str:
        from footfall.analytics.answer import text_table

        times, groups = self.funnel.times, self.funnel.group_times
        return text_table(times if groups is None else groups, formats=self.funnel.FORMATS)


@question()
def funnel(
    asking: Asking,
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
) -> Any:
    """Count the users who went through steps, within a time."""
    from footfall.analytics.funnel import funnel as ask

    answer = asking.of(
        ask,
        steps=steps,
        within=within,
        order=order,
        per=per,
        same_item=same_item,
        excluding=excluding,
        gap_minutes=gap_minutes,
    )
    return _Times(answer) if times else answer


@question()
def funnel_trend(
    asking: Asking,
    steps: Steps,
    within: Within = "7d",
    unit: Annotated[str, typer.Option(help="hour, day, week or month.")] = "week",
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
) -> Any:
    """Count a funnel for each period, by when its chains begin."""
    from footfall.analytics.funnel import funnel_trend as ask

    return asking.of(
        ask,
        steps=steps,
        within=within,
        unit=unit,
        order=order,
        per=per,
        same_item=same_item,
        excluding=excluding,
        gap_minutes=gap_minutes,
    )


@question()
def compare_funnels(
    asking: Asking,
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
) -> Any:
    """Compare a funnel between groups, segments or periods, with intervals and tests."""
    from footfall.analytics.funnel import compare_funnels as ask

    return asking.of(
        ask,
        steps=steps,
        within=within,
        segments=_listed(segments),
        periods=_listed(periods),
        baseline=baseline,
        against=against,
        correction=correction,
        order=order,
        per=per,
        same_item=same_item,
        excluding=excluding,
        gap_minutes=gap_minutes,
    )


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [one.strip() for one in text.split(",") if one.strip()]


@question()
def after_drop(
    asking: Asking,
    steps: Steps,
    within: Within = "7d",
    at: At = None,
    depth: Annotated[int, typer.Option(help="Length of the paths.")] = 3,
    order: Order = "ordered",
    per: Per = "user",
    same_item: SameItem = False,
    excluding: Excluding = None,
    gap_minutes: GapMinutes = 30,
) -> Any:
    """Say where users went after they were lost at a step, and how they had come there."""
    from footfall.analytics.funnel import after_drop as ask

    return asking.of(
        ask,
        steps=steps,
        within=within,
        at=at,
        depth=depth,
        order=order,
        per=per,
        same_item=same_item,
        excluding=excluding,
        gap_minutes=gap_minutes,
    )


@question()
def why_drop(
    asking: Asking,
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
) -> Any:
    """Find what most separates the users lost at a step from those who go on."""
    from footfall.analytics.funnel import why_they_drop as ask

    return asking.of(
        ask,
        steps=steps,
        within=within,
        at=at,
        properties=_listed(properties),
        ignore=_listed(ignore) or (),
        stratify_by=stratify_by,
        order=order,
        per=per,
        same_item=same_item,
        excluding=excluding,
        gap_minutes=gap_minutes,
    )
