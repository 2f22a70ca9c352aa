"""Find a question by any of its names, English or Chinese."""

import difflib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from footfall.analytics.chinese.questions import QUESTIONS, Named
from footfall.errors import OptionError

__all__ = ["command_of", "near_names", "question"]


def question(name: str) -> Callable[..., Any]:
    """Give the question of a name, in English or Chinese.

    Parameters
    ----------
    name : str
        Such as "funnel", "漏斗分析" or "漏斗"; spaces, dashes and capitals do not matter.

    Returns
    -------
    callable
        The question itself: called with a log and its options it gives an answer.

    Raises
    ------
    OptionError
        If nothing is called so; near names are suggested.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", 1, "view"), ("ann", 2, "purchase"), ("bob", 3, "view")])
    >>> question("漏斗分析")(log, steps=["浏览", "购买"], within="7d").users(2)
    ['ann']
    """
    for known in QUESTIONS:
        if _plain(name) in map(_plain, _names(known)):
            module = importlib.import_module(f"footfall.analytics.{known.home}")
            return getattr(module, known.name)
    near = near_names(name)
    allowed = f"the name of a question{f'; near names: {near}' if near else ''}"
    raise OptionError.of("name", "question", allowed, name)


def command_of(name: str) -> str | None:
    """Give the English command of a Chinese name; None where nothing is called so.

    Examples
    --------
    >>> command_of("留存分析"), command_of("路径树"), command_of("funnel")
    ('retention', 'path-tree', None)
    """
    for known in QUESTIONS:
        if _plain(name) in map(_plain, known.chinese):
            return known.command or known.name.replace("_", "-")
    return None


def _plain(name: str) -> str:
    return "".join(name.lower().replace("_", "").replace("-", "").split())


def _names(known: Named) -> Iterator[str]:
    yield known.name
    yield from known.chinese
    if known.command:
        yield known.command


def near_names(name: str) -> str:
    """List up to three names of questions that are spelled like a word.

    Examples
    --------
    >>> near_names("漏斗图")
    '漏斗, 漏斗分析, 转化漏斗'
    """
    names = {each: _plain(each) for known in QUESTIONS for each in _names(known)}
    plain = _plain(name)
    ranked = sorted(names, key=lambda each: -_likeness(plain, names[each]))
    return ", ".join(each for each in ranked[:3] if _likeness(plain, names[each]) >= 0.4)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
