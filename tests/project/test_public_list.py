"""What is public: sorted lists, names that exist, options and commands that the docs know."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import footfall

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "footfall").rglob("*.py"))


def test_every_public_name_exists_and_the_list_is_sorted() -> None:
    assert footfall.__all__ == sorted(footfall.__all__)
    for name in footfall.__all__:
        assert getattr(footfall, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'funnels'"):
        _ = footfall.funnels


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_module_says_what_it_is_and_lists_what_is_public(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module opens with what it is for"
    if path.name in ("__init__.py", "__main__.py"):
        return
    module = importlib.import_module(".".join(path.relative_to(ROOT / "src").with_suffix("").parts))
    assert len(module.__all__) == len(set(module.__all__))
    for name in module.__all__:
        assert hasattr(module, name)


def test_the_docs_name_every_command() -> None:
    from footfall.cli.app import app

    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    for command in app.registered_commands:
        assert re.search(rf"footfall {command.name}\b", pages), command.name


def test_no_code_runs_what_a_file_says() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(?:import|from) pickle|[^.\w]eval\(|[^.\w]exec\(", text, re.M), (
            path
        )
