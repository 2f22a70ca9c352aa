"""Suggested patterns: finds the parts of page addresses that change, and proposes rules."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import text_table
from footfall.analytics.path.ground import checked_count
from footfall.analytics.path.patterns import Patterns, cleaned
from footfall.analytics.scope.fields import Field, field_named
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["SuggestedPatterns", "suggest_patterns"]

# Parts that are surely no words: a number, a uuid, a hash, a date, letters with digits.
_DYNAMIC = re.compile(
    r"\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[^/]*\d)[0-9a-f]{8,}|\d{4}-\d\d-\d\d|[a-z]{0,4}[-_]?\d{3,}"
    r"|(?=[^/]*\d[^/]*\d)(?=[^/]*[a-z])[\w=~-]{16,}|.*[-_.]\d{4,}(\.html?)?",
    re.IGNORECASE,
)
_STAR = "*"
Parts = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SuggestedPatterns:
    """The answer of :func:`suggest_patterns`.

    Attributes
    ----------
    frame : pa.Table
        One row a rule, most events first: pattern, name, values (int64: different texts it fits),
        events (int64), example (string: a text it fits).
    patterns : Patterns
        The rules, ready for ``nodes=``.
    """

    frame: pa.Table
    patterns: Patterns

    def __str__(self) -> str:
        return text_table(self.frame)


def suggest_patterns(
    log: LogView, field: str, *, most_siblings: int = 20, least_values: int = 2
) -> SuggestedPatterns:
    """Propose rules that turn page addresses into page kinds.

    An address is cut at "/". A part is taken for changing when it is a number, a uuid, a hash, a
    date or ends in an id, or when more than ``most_siblings`` different parts stand at its place
    after the same beginning (as names of products do). Addresses that are alike but for changing
    parts become one rule, whose changing parts are ``*``.

    Parameters
    ----------
    log : LogView
    field : str
        The field that holds the addresses, such as "properties.page_url".
    most_siblings : int, default=20
        More different parts than this at one place are taken for changing.
    least_values : int, default=2
        A rule must fit at least as many different addresses.

    Returns
    -------
    SuggestedPatterns

    Raises
    ------
    OptionError
        If there is no such field, or an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "view", "/cart"),
    ...     ("ann", "2026-01-02", "view", "/shoes/1077"),
    ...     ("bob", "2026-01-02", "view", "/shoes/2841"),
    ... ])
    >>> suggest_patterns(log, "item_id").frame["pattern"].to_pylist()
    ['/shoes/*']
    """
    checked_count("most_siblings", "suggest_patterns", most_siblings)
    checked_count("least_values", "suggest_patterns", least_values)
    found = field_named(log, field, owner="suggest_patterns", option="field")
    counts = log.map(
        partial(_count_texts, found), _added, columns=found.columns, label="suggest_patterns"
    )
    rules = propose_rules(counts, most_siblings=most_siblings, least_values=least_values)
    columns = list(zip(*rules, strict=True)) or [()] * 5
    names = ("pattern", "name", "values", "events", "example")
    kinds = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.string())
    frame = pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)})
    # A longer pattern is the more special one: the first that fits counts.
    ordered = sorted(rules, key=lambda rule: (-len(rule[0].split("/")), rule[0].count(_STAR)))
    return SuggestedPatterns(
        frame=frame,
        patterns=Patterns(field=field, rules=[(pattern, name) for pattern, name, *_ in ordered]),
    )


def _count_texts(field: Field, chunk: UserChunk) -> dict[str, int]:
    """Count the events of each cleaned text."""
    values = field.values(chunk).cast(pa.string())
    codes = np.asarray(field.codes(chunk))
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    return _added(
        [{text: int(n)} for text, n in zip(cleaned(values).to_pylist(), counts, strict=True) if n]
    )


def _added(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for text, count in part.items():
            total[text] = total.get(text, 0) + count
    return total


def propose_rules(
    counts: dict[str, int], *, most_siblings: int = 20, least_values: int = 2
) -> list[tuple[str, str, int, int, str]]:
    """Propose (pattern, name, different texts, events, example) for cleaned addresses.

    Examples
    --------
    >>> rules = propose_rules({"/product/17": 5, "/product/23": 4, "/cart": 9, "/u/a81f0c3d9/x": 1})
    >>> rules
    [('/product/*', '/product/*', 2, 9, '/product/17')]
    """
    templates = {text: _templated(text) for text in counts}
    templates = _with_siblings(templates, most_siblings)
    fits: dict[Parts, list[str]] = {}
    for text, template in templates.items():
        if _STAR in template:
            fits.setdefault(template, []).append(text)
    rules = []
    for template, texts in fits.items():
        if len(texts) < least_values:
            continue
        pattern = "/".join(template)
        example = min(texts, key=lambda text: (-counts[text], text))
        events = sum(counts[text] for text in texts)
        rules.append((pattern, pattern, len(texts), events, example))
    return sorted(rules, key=lambda rule: (-rule[3], rule[0]))


def _templated(text: str) -> Parts:
    parts = text.split("/")
    if len(parts) == 1:
        return (text,)  # no address
    return tuple(_STAR if part and _DYNAMIC.fullmatch(part) else part for part in parts)


def _with_siblings(templates: dict[str, Parts], most: int) -> dict[str, Parts]:
    """Take parts with very many siblings for changing, from the left to the right."""
    deepest = max((len(template) for template in templates.values()), default=0)
    for place in range(1, deepest):
        siblings: dict[tuple[Parts, int], set[str]] = {}
        for template in templates.values():
            if len(template) > place:
                key = (template[:place], len(template))
                siblings.setdefault(key, set()).add(template[place])
        for text, template in templates.items():
            if len(template) > place:
                among = siblings[template[:place], len(template)]
                if len(among) > most:
                    templates[text] = (*template[:place], _STAR, *template[place + 1 :])
    return templates
