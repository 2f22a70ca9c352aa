"""The parts of the report that rules flag: users like programs, odd quantities, currencies."""

from footfall.events.quality.measured import Measured, local_time, quantile
from footfall.events.quality.options import QualityOptions
from footfall.events.quality.report import (
    Bot,
    Bots,
    NamedShare,
    Quantities,
    QuantityExample,
)

__all__ = ["bots_of", "currencies_of", "quantities_of"]


def bots_of(measured: Measured, options: QualityOptions) -> Bots:
    """Name the flagged users."""
    flagged = measured.bots
    events = sum(user.events for user in flagged)
    total = int(measured.activity.user_events.sum())
    names = measured.name_users([user.user for user in flagged[: options.listed]]).to_pylist()
    gap = f"{options.bot_gap_seconds:g}"
    return Bots(
        users=len(flagged),
        events=events,
        share=events / total if total else 0.0,
        rule=(
            f"hasty: more than {options.bot_hour_events} acts within 60 minutes and a median gap"
            f" of at most {gap} s; sleepless: acts in {options.bot_hours} or more of 24 successive"
            " hours (events of one moment are one act, impressions none)"
        ),
        listed=[
            Bot(name, user.events, user.busiest_hour, user.median_gap_seconds,
                user.active_hours, [*user.reasons])
            for name, user in zip(names, flagged, strict=False)
        ],
    )  # fmt: skip


def quantities_of(measured: Measured, options: QualityOptions) -> Quantities:
    """Apply the rule on quantities."""
    spread = measured.fields.quantities
    rule = (
        f"more than {options.quantity_factor:g} times what 95 % of quantities do not exceed,"
        f" and more than {options.quantity_floor}"
    )
    if not len(spread.values):
        return Quantities(0, None, None, 0, rule, [])
    p95 = quantile(spread.values, spread.counts, 95)
    threshold = max(float(options.quantity_floor), options.quantity_factor * p95)
    outlying = [large for large in measured.fields.largest if large.quantity > threshold]
    users = measured.name_users([large.user for large in outlying]).to_pylist()
    items = measured.name_items([large.item for large in outlying]).to_pylist()
    return Quantities(
        said=int(spread.counts.sum()),
        p95=p95,
        threshold=threshold,
        outliers=int(spread.counts[spread.values > threshold].sum()),
        rule=rule,
        listed=[
            QuantityExample(
                large.quantity,
                user,
                item,
                measured.event_types[large.event_type],
                local_time(large.timestamp, options.time_zone),
            )
            for large, user, item in zip(outlying, users, items, strict=True)
        ],
    )


def currencies_of(measured: Measured) -> list[NamedShare] | None:
    """Give the currencies of events that carry money, most frequent first."""
    if measured.text is None:
        return None
    counts: dict[str | None, int] = {}
    counts.update(measured.text.currencies)
    if measured.text.without_currency:
        counts[None] = measured.text.without_currency
    said = sum(counts.values())
    found = [NamedShare(name, count, count / said) for name, count in counts.items()]
    return sorted(found, key=lambda one: (-one.events, one.currency or ""))
