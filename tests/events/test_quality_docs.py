from dataclasses import fields, is_dataclass
from pathlib import Path

from footfall.events.quality import report
from footfall.events.quality.overlap import Overlap

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"


def test_every_key_of_the_json_is_in_the_docs():
    text = PAGE.read_text(encoding="utf-8")
    kinds = [Overlap, *(getattr(report, name) for name in report.__all__)]
    keys = {key.name for kind in kinds if is_dataclass(kind) for key in fields(kind)}
    assert sorted(key for key in keys if f"`{key}`" not in text) == []
