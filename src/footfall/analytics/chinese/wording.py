"""How English texts of answers become Chinese: exact words first, then patterns, then parts."""

import re
from collections.abc import Collection, Mapping
from functools import cache

__all__ = ["Wording", "said_duration"]

# Between parts that are worded one by one; the longest first, so that " or " is tried before "|".
_JOINTS: tuple[tuple[str, str], ...] = (
    (". ", "。"),
    ("; ", "；"),
    (": ", "："),
    (", ", "，"),
    (" > ", " > "),
    (" → ", " → "),
    (" < ", " < "),
    (" + ", " + "),
    (" / ", " / "),
    (" or ", "或"),
    (" and ", "和"),
    ("|", "或"),
    ("   ", "   "),
    ("  ", "  "),
)
_ENDS = {",": "，", ".": "。"}
_BLANKS = " \t\n\u00a0\u2800"  # the last one indents rows of a tree
_LETTER = re.compile(r"[A-Za-z]")
_TAG = re.compile(r"(<[^<>]+>)")
_PLACE = re.compile(r"%\{[^{}]*\}")
_HOLE = re.compile(r"\{(\w+)\}")
_NUMBER = r"(?:[-+−×]?\d[\d,.]*(?:e[-+]?\d+)?\s?%?|%\{[^{}]*\}%?|-)"
_DURATION = r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+|0"
_UNITS = {"ms": "毫秒", "s": "秒", "m": "分钟", "h": "小时", "d": "天", "w": "周"}
_KINDS = {"n": _NUMBER, "d": _DURATION, "w": r"[^;]+?", "x": r"(?:(?!, |: )[^;])+?"}
# The same Chinese word twice, where English stood beside it.
_TWICE = re.compile(r"(<b>)?([^\s<>]*[\u4e00-\u9fff][^\s<>]*)(</b>)?\s+\2(?![^\s<])")


def said_duration(text: str) -> str:
    """Say a duration such as "7d" in Chinese.

    Examples
    --------
    >>> said_duration("7d"), said_duration("1h30m")
    ('7 天', '1 小时 30 分钟')
    """
    return (
        " ".join(f"{n} {_UNITS[unit]}" for n, unit in re.findall(r"([\d.]+)(ms|[smhdw])", text))
        or text
    )


@cache
def _pattern(english: str) -> re.Pattern[str]:
    """Compile "{n} of {x}": holes named n... take numbers, d... durations, others any words."""
    parts = _HOLE.split(english)
    source = "".join(
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>{_KINDS.get(part[0], _KINDS['x'])})"
        for place, part in enumerate(parts)
    )
    return re.compile(source)


class Wording:
    """Words the texts of one kind of answer.

    Parameters
    ----------
    words : mapping of str to str
        English to Chinese, exact.
    patterns : mapping of str to str
        The same with holes: ``{"{n} of {x}": "{x}中的 {n}"}``. Holes whose names begin with n take
        numbers (or places of a Plotly template), with d durations, with w any words, others words
        without comma or colon; words are worded in their turn.
    kept : collection of str
        The shop's own words, which stay as they are.

    Examples
    --------
    >>> wording = Wording({"users": "用户", "view": "浏览"}, {"{n} of {x}": "{x}中的 {n}"})
    >>> wording.say("<b>5</b> of users; view > tea")
    '<b>5</b> of users；浏览 > tea'
    >>> wording.say("5 of users")
    '用户中的 5'
    """

    def __init__(
        self,
        words: Mapping[str, str],
        patterns: Mapping[str, str],
        *,
        kept: Collection[str] = (),
    ) -> None:
        self.words = words
        ranked = sorted(patterns, key=lambda english: -len(_HOLE.sub("", english)))
        self.patterns = [(_pattern(english), english, patterns[english]) for english in ranked]
        self.kept = frozenset(kept)
        self.used: set[str] = set()
        self._said: dict[str, str] = {}

    def say(self, text: str) -> str:
        """Give the Chinese of a text; what is not known stays as it is."""
        if text not in self._said:
            said = self._worded(text)
            self._said[text] = _TWICE.sub(r"\1\2\3", said) if said != text else text
        return self._said[text]

    def _worded(self, text: str) -> str:
        if text in self.kept or not _LETTER.search(_PLACE.sub("", text)):
            return text
        bare = text.strip(_BLANKS)
        if bare != text:
            before = text[: len(text) - len(text.lstrip(_BLANKS))]
            return before + self.say(bare) + text[len(text.rstrip(_BLANKS)) :]
        for attempt in (self._exact, self._by_tags, self._by_pattern, self._by_parts):
            said = attempt(text)
            if said is not None:
                return said
        return text

    def _exact(self, text: str) -> str | None:
        if text in self.words:
            self.used.add(text)
            return self.words[text]
        if re.fullmatch(_DURATION, text):
            return said_duration(text)
        return None

    def _by_tags(self, text: str) -> str | None:
        pieces = _TAG.split(text)
        if len(pieces) == 1:
            return None
        return "".join(
            piece if place % 2 else self.say(piece) for place, piece in enumerate(pieces)
        )

    def _by_pattern(self, text: str) -> str | None:
        for pattern, english, chinese in self.patterns:
            found = pattern.fullmatch(text)
            if found:
                self.used.add(english)
                return chinese.format(**{k: self.say(v) for k, v in found.groupdict().items()})
        return None

    def _by_parts(self, text: str) -> str | None:
        if text[-1] in _ENDS and self.say(text[:-1]) != text[:-1]:
            return self.say(text[:-1]) + _ENDS[text[-1]]
        for joint, chinese in _JOINTS:
            if joint not in text.replace("...", ""):
                continue
            parts = text.split(joint)
            said = [self.say(part) for part in parts]
            if said != parts:
                return chinese.join(said)
        return None
