"""Patterns: many page addresses (or any texts) as few names, by rules read alike everywhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.path.naming import Naming
from footfall.analytics.scope.fields import Field, field_named
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["ByPattern", "Patterns", "cleaned"]

_REGEX = "regex:"
# Scheme and host; query and fragment; a slash at the end.
_HOST, _AFTER, _SLASH = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", r"[?#].*$", r"(.)/+$"


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """Name nodes by a text field and rules.

    A rule is a pattern and the name it gives. The pattern must fit the whole text. ``*`` stands for
    anything but "/" (so ``/product/*`` does not fit ``/product/7/reviews``), ``**`` for anything at
    all, every other character for itself. A pattern that begins with ``regex:`` is a regular
    expression instead (RE2), which must fit the whole text, too. The first rule that fits counts.
    A text that no rule fits keeps its own name; an event without a text that of its event type.

    Parameters
    ----------
    field : str
        The field that holds the text, such as "properties.page_url" or "query".
    rules : sequence of (pattern, name)
    clean : bool, default=True
        Before rules are tried, take away scheme and host, query and fragment, and a slash at the
        end: ``https://shop.example/cart/?step=2`` is ``/cart``.

    Examples
    --------
    >>> rules = [("/product/*", "product page"), ("regex:/(cart|basket)", "cart page")]
    >>> pages = Patterns(field="properties.page_url", rules=rules)
    >>> pages.names(["https://shop.example/product/7?ref=mail", "/basket/", "/about"])
    ['product page', 'cart page', '/about']
    """

    field: str
    rules: Sequence[tuple[str, str]]
    clean: bool = True

    def __post_init__(self) -> None:
        rules = tuple((str(pattern), str(name)) for pattern, name in self.rules)
        object.__setattr__(self, "rules", rules)
        for pattern, name in rules:
            if not pattern or not name:
                allowed = "a list of (pattern, name), neither empty"
                raise OptionError.of("rules", "Patterns", allowed, (pattern, name))
            try:
                pc.match_substring_regex(pa.array([""]), expression_of(pattern))
            except pa.ArrowInvalid as error:
                allowed = f"patterns; {pattern!r} is no regular expression"
                raise OptionError.of("rules", "Patterns", allowed, pattern) from error

    def names(self, texts: Sequence[str | None] | pa.Array) -> list[str | None]:
        """Give the name each text gets; None where there is no text."""
        return self.named(pa.array(texts, pa.string())).to_pylist()

    def named(self, texts: pa.Array) -> pa.Array:
        """Give the name each text gets, as an Arrow array."""
        texts = cleaned(texts) if self.clean else texts
        names = texts
        for pattern, name in reversed(self.rules):
            fits = pc.match_substring_regex(texts, expression_of(pattern))
            names = pc.if_else(fits, name, names)
        return names

    def naming(self, log: LogView, *, owner: str) -> "ByPattern":
        """Find the field in a log."""
        field = field_named(log, self.field, owner=owner, option="nodes")
        return ByPattern(log.event_types, field, self)


def expression_of(pattern: str) -> str:
    """Give a rule's pattern as a regular expression that fits whole texts.

    Examples
    --------
    >>> expression_of("/product/*"), expression_of("regex:/p/[0-9]+")
    ('^(?:/product/[^/]*)$', '^(?:/p/[0-9]+)$')
    """
    if pattern.startswith(_REGEX):
        return f"^(?:{pattern.removeprefix(_REGEX)})$"
    parts = re.split(r"(\*+)", pattern)
    inner = "".join(_part(part) for part in parts)
    return f"^(?:{inner})$"


def _part(part: str) -> str:
    if part.startswith("*"):
        return "[^/]*" if part == "*" else ".*"
    return re.sub(r"([\\.+?()\[\]{}^$|])", r"\\\1", part)


def cleaned(texts: pa.Array) -> pa.Array:
    """Take scheme, host, query, fragment and a slash at the end from addresses.

    Examples
    --------
    >>> cleaned(pa.array(["https://shop.example/cart/?step=2", "/a#b", "红茶", "https://x.cn"])).to_pylist()
    ['/cart', '/a', '红茶', '/']
    """
    address = pc.match_substring_regex(texts, rf"{_HOST}|^/")
    short = texts
    for found, instead in ((_HOST, ""), (_AFTER, ""), (_SLASH, r"\1")):
        short = pc.replace_substring_regex(short, found, instead)
    short = pc.if_else(pc.equal(short, ""), "/", short)
    return pc.if_else(address, short, texts)


@dataclass(frozen=True)
class ByPattern(Naming):
    """Nodes are the names that rules give to the texts of a field."""

    field: Field
    patterns: Patterns

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the field's columns and the event type."""
        return tuple(dict.fromkeys(("event_type", *self.field.columns)))

    @property
    def text(self) -> str:
        """Say what a node is."""
        rules = len(self.patterns.rules)
        return (
            f"{self.field.name} as {rules} rules name it (the first that fits the whole text);"
            " an event without it stands under its event type"
        )

    def labels(self, chunk: UserChunk) -> tuple[Array, pa.Array]:
        """Give the names of the texts, and after them the event types."""
        names = self.patterns.named(self.field.values(chunk).cast(pa.string()))
        codes = self.field.codes(chunk)
        codes = np.where(codes >= 0, codes, chunk["event_type"].astype(np.int64) + len(names))
        return codes, pa.concat_arrays([names, pa.array(self.types, pa.string())])
