"""What every answer of this room is: a frozen object that is a table, a figure, JSON and text."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from footfall.events.quality.words import text_width

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.chinese.answer import ChineseAnswer

__all__ = [
    "DEFINITION_KEYS",
    "TABLE_MARKS",
    "Answer",
    "stacked",
    "tables_worded",
    "text_table",
]

# What each answer says about itself, so that two numbers can be compared.
DEFINITION_KEYS = ("unit", "window", "order", "ties", "time_zone")
# Around each table while an answer is printed in another language: what is outside is prose.
TABLE_MARKS = ("\x02", "\x03")
# A table and its formats -> the same in the language answers are printed in just now.
Worded = Callable[[pa.Table, Mapping[str, str]], tuple[pa.Table, Mapping[str, str]]]
_WORDED: ContextVar[Worded | None] = ContextVar("worded", default=None)


@contextmanager
def tables_worded(worded: Worded) -> Iterator[None]:
    """Print tables in another language meanwhile (in this thread), between TABLE_MARKS."""
    token = _WORDED.set(worded)
    try:
        yield
    finally:
        _WORDED.reset(token)


class Answer(ABC):
    """An answer about the log.

    Attributes
    ----------
    frame : pa.Table
        The answer as a table.
    definition : mapping of str to str
        What exactly was counted: at least the keys of :data:`DEFINITION_KEYS`.
    """

    frame: pa.Table
    definition: Mapping[str, str]

    # Column -> how it prints: "share" (0.123 as 12.3 %), "minutes"; numbers otherwise.
    FORMATS: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def plot(self) -> "go.Figure":
        """Draw the answer as a Plotly figure."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Give the answer as plain values that ``json.dumps`` takes."""

    def in_chinese(self) -> "ChineseAnswer":
        """Give the same answer with Chinese columns, values, texts and figures.

        User data (items, categories, names of groups) stays as it is, and so do the keys of
        ``to_json()``.
        """
        from footfall.analytics.chinese.answer import ChineseAnswer

        return ChineseAnswer(self)

    def __str__(self) -> str:
        return text_table(self.frame, formats=self.FORMATS)


def stacked(frames: Mapping[str, pa.Table]) -> pa.Table | None:
    """Put the frames of a breakdown's groups one below the other; None where there is none.

    Parameters
    ----------
    frames : mapping of str to pa.Table
        Group name to a frame; all of the same columns.

    Returns
    -------
    pa.Table or None
        A first column "group", then the frames' own.

    Examples
    --------
    >>> stacked({"north": pa.table({"users": [2]}), "south": pa.table({"users": [1]})}).to_pylist()
    [{'group': 'north', 'users': 2}, {'group': 'south', 'users': 1}]
    """
    if not frames:
        return None
    return pa.concat_tables(
        [
            frame.add_column(0, "group", pa.array([name] * frame.num_rows, pa.string()))
            for name, frame in frames.items()
        ]
    )


def text_table(table: pa.Table, *, formats: Mapping[str, str] | None = None) -> str:
    """Write a table as aligned text: numbers to the right, words to the left.

    Parameters
    ----------
    table : pa.Table
    formats : mapping of column to "share" or "minutes", optional
        Shares print in percent, minutes with one decimal; whole numbers get thousands separators.
        Columns named ``...p_value`` print with four decimals, scores below 1 (a column named
        ``score``) with three digits that matter.

    Examples
    --------
    >>> print(text_table(pa.table({"商品": ["水壶", "tea"], "users": [1200, 7]})))
    商品  users
    水壶  1,200
    tea       7
    """
    told = {name: "p_value" for name in table.column_names if name.endswith("p_value")}
    told |= {"score": "score"} | {**(formats or {})}
    worded = _WORDED.get()
    if worded is None:
        return _written(table, told)
    return _written(*worded(table, told)).join(TABLE_MARKS)


def _written(table: pa.Table, formats: Mapping[str, str]) -> str:
    columns = []
    for name in table.column_names:
        column = table.column(name)
        words = pa.types.is_string(column.type)
        cells = [_cell(value, formats.get(name, "")) for value in column.to_pylist()]
        columns.append(_aligned([name, *cells], left=words))
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def _aligned(cells: Sequence[str], *, left: bool) -> list[str]:
    width = max(text_width(cell) for cell in cells)
    pads = [" " * (width - text_width(cell)) for cell in cells]
    return [cell + pad if left else pad + cell for cell, pad in zip(cells, pads, strict=True)]


def _cell(value: object, form: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value, form)
    return f"{value:,}" if isinstance(value, int) else " ".join(str(value).split())


def _number(value: float, form: str) -> str:
    if form == "p_value":
        return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"
    if form == "share":
        return f"{100 * value:.1f} %"
    if form == "score" and 0 < abs(value) < 1:
        return f"{value:#.3g}"  # chances of thousands of items are small: two decimals say 0.00
    return f"{value:,.{1 if form == 'minutes' else 2}f}"
