"""The report: one self-contained page, a section an answer, each with its picture and its terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

import pyarrow as pa

from footfall.events.durations import parse_duration

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Section", "in_days", "percent", "plain_table", "render_page"]

_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Section:
    """One answer on the page.

    Parameters
    ----------
    key : str
        Name of the section in links and in the page's chart data.
    title : str
    finding : str
        The answer in a sentence.
    figures : sequence of plotly.graph_objects.Figure
    body : str
        Further HTML, already escaped: tables, the quality report.
    terms : mapping of str to str
        What exactly was counted or measured, shown on demand.
    """

    key: str
    title: str
    finding: str
    figures: "Sequence[go.Figure]" = ()
    body: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)


def render_page(
    *,
    title: str,
    about: str,
    numbers: Mapping[str, str],
    sections: Sequence[Section],
    footer: str,
) -> str:
    """Write the page: one file that needs no network.

    Parameters
    ----------
    title, about, footer : str
    numbers : mapping of str to str
        The figures at the top: what, and how much.
    sections : sequence of Section

    Returns
    -------
    str
        HTML. Each chart's data stands in a ``<script type="application/json">`` of class
        ``chart``, so that the numbers behind a picture can be read.
    """
    from plotly.offline import get_plotlyjs

    template = Template(files("footfall.demo").joinpath("page.html").read_text(encoding="utf-8"))
    links = (f'<a href="#{s.key}">{escape(s.title)}</a>' for s in sections)
    cards = (
        f"<div><b>{escape(n)}</b><span>{escape(what)}</span></div>" for what, n in numbers.items()
    )
    return template.substitute(
        title=escape(title),
        about=escape(about),
        numbers="".join(cards),
        contents="".join(links),
        sections="\n".join(_section(section) for section in sections),
        footer=escape(footer),
        plotly=get_plotlyjs(),
    )


def _section(section: Section) -> str:
    figures = "".join(
        _figure(f"{section.key}-{number}", figure) for number, figure in enumerate(section.figures)
    )
    terms = "\n".join(f"{name}: {value}" for name, value in section.terms.items())
    details = (
        f"<details><summary>What exactly was counted</summary><pre>{escape(terms)}</pre></details>"
        if terms
        else ""
    )
    return (
        f'<section class="answer" id="{section.key}"><h2>{escape(section.title)}</h2>'
        f'<p class="finding">{escape(section.finding)}</p>'
        f"{figures}{section.body}{details}</section>"
    )


def _figure(name: str, figure: "go.Figure") -> str:
    data = str(figure.to_json()).replace("</", "<\\/")  # must not end the script it stands in
    height = figure.layout.height or 420
    return (
        f'<div class="figure" id="{name}" style="height:{int(height)}px"></div>'
        f'<script type="application/json" class="chart" data-into="{name}">{data}</script>'
    )


def in_days(duration: str) -> str:
    """Write a length of time in days.

    Examples
    --------
    >>> in_days("2w"), in_days("36h")
    ('14 days', '1.5 days')
    """
    microseconds = parse_duration(duration, option="duration", owner="demo")
    return f"{microseconds / _DAY:g} days"


def percent(share: float | None) -> str:
    """Write a share in percent, a dash for none.

    Examples
    --------
    >>> percent(0.1234), percent(None)
    ('12.3 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def plain_table(table: pa.Table, *, best: int | None = None) -> str:
    """Write a small table as HTML: numbers to the right, one row marked as the best.

    Examples
    --------
    >>> plain_table(pa.table({"model": ["rules"], "ndcg@10": [0.12345]}), best=0)[-63:-14]
    '<td>rules</td><td class="number">0.1235</td></tr>'
    """
    numeric = {f.name for f in table.schema if not pa.types.is_string(f.type)}
    head = "".join(
        f'<th class="number">{escape(n)}</th>' if n in numeric else f"<th>{escape(n)}</th>"
        for n in table.column_names
    )
    rows = []
    for place, row in enumerate(table.to_pylist()):
        cells = "".join(
            f'<td class="number">{_number(value)}</td>'
            if name in numeric
            else f"<td>{escape('' if value is None else str(value))}</td>"
            for name, value in row.items()
        )
        rows.append(f'<tr class="best">{cells}</tr>' if place == best else f"<tr>{cells}</tr>")
    return f'<div class="scroll"><table class="plain"><tr>{head}</tr>{"".join(rows)}</table></div>'


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}"
