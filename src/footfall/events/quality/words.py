"""Numbers as a person reads them: 1,234 and 12.3 %."""

import unicodedata
from collections.abc import Sequence

__all__ = ["counted", "listing", "number", "percent", "text_width"]


def number(value: float | None) -> str:
    """Write a number with thousands separators, a dash for None.

    Examples
    --------
    >>> number(1234567), number(0.5), number(12.0), number(None)
    ('1,234,567', '0.5', '12', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}"


def percent(share: float | None) -> str:
    """Write a share in percent: never 0 for something, never 100 for less than all.

    Examples
    --------
    >>> [percent(share) for share in (0, 0.00001, 0.034, 0.25, 0.9999, 1, None)]
    ['0 %', '<0.1 %', '3.4 %', '25 %', '>99.9 %', '100 %', '-']
    """
    if share is None:
        return "-"
    if 0 < share < 0.001:
        return "<0.1 %"
    if 0.999 < share < 1:
        return ">99.9 %"
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} %"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "day"), counted(1200, "day"), counted(2, "currency", "currencies")
    ('1 day', '1,200 days', '2 currencies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listing(words: Sequence[str], total: int) -> str:
    """Write some words of a longer list.

    Examples
    --------
    >>> listing(["a", "b"], 2), listing(["a", "b"], 5)
    ('a, b', 'a, b and 3 more')
    """
    more = total - len(words)
    return ", ".join(words) + (f" and {more:,} more" if more > 0 and words else "")


def text_width(text: str) -> int:
    r"""Count the columns a terminal needs: Chinese, Japanese and Korean letters take two.

    Examples
    --------
    >>> text_width("kettle"), text_width("水壶"), text_width("cafe\u0301")
    (6, 4, 4)
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    marks = sum(unicodedata.category(letter) in {"Mn", "Me", "Cf"} for letter in text)
    return len(text) + wide - marks
