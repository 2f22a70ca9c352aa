import json
import re

import plotly.graph_objects as go

from footfall.demo.page import Section, render_page

NASTY = "</script><script>alert(1)</script>"


def page_of(*sections: Section) -> str:
    return render_page(
        title=f"Shop {NASTY}",
        about="about",
        numbers={"events": "7"},
        sections=sections,
        footer="end",
    )


def test_what_a_shop_writes_cannot_become_part_of_the_page() -> None:
    figure = go.Figure(go.Bar(x=[NASTY], y=[1]))
    html = page_of(Section(key="a", title=NASTY, finding=NASTY, figures=[figure]))
    assert NASTY not in html


def test_the_page_needs_no_network() -> None:
    html = page_of(Section(key="a", title="A", finding="b"))
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=.https?:", html)


def test_the_numbers_behind_a_picture_stand_in_the_page_as_json() -> None:
    figure = go.Figure(go.Bar(x=["view", "purchase"], y=[10, 3]))
    html = page_of(Section(key="funnel", title="Funnel", finding="", figures=[figure]))
    data = re.search(r'class="chart" data-into="funnel-0">(.*?)</script>', html, re.S)
    assert data
    assert json.loads(data.group(1))["data"][0]["x"] == ["view", "purchase"]
