"""How long conversion takes: quantiles and a histogram of times to a step, and between two."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.analytics.funnel.plan import Plan
from footfall.analytics.quantiles import quantile
from footfall.analytics.significance import wilson
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["QUANTILES", "between_steps", "bounds_of", "histogram_of", "minutes_of", "time_columns"]

MINUTE = 60_000_000
QUANTILES = {"p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
# Where bars of the histogram begin, in minutes: moments people think in.
_HOUR, _DAY = 60, 1440
_BOUNDS = (
    *(0, 1, 5, 15, 30, _HOUR, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY),
    *(5 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 60 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY),
)


def minutes_of(microseconds: int | None) -> float | None:
    """Give minutes; None stays None."""
    return None if microseconds is None else microseconds / MINUTE


def time_columns(took: Sequence[Array]) -> dict[str, pa.Array]:
    """Give the quantiles of some lists of times as columns, one row a list."""
    return {
        f"{name}_minutes": pa.array(
            [minutes_of(quantile(times, share)) for times in took], pa.float64()
        )
        for name, share in QUANTILES.items()
    }


def bounds_of(within: int) -> list[float]:
    """Give the bounds of a histogram's bars, in minutes, up to a window."""
    window = within / MINUTE
    inside: list[float] = [bound for bound in _BOUNDS if bound < window]
    return [*(inside or [0]), max(window, 1 / MINUTE)]


def histogram_of(took: Array, within: int, unit: str) -> pa.Table:
    """Count times a bar; the last bar holds its end, the window.

    Returns
    -------
    pa.Table
        from_minutes, to_minutes, and the number of units under their name.
    """
    bounds = bounds_of(within)
    edges = np.array([round(bound * MINUTE) for bound in bounds], np.int64)
    edges[-1] = max(edges[-1], within) + 1
    counts = np.histogram(took, edges)[0]
    return pa.table(
        {
            "from_minutes": pa.array(bounds[:-1], pa.float64()),
            "to_minutes": pa.array(bounds[1:], pa.float64()),
            unit: pa.array(counts, pa.int64()),
        }
    )


def between_steps(
    log: LogView, plan: Plan, names: Sequence[str], first: int, last: int, unit: str
) -> pa.Table:
    """Give the conversion between any two steps, in one row."""
    found = log.map(
        partial(_measure_between, plan, first, last),
        _merge_between,
        columns=plan.columns,
        label="funnel: between two steps",
    )
    low, high = wilson(found["reached"], found["from"]) if found["from"] else (0.0, 1.0)
    took = time_columns([found["took"]])
    return pa.table(
        {
            "from_step": pa.array([first], pa.int64()),
            "to_step": pa.array([last], pa.int64()),
            "from_event_type": pa.array([names[first - 1]], pa.string()),
            "to_event_type": pa.array([names[last - 1]], pa.string()),
            f"{unit}_from": pa.array([found["from"]], pa.int64()),
            f"{unit}_to": pa.array([found["reached"]], pa.int64()),
            "rate": pa.array([found["reached"] / max(found["from"], 1)], pa.float64()),
            "rate_low": pa.array([float(low)], pa.float64()),
            "rate_high": pa.array([float(high)], pa.float64()),
        }
        | took
    )


def _measure_between(plan: Plan, first: int, last: int, chunk: UserChunk) -> tuple[int, Array]:
    found, times = plan.entries(chunk), chunk["timestamp"]
    ended = found.ended[found.reached >= last]
    took = times[ended[:, last - 1]] - times[ended[:, first - 1]]
    return int(np.count_nonzero(found.reached >= first)), took


def _merge_between(parts: list[tuple[int, Array]]) -> dict[str, Any]:
    took = np.concatenate([np.zeros(0, np.int64), *(times for _, times in parts)])
    return {"from": sum(count for count, _ in parts), "reached": len(took), "took": took}
