"""Features of all of a user's events: how recent, how many, over how long, rising or falling."""

from numba import types

from footfall.features.declared import DAY, Feature
from footfall.kernels import Array, i16, i64, kernel

__all__ = ["ACTIVITY", "SILENCE", "measure_activity"]

SILENCE = 1_800_000_000  # 30 minutes without an event end a session

ACTIVITY = (
    Feature("days_since_event", "recency", "days", "since the last event"),
    Feature("days_since_view", "recency", "days", "since the last view; missing: none"),
    Feature("days_since_cart", "recency", "days", "since the last add_to_cart; missing: none"),
    Feature("events", "frequency", "events", "all events"),
    Feature("active_days", "frequency", "days", "calendar days with an event"),
    Feature("sessions", "frequency", "sessions", "as given, else split by 30 minutes of silence"),
    Feature("events_7d", "frequency", "events", "in the last 7 days"),
    Feature("events_30d", "frequency", "events", "in the last 30 days"),
    Feature("events_90d", "frequency", "events", "in the last 90 days"),
    Feature("views_30d", "frequency", "events", "views in the last 30 days"),
    Feature("carts_30d", "frequency", "events", "add_to_cart in the last 30 days"),
    Feature("span_days", "tempo", "days", "from the first event to the last"),
    Feature("days_since_first", "tempo", "days", "since the first event"),
    Feature(
        "events_trend", "trend", "-1 to 1", "(last 30 days - the 30 before) / their sum, events"
    ),
)

(
    SINCE_EVENT, SINCE_VIEW, SINCE_CART, EVENTS, ACTIVE_DAYS, SESSIONS, EVENTS_7D, EVENTS_30D,
    EVENTS_90D, VIEWS_30D, CARTS_30D, SPAN, SINCE_FIRST, TREND,
) = range(len(ACTIVITY))  # fmt: skip


@kernel(
    types.void(
        i64, i64, i64, i16, i64, types.int64, types.int64, types.int64, types.int64,
        types.float64[:, ::1],
    )
)  # fmt: skip
def measure_activity(
    starts: Array,
    stops: Array,
    timestamp: Array,
    event_type: Array,
    session: Array,
    view: int,
    cart: int,
    cutoff: int,
    utc_offset: int,
    out: Array,
) -> None:
    """Fill the columns of :data:`ACTIVITY` for the users' rows ``starts[u]:stops[u]``.

    ``out`` has shape (U, F), NaN where nothing is written; no run of rows is empty.
    """
    for user in range(len(starts)):
        row_out = out[user]
        first, last = timestamp[starts[user]], timestamp[stops[user] - 1]
        row_out[SINCE_EVENT] = (cutoff - last) / DAY
        row_out[SINCE_FIRST] = (cutoff - first) / DAY
        row_out[SPAN] = (last - first) / DAY
        row_out[EVENTS] = stops[user] - starts[user]
        days = sessions = in_7 = in_30 = in_60 = in_90 = views = carts = 0
        last_day = 0
        for row in range(starts[user], stops[user]):
            time, kind = timestamp[row], event_type[row]
            age = cutoff - time
            day = (time + utc_offset) // DAY
            if row == starts[user]:
                days, sessions = 1, 1
            else:
                days += day != last_day
                if session[row] != 0 and session[row - 1] != 0:
                    sessions += session[row] != session[row - 1]
                else:
                    sessions += time - timestamp[row - 1] > SILENCE
            last_day = day
            in_7 += age < 7 * DAY
            in_30 += age < 30 * DAY
            in_60 += age < 60 * DAY
            in_90 += age < 90 * DAY
            if kind == view:
                row_out[SINCE_VIEW] = age / DAY
                views += age < 30 * DAY
            elif kind == cart:
                row_out[SINCE_CART] = age / DAY
                carts += age < 30 * DAY
        row_out[ACTIVE_DAYS], row_out[SESSIONS] = days, sessions
        row_out[EVENTS_7D], row_out[EVENTS_30D], row_out[EVENTS_90D] = in_7, in_30, in_90
        row_out[VIEWS_30D], row_out[CARTS_30D] = views, carts
        if in_60 > 0:
            row_out[TREND] = (2 * in_30 - in_60) / in_60
