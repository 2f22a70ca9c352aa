"""Features of what a user's events are made of: types, items, hours and weekdays."""

from numba import types

from footfall.events.vocabulary import EVENT_TYPES
from footfall.features.declared import DAY, Feature
from footfall.kernels import Array, i16, i32, i64, kernel

__all__ = ["MIX", "measure_mix"]

HOUR = DAY // 24

_SHARES = tuple(
    Feature(f"share_{name}", "mix", "share", f"of the events: {name}") for name in EVENT_TYPES
)
MIX = (
    *_SHARES,
    Feature("share_other", "mix", "share", "of the events: types of the shop's own"),
    Feature("items", "mix", "items", "different items in any event"),
    Feature("items_bought", "mix", "items", "different items purchased"),
    Feature(
        "repeat_share", "mix", "share",
        "of purchases with an item: item bought before; missing: none",
    ),
    Feature("return_share", "mix", "share", "returns / purchases; missing: no purchase"),
    Feature(
        "hour_concentration", "mix", "share",
        "squared shares of the 24 hours, summed: 1/24 to 1",
    ),
    Feature("weekday_concentration", "mix", "share", "the same over weekdays: 1/7 to 1"),
    Feature("night_share", "mix", "share", "of the events: from 22:00 to 06:00"),
    Feature("weekend_share", "mix", "share", "of the events: Saturday and Sunday"),
)  # fmt: skip

OTHER = len(_SHARES)
ITEMS, BOUGHT, REPEATS, RETURNS, HOURS, WEEKDAYS, NIGHT, WEEKEND = range(OTHER + 1, len(MIX))


@kernel(
    types.void(
        i64, i64, i64, i16, i32, types.int64, types.int64, types.int64,
        types.int64[::1], types.int64[::1], types.int64[:, ::1], types.float64[:, ::1],
    )
)  # fmt: skip
def measure_mix(  # noqa: C901  # one pass over a user, kept whole for speed
    starts: Array,
    stops: Array,
    timestamp: Array,
    event_type: Array,
    item: Array,
    purchase: int,
    returned: int,
    utc_offset: int,
    seen: Array,
    bought: Array,
    counts: Array,
    out: Array,
) -> None:
    """Fill the columns of :data:`MIX` for the users' rows ``starts[u]:stops[u]``.

    ``seen`` and ``bought`` are scratch, -1, one place an item code; ``counts`` is scratch of
    shape (3, 24): types, hours, weekdays. ``out`` has shape (U, F), NaN where nothing is written.
    """
    for user in range(len(starts)):
        row_out = out[user]
        counts[:] = 0
        items = items_bought = lines = lines_item = returns = 0
        for row in range(starts[user], stops[user]):
            kind, code = event_type[row], item[row]
            time = timestamp[row] + utc_offset
            counts[0, min(kind, OTHER)] += 1
            counts[1, (time // HOUR) % 24] += 1
            counts[2, (time // DAY + 3) % 7] += 1  # 1970-01-01 was a Thursday; Monday is 0
            lines += kind == purchase
            returns += kind == returned
            if code >= 0:
                if seen[code] != user:
                    seen[code] = user
                    items += 1
                if kind == purchase:
                    lines_item += 1
                    if bought[code] != user:
                        bought[code] = user
                        items_bought += 1
        events = stops[user] - starts[user]
        for kind in range(OTHER + 1):
            row_out[kind] = counts[0, kind] / events
        row_out[ITEMS], row_out[BOUGHT] = items, items_bought
        if lines_item > 0:
            row_out[REPEATS] = (lines_item - items_bought) / lines_item
        if lines > 0:
            row_out[RETURNS] = returns / lines
        squares = night = 0
        for hour in range(24):
            squares += counts[1, hour] ** 2
            night += counts[1, hour] if hour >= 22 or hour < 6 else 0
        row_out[HOURS], row_out[NIGHT] = squares / events**2, night / events
        squares = 0
        for weekday in range(7):
            squares += counts[2, weekday] ** 2
        row_out[WEEKDAYS] = squares / events**2
        row_out[WEEKEND] = (counts[2, 5] + counts[2, 6]) / events
