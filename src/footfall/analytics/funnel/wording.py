"""What a funnel says about itself: its definition in words, and the names of its steps."""

from collections.abc import Sequence

from footfall.analytics.funnel.plan import Plan
from footfall.analytics.scope.grouping import Grouping
from footfall.events.durations import duration_text

__all__ = ["definition_of", "shown_step", "shown_steps", "step_names"]

_CHAINS = {
    "ordered": "a chain of different events, one for each step, in the order of the steps; other"
    " events may lie between, and any chain counts",
    "strict": "a chain of events that follow each other directly, one for each step, in the order"
    " of the steps; nothing lies between, and any chain counts",
    "any": "so many different steps done by as many different events, in any order; other events"
    " may lie between, and any such set counts",
}


def step_names(plan: Plan) -> tuple[str, ...]:
    """Name the rows of the answer: the steps, or how many of them in any order."""
    count = len(plan.steps)
    if plan.order != "any":
        return plan.steps.names
    return (*(f"any {number} of {count}" for number in range(1, count)), f"all {count}")


def definition_of(plan: Plan, grouping: Grouping | None) -> dict[str, str]:
    """Say what exactly was counted."""
    unit = "users" if plan.gap is None else "sessions"
    whose = "user" if plan.gap is None else "session"
    chain = _CHAINS[plan.order]
    definition = {
        "unit": f"{unit} that have {chain}",
        "window": f"{duration_text(plan.within)} from the first to the last event of a chain,"
        " inclusive",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": "UTC; no calendar is involved",
        "median_minutes": "time from the latest possible first event to the event that first"
        f" reached the step; the lower middle value of all {unit} that reached it",
    }
    if plan.gap is not None:
        definition["sessions"] = (
            f"events with the same given session id or, without one, no silence above"
            f" {duration_text(plan.gap)}; users are those with at least one such session"
        )
    if plan.same_item:
        definition["item"] = (
            f"all events of a chain have the same item; events without one do not count; a {whose}"
            " counts once, whichever item it is, and at the earliest such event"
        )
    if plan.excluded is not None:
        definition["excluding"] = _excluded(plan)
    if grouping is not None:
        definition["breakdown"] = _breakdown(grouping, unit, whose)
    return definition


def _excluded(plan: Plan) -> str:
    assert plan.excluded is not None  # noqa: S101  # asked only then
    said = []
    whole = (1 << (len(plan.steps) - 1)) - 1
    for name, kill in zip(plan.excluded.names, plan.kills, strict=True):
        if plan.order == "any" or kill == whole:
            said.append(f"{name} anywhere between a chain's first and last event")
        else:
            first = (kill & -kill).bit_length()
            said.append(f"{name} between the events of steps {first} and {kill.bit_length() + 1}")
    return (
        "; ".join(said) + " breaks a chain (its own events never do); another chain may still count"
    )


def _breakdown(grouping: Grouping, unit: str, whose: str) -> str:
    if grouping.field.of_user:
        return f"{grouping.by} of the user; each {whose} is in one group"
    return (
        f"{grouping.by} of the chain's first event; a {whose} whose chains start in several groups"
        f" is in each of them, so groups may add up to more than all {unit}"
    )


def shown_step(name: str) -> str:
    """Write a step as people read it.

    Examples
    --------
    >>> shown_step("view|click")
    'view or click'
    """
    return name.replace("|", " or ")


def shown_steps(names: Sequence[str]) -> list[str]:
    """Put numbers before the steps, so that a step that comes twice is two bars."""
    return [f"{place}. {shown_step(name)}" for place, name in enumerate(names, 1)]
