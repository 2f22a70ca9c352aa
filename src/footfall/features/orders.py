"""Features of a user's purchases: how recent, how many, how much, at what rhythm.

Purchase events are lines. Lines of one session, or of one moment where no session is given, are
one order: a basket of twelve lines is one order, and leaves no gaps of zero days.
"""

from numba import types

from footfall.features.declared import DAY, Feature
from footfall.kernels import Array, i16, i32, i64, kernel

__all__ = ["ORDERS", "measure_orders"]

ORDERS = (
    Feature("days_since_purchase", "recency", "days", "since the last purchase; missing: none"),
    Feature("purchases", "frequency", "lines", "purchase events"),
    Feature("orders", "frequency", "orders", "purchases of one session or moment are one order"),
    Feature("orders_7d", "frequency", "orders", "in the last 7 days"),
    Feature("orders_30d", "frequency", "orders", "in the last 30 days"),
    Feature("orders_90d", "frequency", "orders", "in the last 90 days"),
    Feature("units", "frequency", "units", "quantity bought; a line that does not say counts 1"),
    Feature("amount_total", "value", "minor units", "money of all purchases"),
    Feature("amount_mean", "value", "minor units", "money of an order, mean; missing: no order"),
    Feature("amount_max", "value", "minor units", "money of the largest order; missing: no order"),
    Feature("amount_last", "value", "minor units", "money of the last order; missing: no order"),
    Feature("amount_30d", "value", "minor units", "money of purchases in the last 30 days"),
    Feature("days_since_first_order", "tempo", "days", "since the first order; missing: none"),
    Feature("gap_mean_days", "tempo", "days", "between orders, mean; missing: below 2 orders"),
    Feature("gap_median_days", "tempo", "days", "between orders, median; missing: below 2 orders"),
    Feature("gap_deviation_days", "tempo", "days", "standard deviation; missing: below 3 orders"),
    Feature("gap_last_days", "tempo", "days", "between the last two orders; missing: below 2"),
    Feature(
        "recency_over_gap", "tempo", "gaps",
        "days_since_purchase / gap_median_days; above 1: overdue; missing: no gap or a gap of 0",
    ),
    Feature(
        "orders_trend", "trend", "-1 to 1",
        "(last 30 days - the 30 before) / their sum, orders; missing: both 0",
    ),
    Feature(
        "amount_trend", "trend", "-1 to 1",
        "(last 30 days - the 30 before) / their sum, money; missing: both 0",
    ),
)  # fmt: skip

(
    SINCE_PURCHASE, PURCHASES, N_ORDERS, ORDERS_7D, ORDERS_30D, ORDERS_90D, UNITS,
    TOTAL, MEAN, MAX, LAST, AMOUNT_30D, SINCE_FIRST, GAP_MEAN, GAP_MEDIAN, GAP_DEVIATION,
    GAP_LAST, OVERDUE, ORDERS_TREND, AMOUNT_TREND,
) = range(len(ORDERS))  # fmt: skip


@kernel(types.int64(types.int64, types.int64, i64, i16, i64, types.int64, types.int64[::1]))
def _orders_of(
    start: int,
    stop: int,
    timestamp: Array,
    event_type: Array,
    session: Array,
    purchase: int,
    firsts: Array,
) -> int:
    """Write the row that opens each order of one user to ``firsts``; give the number of orders."""
    count, before = 0, -1
    for row in range(start, stop):
        if event_type[row] != purchase:
            continue
        new = before < 0
        if not new and session[row] != 0 and session[before] != 0:
            new = session[row] != session[before]
        elif not new:
            new = timestamp[row] != timestamp[before]
        if new:
            firsts[count] = row
            count += 1
        before = row
    return count


@kernel(types.void(types.int64, i64, types.int64[::1], types.int64[::1], types.float64[::1]))
def _tempo(count: int, timestamp: Array, firsts: Array, gaps: Array, out: Array) -> None:
    """Fill the gap columns of one user who has ``count`` orders, two at least."""
    between = count - 1
    for index in range(between):
        gaps[index] = timestamp[firsts[index + 1]] - timestamp[firsts[index]]
    out[GAP_LAST] = gaps[between - 1] / DAY
    mean = (timestamp[firsts[count - 1]] - timestamp[firsts[0]]) / between
    out[GAP_MEAN] = mean / DAY
    ordered = gaps[:between]
    ordered.sort()
    median = (ordered[(between - 1) // 2] + ordered[between // 2]) / 2
    out[GAP_MEDIAN] = median / DAY
    if median > 0:
        out[OVERDUE] = out[SINCE_PURCHASE] / out[GAP_MEDIAN]
    if between > 1:
        squares = 0.0
        for index in range(between):
            squares += ((ordered[index] - mean) / DAY) ** 2
        out[GAP_DEVIATION] = (squares / between) ** 0.5


@kernel(
    types.void(
        i64, i64, i64, i16, i64, i32, i64, types.int64, types.int64,
        types.int64[::1], types.int64[::1], types.float64[:, ::1],
    )
)  # fmt: skip
def measure_orders(
    starts: Array,
    stops: Array,
    timestamp: Array,
    event_type: Array,
    session: Array,
    quantity: Array,
    amount: Array,
    purchase: int,
    cutoff: int,
    firsts: Array,
    gaps: Array,
    out: Array,
) -> None:
    """Fill the columns of :data:`ORDERS` for the users' rows ``starts[u]:stops[u]``.

    ``firsts`` and ``gaps`` are scratch, as long as the longest run of rows; ``out`` has shape
    (U, F), NaN where nothing is written.
    """
    for user in range(len(starts)):
        row_out = out[user]
        count = _orders_of(
            starts[user], stops[user], timestamp, event_type, session, purchase, firsts
        )
        in_7 = in_30 = in_60 = in_90 = lines = units = total = largest = money = 0
        money_30 = money_60 = 0
        for index in range(count):
            end = firsts[index + 1] if index + 1 < count else stops[user]
            age = cutoff - timestamp[firsts[index]]
            in_7 += age < 7 * DAY
            in_30 += age < 30 * DAY
            in_60 += age < 60 * DAY
            in_90 += age < 90 * DAY
            money = 0
            for row in range(firsts[index], end):
                if event_type[row] != purchase:
                    continue
                lines += 1
                units += quantity[row] if quantity[row] > 0 else 1
                money += amount[row]
                money_30 += amount[row] if cutoff - timestamp[row] < 30 * DAY else 0
                money_60 += amount[row] if cutoff - timestamp[row] < 60 * DAY else 0
                row_out[SINCE_PURCHASE] = (cutoff - timestamp[row]) / DAY
            total += money
            largest = money if index == 0 else max(largest, money)
        row_out[PURCHASES], row_out[N_ORDERS], row_out[UNITS] = lines, count, units
        row_out[ORDERS_7D], row_out[ORDERS_30D], row_out[ORDERS_90D] = in_7, in_30, in_90
        row_out[TOTAL], row_out[AMOUNT_30D] = total, money_30
        if count > 0:
            row_out[MEAN], row_out[MAX], row_out[LAST] = total / count, largest, money
            row_out[SINCE_FIRST] = (cutoff - timestamp[firsts[0]]) / DAY
        if count > 1:
            _tempo(count, timestamp, firsts, gaps, row_out)
        if in_60 > 0:
            row_out[ORDERS_TREND] = (2 * in_30 - in_60) / in_60
        if money_60 > 0:
            row_out[AMOUNT_TREND] = (2 * money_30 - money_60) / money_60
