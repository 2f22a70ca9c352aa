"""Expressions as people write them, read into a tree of plain values; nothing is ever executed.

The language, from loose to tight::

    either   : both ("or" both)*
    both     : negated ("and" negated)*
    negated  : "not" negated | "(" either ")" | test
    test     : operand (comparison | among | text | missing)?
    comparison: ("=" | "!=" | "<" | "<=" | ">" | ">=") value
    among    : ["not"] "in" "(" value ("," value)* ")"
    text     : ["not"] ("contains" | "starts with" | "matches") string
    missing  : "is" ["not"] "missing"
    operand  : name | call
    call     : name "(" [either ("then" either)*] ["where" either] ["within" duration] ")"
               ["in last" duration]

A name is a field (``channel``, ``items.brand``, Chinese words too; in backquotes with anything in
it). A value is a number, a string in quotes, true or false, or a bare word.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from footfall.errors import OptionError
from footfall.events.durations import parse_duration

__all__ = [
    "Among",
    "And",
    "Call",
    "Compare",
    "Expression",
    "Holds",
    "Missing",
    "Name",
    "Not",
    "Or",
    "Text",
    "Value",
    "names_in",
    "parse_expression",
]

Value = str | Decimal | bool
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Name:
    """A field, as it was written."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function of a user's events: ``count(purchase where price > 10) in last 30d``.

    Parameters
    ----------
    function : str
        Lower case.
    arguments : tuple of Expression
        What stands between the brackets, several where "then" joins them.
    where : Expression or None
    within : int or None
        Microseconds, of a chain joined by "then".
    last : int or None
        Microseconds back from the moment asked about.
    """

    function: str
    arguments: "tuple[Expression, ...]"
    where: "Expression | None" = None
    within: int | None = None
    last: int | None = None


Operand = Name | Call


@dataclass(frozen=True)
class Compare:
    """A comparison with a value; what is missing compares as false."""

    operand: Operand
    operator: Comparison
    value: Value


@dataclass(frozen=True)
class Among:
    """Whether the operand is one of the values."""

    operand: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Text:
    """Whether the operand's text contains, starts with or matches (RE2) another."""

    operand: Operand
    how: Literal["contains", "starts with", "matches"]
    text: str


@dataclass(frozen=True)
class Missing:
    """Whether the event has no value for the operand."""

    operand: Operand


@dataclass(frozen=True)
class Holds:
    """An operand that stands alone: an event type in a call, or a call that is true or false."""

    operand: Operand


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: "Expression"


@dataclass(frozen=True)
class And:
    """All of the parts."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True)
class Or:
    """Any of the parts."""

    parts: "tuple[Expression, ...]"


Expression = Compare | Among | Text | Missing | Holds | Not | And | Or

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<duration>\d+(?:\.\d+)?[^\W\d_]+(?:\d+(?:\.\d+)?[^\W\d_]+)*)
      | (?P<number>[-+]?\d+(?:\.\d+)?(?![\w.]))
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<quoted>`[^`]+`)
      | (?P<name>[^\W\d]\w*(?:\.\w+)*)
      | (?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,|（|）|，)
    )""",  # brackets and commas as Chinese keyboards type them
    re.VERBOSE,
)
_SIGNS = {"==": "=", "<>": "!=", "（": "(", "）": ")", "，": ","}
_BELONGING = ("in", "contains", "starts", "matches")
_DEEPEST = 60  # brackets and "not" within each other


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class _Source:
    """What is read, and whose option it is: for errors."""

    text: str
    option: str
    owner: str

    def error(self, expected: str, token: _Token | None) -> OptionError:
        where = f"at {token.text!r} (character {token.at + 1})" if token else "at its end"
        allowed = "an expression such as \"price > 20 and channel in ('ads', 'mail')\""
        base = OptionError.of(self.option, self.owner, allowed, self.text)
        return OptionError(f"{base} It stops making sense {where}: {expected} is expected.")


def parse_expression(text: str, *, option: str = "where", owner: str) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
    option, owner : str
        Whose option it is: errors say so.

    Raises
    ------
    OptionError
        If it is no expression; the error says where it stops making sense.

    Examples
    --------
    >>> parse_expression("price >= 19.99", owner="funnel")
    Compare(operand=Name(text='price'), operator='>=', value=Decimal('19.99'))
    >>> parse_expression("price >", owner="funnel")
    Traceback (most recent call last):
    footfall.errors.OptionError: The 'where' option of funnel must be an expression such as "price > 20 and channel in ('ads', 'mail')". Got 'price >' instead. It stops making sense at its end: a value is expected.
    """  # noqa: E501  # the error is one line
    if not isinstance(text, str):
        raise OptionError.of(option, owner, "an expression in words", text)
    source = _Source(text, option, owner)
    reader = _Reader(source, _tokens(source))
    tree = reader.either(0)
    if reader.peek() is not None:
        raise source.error("'and', 'or' or the end", reader.peek())
    return tree


def names_in(tree: Expression | Operand) -> list[str]:
    """List the fields an expression names, each once, those inside calls aside.

    Examples
    --------
    >>> names_in(parse_expression("price > 2 and (brand = acme or price < 1)", owner="x"))
    ['price', 'brand']
    """
    if isinstance(tree, Name):
        return [tree.text]
    if isinstance(tree, Call):
        return []
    if isinstance(tree, And | Or):
        return [*dict.fromkeys(name for part in tree.parts for name in names_in(part))]
    return names_in(tree.part if isinstance(tree, Not) else tree.operand)


def _tokens(source: _Source) -> list[_Token]:
    tokens, at, text = [], 0, source.text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise source.error("a name, a value or a sign", _Token("", text[start], start))
        kind = found.lastgroup
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return tokens


class _Reader:
    """Reads tokens from left to right, one method a rule of the language."""

    def __init__(self, source: _Source, tokens: list[_Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0

    def peek(self, ahead: int = 0) -> _Token | None:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def word(self, text: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token is not None and token.kind == "name" and token.text.lower() == text

    def sign(self, *texts: str) -> str | None:
        token = self.peek()
        if token is None or token.kind != "sign":
            return None
        text = _SIGNS.get(token.text, token.text)
        return text if text in texts else None

    def skip(self, text: str) -> bool:
        """Step over a word or a sign if it comes next."""
        here = self.word(text) or self.sign(text) is not None
        self.at += here
        return here

    def need(self, text: str) -> None:
        if not self.skip(text):
            raise self.source.error(f"'{text}'", self.peek())

    def either(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise self.source.error("an expression with fewer brackets", self.peek())
        parts = [self.both(depth)]
        while self.skip("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self, depth: int) -> Expression:
        parts = [self.negated(depth)]
        while self.skip("and"):
            parts.append(self.negated(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negated(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise self.source.error("an expression with fewer brackets", self.peek())
        if self.skip("not"):
            return Not(self.negated(depth + 1))
        if self.skip("("):
            inner = self.either(depth + 1)
            self.need(")")
            return inner
        return self.test(depth)

    def test(self, depth: int) -> Expression:
        operand = self.operand(depth)
        operator = self.sign("=", "!=", "<", "<=", ">", ">=")
        if operator:
            self.at += 1
            return Compare(operand, operator, self.value())  # type: ignore[arg-type]  # a sign
        if self.skip("is"):
            negated = self.skip("not")
            self.need("missing")
            return Not(Missing(operand)) if negated else Missing(operand)
        if self.word("not") and any(
            self.word(w, 1) for w in ("in", "contains", "starts", "matches")
        ):
            self.at += 1
            return Not(self.belonging(operand))
        if any(self.word(w) for w in ("in", "contains", "starts", "matches")):
            return self.belonging(operand)
        return Holds(operand)

    def belonging(self, operand: Operand) -> Expression:
        if self.skip("in"):
            self.need("(")
            values = [self.value()]
            while self.skip(","):
                values.append(self.value())
            self.need(")")
            return Among(operand, tuple(values))
        if self.skip("contains"):
            return Text(operand, "contains", self.string())
        if self.skip("matches"):
            return Text(operand, "matches", self.string())
        self.need("starts")
        self.need("with")
        return Text(operand, "starts with", self.string())

    def operand(self, depth: int) -> Operand:
        token = self.peek()
        if token is None or token.kind not in {"name", "quoted"}:
            raise self.source.error("the name of a field", token)
        self.at += 1
        if token.kind == "quoted":
            return Name(token.text[1:-1])
        return self.call(token.text.lower(), depth) if self.skip("(") else Name(token.text)

    def call(self, function: str, depth: int) -> Call:
        arguments: list[Expression] = []
        if self.sign(")") is None and not self.word("where"):
            arguments.append(self.either(depth + 1))
            while self.skip("then"):
                arguments.append(self.either(depth + 1))
        where = self.either(depth + 1) if self.skip("where") else None
        within = self.duration() if self.skip("within") else None
        self.need(")")
        last = None
        if self.word("in") and self.word("last", 1):
            self.at += 2
            last = self.duration()
        return Call(function, tuple(arguments), where, within, last)

    def duration(self) -> int:
        token = self.peek()
        after = self.peek(1)
        text = token.text if token else ""
        self.at += 1
        if token is not None and token.kind == "number" and after is not None:
            text = f"{token.text} {after.text}"  # "30 days"
            self.at += 1
        return parse_duration(text, option=self.source.option, owner=self.source.owner)

    def value(self) -> Value:
        token = self.peek()
        if token is None or token.kind in {"sign", "quoted"}:
            raise self.source.error("a value", token)
        if token.kind == "string":
            return self.string()
        self.at += 1
        if token.kind == "number":
            return Decimal(token.text)
        lowered = token.text.lower()
        return lowered == "true" if lowered in {"true", "false"} else token.text

    def string(self) -> str:
        token = self.peek()
        if token is None or token.kind not in {"string", "name"}:
            raise self.source.error("a text in quotes", token)
        self.at += 1
        if token.kind == "name":
            return token.text
        return re.sub(r"\\(['\"\\])", r"\1", token.text[1:-1])
