"""An answer that speaks Chinese: the same counts, with Chinese names."""

import re
from collections.abc import Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from footfall.analytics.answer import TABLE_MARKS, Answer, tables_worded
from footfall.analytics.chinese.figure import figure_in_chinese
from footfall.analytics.chinese.speech import Speech
from footfall.events.quality.words import text_width

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["ChineseAnswer"]

# A line of a list: a name, then a number in a column.
_NAMED = re.compile(r"(\w[^|]*?)(\s{2,})(\S+(?: %)?)")
_TABLE = re.compile(f"{TABLE_MARKS[0]}(.*?){TABLE_MARKS[1]}", re.DOTALL)


class ChineseAnswer(Answer):
    """An answer with Chinese columns, values, texts and figures; see :meth:`Answer.in_chinese`.

    Whatever the answer itself has (lists of users, further tables, other pictures) is here too;
    tables and figures come in Chinese, user ids as they are. Fixed values may be given in Chinese:
    ``answer.users(segment="高价值")``.

    Parameters
    ----------
    answer : Answer
        The answer in English.

    Examples
    --------
    >>> from footfall.analytics.funnel import funnel
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", 1, "view"), ("ann", 2, "purchase"), ("bob", 3, "view")])
    >>> print(funnel(log, steps="浏览,购买", within="7d").in_chinese())
    步骤  事件  用户数   转化率  上一步转化率  中位时长（分钟）
       1  浏览       2  100.0 %       100.0 %               0.0
       2  购买       1   50.0 %        50.0 %               0.0
    """

    def __init__(self, answer: Answer) -> None:
        self.english = answer
        self.speech = Speech(answer)

    @property
    def FORMATS(self) -> Mapping[str, str]:  # type: ignore[override]  # noqa: N802  # as in Answer
        """How columns print, under their Chinese names."""
        return {self.speech.column(name): form for name, form in self.english.FORMATS.items()}

    @property
    def frame(self) -> pa.Table:
        """The answer as a table, in Chinese."""
        return self.speech.table(self.english.frame)

    @property
    def definition(self) -> Mapping[str, str]:  # type: ignore[override]  # as above
        """What exactly was counted, under Chinese names."""
        return self.speech.definition()

    def plot(self) -> "go.Figure":
        """Draw the answer, in Chinese."""
        return figure_in_chinese(self.english.plot(), self.speech.texts.say)

    def to_json(self) -> dict[str, Any]:
        """Give what the answer gives, keys and values in English, and names of its columns."""
        return self.english.to_json() | {"names": self.speech.names()}

    def in_chinese(self) -> "ChineseAnswer":
        """Give itself."""
        return self

    def __str__(self) -> str:
        with tables_worded(self.speech.printed):
            text = str(self.english)
        # Every second piece is a table, which is Chinese already.
        pieces = _TABLE.split(text)
        return "".join(
            piece if place % 2 else "\n".join(map(self._line, piece.split("\n")))
            for place, piece in enumerate(pieces)
        )

    def _line(self, line: str) -> str:
        line = line.strip("".join(TABLE_MARKS))
        named = _NAMED.fullmatch(line)
        if named is None:
            return self.speech.texts.say(line)
        name = self.speech.named(named[1].replace(" ", "_")) or self.speech.texts.say(named[1])
        return name + " " * max(2, text_width(named[1] + named[2]) - text_width(name)) + named[3]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._worded(getattr(self.english, name))

    def _worded(self, value: Any) -> Any:
        if isinstance(value, pa.Table):
            return self.speech.table(value)
        if hasattr(value, "to_plotly_json"):
            return figure_in_chinese(value, self.speech.texts.say)
        if isinstance(value, str):
            return self.speech.texts.say(value)
        return self._method(value) if callable(value) else value

    def _method(self, method: Any) -> Any:
        @wraps(method)
        def asked(*given: Any, **named: Any) -> Any:
            english = self.speech.english
            words = {key: english(value, key) for key, value in named.items()}
            return self._worded(method(*map(english, given), **words))

        return asked
