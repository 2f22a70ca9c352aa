"""The answer of a comparison: the table, a verdict, a forest plot, the users of each side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from footfall.analytics.answer import Answer, text_table
from footfall.analytics.compare.measures import Measure
from footfall.errors import OptionError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.compare.question import Question

__all__ = ["BAD_SPLIT", "BOTH_SIDES", "Comparison"]

BOTH_SIDES = "(both)"
BAD_SPLIT = 0.001  # p-value of the split below which nothing else is to be trusted


@dataclass(frozen=True, kw_only=True, repr=False)
class Comparison(Answer):
    """The answer of :func:`compare`.

    Attributes
    ----------
    sides : tuple of str
        Names of A and B.
    frame : pa.Table
        One row a measure: measure, value_a, value_b, difference (B less A; money in major units),
        low, high (its interval), relative_difference (of A), relative_low, relative_high, p_value
        (of a single look), p_corrected (for the number of measures; what the verdict goes by),
        p_always (holds however often one looks), variance_reduction (share of the noise that values
        before took away), verdict ("higher", "lower", "no difference shown", "not enough users").
    groups : pa.Table or None
        With a breakdown, the same for each group, with a first column "group".
    user_counts : tuple of int
        Users of A and of B.
    both_users : int
        Users on both sides: left out of arms and segments, counted on both in periods.
    split_p_value : float or None
        Of the test that arms got the users they should have; None for segments and periods.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {}

    sides: tuple[str, str]
    frame: pa.Table
    groups: pa.Table | None
    user_counts: tuple[int, int]
    both_users: int
    split_p_value: float | None
    definition: Mapping[str, str]
    _question: "Question" = field(compare=False)

    @property
    def trusted(self) -> bool:
        """Whether the arms got the users they should have, as far as one can tell."""
        return self.split_p_value is None or self.split_p_value >= BAD_SPLIT

    @property
    def verdict(self) -> str:
        """What the table shows, in words, and not more than that."""
        if not self.trusted:
            return (
                f"Do not trust this comparison: {self.user_counts[0]:,} and"
                f" {self.user_counts[1]:,} users are not the split that was meant"
                f" (p = {self.split_p_value:.2g}). Find out how users were lost first."
            )
        first, second = self.sides
        rows = self.frame.to_pylist()
        shown = [row for row in rows if row["verdict"] in {"higher", "lower"}]
        parts = [f"{row['measure']} is {row['verdict']}{_by(row)}" for row in shown]
        missing = [row["measure"] for row in rows if row["verdict"] == "not enough users"]
        if parts:
            text = f"In {second} against {first}: {'; '.join(parts)}."
        elif len(missing) < len(rows):
            text = (
                f"No difference between {first} and {second} is shown. That is not to say that"
                " there is none: the intervals say how large it may be."
            )
        else:
            text = "There are not enough users for a verdict."
        if missing and len(missing) < len(rows):
            text += f" Not enough users for: {', '.join(missing)}."
        return text

    def users(self, side: str, *, group: str | None = None) -> list[str]:
        """List the users of a side.

        Parameters
        ----------
        side : str
            One of ``sides``, or "(both)" for the users on both.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such side or group.
        """
        known = [*self.sides, BOTH_SIDES]
        if side not in known:
            raise OptionError.of("side", "Comparison", f"one of {known}", side)
        return self._question.users(known.index(side), group)

    def to_json(self) -> dict[str, Any]:
        """Give the table, the sides, the verdict and the definition as plain values."""
        answer: dict[str, Any] = {
            "sides": [
                {"side": name, "users": users}
                for name, users in zip(self.sides, self.user_counts, strict=True)
            ],
            "both_users": self.both_users,
            "split_p_value": self.split_p_value,
            "verdict": self.verdict,
            "measures": self.frame.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw each measure's relative difference with its interval around no difference."""
        from footfall.analytics.compare.charts import draw_differences

        return draw_differences(self)

    def __str__(self) -> str:
        names = zip("AB", self.sides, self.user_counts, strict=True)
        lines = [f"{letter} = {name}: {users:,} users" for letter, name, users in names]
        if self.both_users:
            left = (
                "counted on both sides"
                if self.split_p_value is None and ("periods" in self.definition)
                else "left out"
            )
            lines.append(f"on both sides: {self.both_users:,} users, {left}")
        measures = self._question.how.measures
        lines.append(text_table(_printed(self.frame, measures)))
        if self.groups is not None:
            lines += ["", text_table(_printed(self.groups, measures))]
        return "\n".join([*lines, self.verdict])


def _by(row: Mapping[str, Any]) -> str:
    if row["relative_difference"] is None:
        return ""
    text = f" by {abs(row['relative_difference']):.1%}"
    if row["relative_low"] is None:
        return text
    return f"{text} ({row['relative_low']:+.1%} to {row['relative_high']:+.1%})"


def _printed(frame: pa.Table, measures: tuple[Measure, ...]) -> pa.Table:
    """Write each measure in its own unit."""
    shares = {measure.name for measure in measures if measure.share}
    shares |= {"orders_per_session"}
    columns: dict[str, list[str]] = {}
    for row in frame.to_pylist():
        number = _share if row["measure"] in shares else _number
        cells = {name: row[name] for name in ("group", "measure") if name in row} | {
            "A": number(row["value_a"]),
            "B": number(row["value_b"]),
            "difference": _share(row["relative_difference"], sign="+"),
            "interval": f"{_share(row['relative_low'], sign='+')} to"
            f" {_share(row['relative_high'], sign='+')}"
            if row["relative_low"] is not None
            else "-",
            "p": _p_value(row["p_value"]),
            "corrected p": _p_value(row["p_corrected"]),
            "always-valid p": _p_value(row["p_always"]),
        }
        if row["variance_reduction"] is not None:
            cells["noise less"] = _share(row["variance_reduction"])
        for name, cell in (cells | {"verdict": row["verdict"]}).items():
            columns.setdefault(name, []).append(cell)
    height = frame.num_rows
    full = {name: cells for name, cells in columns.items() if len(cells) == height}
    return pa.table(full)


def _share(value: float | None, *, sign: str = "") -> str:
    return "-" if value is None else f"{100 * value:{sign}.2f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f}"


def _p_value(value: float | None) -> str:
    if value is None:
        return "-"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
