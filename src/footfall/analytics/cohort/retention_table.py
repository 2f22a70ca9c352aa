"""What a retention question counted, as tables: long, wide and averaged."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.cohort.asked import HISTORY
from footfall.analytics.cohort.brackets import Brackets
from footfall.analytics.cohort.periods import OVER, Periods
from footfall.analytics.cohort.returning import RetentionPart
from footfall.errors import OptionError
from footfall.kernels import Array

__all__ = ["Table", "definition_of"]


@dataclass(frozen=True)
class Table:
    """The rows and columns of a retention table.

    Parameters
    ----------
    periods : Periods
        The cohorts.
    columns : Brackets
    width : int
        Length of windows of the user's own; 0 for periods of the calendar.
    money : bool
    """

    periods: Periods
    columns: Brackets
    width: int
    money: bool

    def over(self) -> npt.NDArray[np.bool_]:
        """Say where each column is over for all of the cohort, shape (P, K)."""
        count, starts = len(self.periods), self.periods.starts
        high = np.array(self.columns.high, np.int64)
        if self.width:
            ends = starts[1:, None] + (high + 1)[None, :] * self.width
            return ends <= self.periods.until
        last = np.arange(count)[:, None] + high[None, :]
        known = last < count
        return known & np.asarray(self.periods.over[np.where(known, last, 0)]) if count else known

    def long(self, part: RetentionPart) -> pa.Table:
        """Give a row a cohort and column."""
        count, columns = len(self.periods), len(self.columns)
        over = self.over().ravel()
        whole = part.base if self.money else part.sizes
        wholes = np.repeat(whole, columns)
        found = part.counts.ravel()
        cells: dict[str, pa.Array] = {
            "cohort": pa.array(
                np.repeat(np.array(self.periods.labels, object), columns), pa.string()
            ),
            "users": pa.array(np.repeat(part.sizes, columns), pa.int64()),
        }
        if self.money:
            cells["first_minor"] = pa.array(wholes, pa.int64())
        cells["period"] = pa.array([*self.columns.labels] * count, pa.string())
        name = "money_minor" if self.money else "retained"
        cells[name] = pa.array(found, pa.int64(), mask=~over)
        cells["rate"] = _rates(found, wholes, over)
        return pa.table(cells)

    def averages(self, part: RetentionPart) -> pa.Table:
        """Give a row a column: all cohorts for which it is over, taken together."""
        over = self.over()
        known = over & (part.sizes > 0)[:, None]
        whole = part.base if self.money else part.sizes
        wholes = np.where(over, whole[:, None], 0).sum(axis=0)
        found = np.where(over, part.counts, 0).sum(axis=0)
        cells = {
            "period": pa.array(self.columns.labels, pa.string()),
            "cohorts": pa.array(known.sum(axis=0), pa.int64()),
            "users": pa.array(np.where(over, part.sizes[:, None], 0).sum(axis=0), pa.int64()),
        }
        if self.money:
            cells["first_minor"] = pa.array(wholes, pa.int64())
        name = "money_minor" if self.money else "retained"
        any_over = np.asarray(over.any(axis=0))
        cells[name] = pa.array(found, pa.int64(), mask=~any_over)
        cells["rate"] = _rates(found, wholes, any_over)
        return pa.table(cells)

    def wide(self, frame: pa.Table, averages: pa.Table) -> pa.Table:
        """Give the rates with a column a period, and the averages as the last row."""
        count, columns = len(self.periods), len(self.columns)
        sizes = frame.column("users").to_pylist()[::columns]
        rates = frame.column("rate").to_pylist()
        means = averages.column("rate").to_pylist()
        cells: dict[str, pa.Array] = {
            "cohort": pa.array([*self.periods.labels, "average"], pa.string()),
            "users": pa.array([*sizes, sum(sizes)], pa.int64()),
        }
        for place, label in enumerate(self.columns.labels):
            column = [rates[row * columns + place] for row in range(count)]
            cells[label] = pa.array([*column, means[place]], pa.float64())
        return pa.table(cells)

    def cell(self, cohort: str, period: str | int | None) -> tuple[int, int]:
        """Find a cohort and a column by their names.

        Raises
        ------
        OptionError
            If there is none, or the period is not over.
        """
        if cohort not in self.periods.labels:
            allowed = f"one of {[*self.periods.labels]}"
            raise OptionError.of("cohort", "Retention", allowed, cohort)
        place = self.periods.labels.index(cohort)
        if period is None:
            return place, -1
        if str(period) not in self.columns.labels:
            allowed = f"one of {[*self.columns.labels]}"
            raise OptionError.of("period", "Retention", allowed, period)
        column = self.columns.labels.index(str(period))
        if not self.over()[place, column]:
            raise OptionError.of("period", "Retention", "a period that is over", period)
        return place, column


def _rates(found: Array, wholes: Array, known: Array) -> pa.Array:
    rates = found / np.maximum(wholes, 1)
    return pa.array(rates, pa.float64(), mask=~(known & (wholes > 0)))


_FIRST = {
    "ever": "the first one ever",
    "period": "the first one of the time asked for",
    "each": "each one: a user is in the cohort of every period with a start",
}
_KIND = {
    "bounded": "in the period itself",
    "unbounded": "in the period or any later one (rolling retention); later cohorts had less time",
    "within": "in the period or an earlier one after the start's own",
    "unbroken": "in the period and every column before it",
}


def definition_of(
    *, start: str, returning: str, first: str, kind: str, unit: str, at_least: int, own: bool,
    money: bool, time_zone: str,
) -> dict[str, str]:  # fmt: skip
    """Say what a retention table counts."""
    lengths = {"hour": "60 minutes", "day": "24 hours", "week": "7 days", "month": ""}
    window = (
        f"windows of {lengths[unit]} from the user's own start; a cell is known when they are over"
        " for all of the cohort"
        if own
        else f"{unit}s of the calendar; period 0 is the one of the start, from the start on"
    )
    counted = "amounts of returning events" if money else "users"
    times = f", at least {at_least} times" if at_least > 1 else ""
    return {
        "unit": f"{counted}; start: {start}, {_FIRST[first]}; return: {returning}{times},"
        f" {_KIND[kind]}",
        "window": window,
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read; a return"
        " is the start itself or stands after it",
        "time_zone": f"{time_zone}, for the boundaries of {unit}s",
        "over": OVER,
        "average": "all cohorts for which the period is over, taken together",
    } | ({"new": HISTORY} if first == "ever" else {})
