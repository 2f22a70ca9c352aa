"""The READMEs: their map is the code's, they stay in step, and what they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks_of(text: str) -> list[str]:
    return re.findall(r"```(?:console|python)\n(.*?)```", text, re.S)


def commands_of(block: str) -> list[str]:
    return [re.sub(r"\s*#.*", "", line) for line in block.splitlines()]


@pytest.mark.parametrize("name", READMES)
def test_the_map_names_every_room_and_nothing_else(name: str) -> None:
    tree = re.search(r"```\nsrc/footfall/\n(.*?)\ntests/", text_of(name), re.S)
    assert tree
    mapped = {line.split()[0].rstrip("/") for line in tree.group(1).splitlines()}
    code = ROOT / "src" / "footfall"
    rooms = {path.name for path in code.iterdir() if (path / "__init__.py").exists()}
    files = {path.name for path in code.glob("*.py") if path.name != "__init__.py"}
    assert mapped == rooms | files


def test_the_two_readmes_show_the_same_commands_links_pictures_and_figures() -> None:
    english, chinese = map(text_of, READMES)
    for first, second in zip(blocks_of(english), blocks_of(chinese), strict=True):
        assert commands_of(first) == commands_of(second)
    links = [re.findall(r"\]\((?!README)([^)]+)\)", text) for text in (english, chinese)]
    assert links[0] == links[1]
    assert english.count("\n## ") == chinese.count("\n## ")
    assert "@@" not in english
    figures = [re.findall(r"^\|.*\|$", text, re.M) for text in (english, chinese)]
    assert len(figures[0]) > 8, "the measured table"
    numbers = [[re.findall(r"[\d.,]*\d", row) for row in rows] for rows in figures]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_to_a_file(name: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(name)):
        assert link.startswith("http") or (ROOT / link).exists(), link


def test_every_page_of_the_docs_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(docs/([^)]+\.md)\)", text_of("README.md")))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")}
