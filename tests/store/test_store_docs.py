from pathlib import Path

import numpy as np
import pytest

from footfall.events.columns import (
    EVENT_SCHEMA,
    ITEM_SCHEMA,
    REJECT_SCHEMA,
    REQUIRED,
    USER_SCHEMA,
)
from footfall.events.vocabulary import EVENT_TYPES
from footfall.store import workspace
from footfall.store.chunk import CHUNK_COLUMNS, MISSING

DOCS = Path(__file__).parents[2] / "docs"
MODEL = (DOCS / "data-model.md").read_text(encoding="utf-8")


def table(head):
    """The rows of the table of the page that begins with a head, as cells without backticks."""
    lines = MODEL.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("head", "schema"),
    [
        ("column", EVENT_SCHEMA),
        ("column of items", ITEM_SCHEMA),
        ("column of users", USER_SCHEMA),
        ("column of rejects", REJECT_SCHEMA),
    ],
)
def test_the_page_lists_every_column_in_order_with_its_type(head, schema):
    told = [(name, kind) for name, kind, _ in table(head)]
    assert told == [(field.name, str(field.type)) for field in schema]


def test_the_page_says_which_columns_are_required():
    told = {name for name, _, meaning in table("column") if meaning.endswith("required")}
    assert told == set(REQUIRED)


def test_the_page_lists_every_chunk_column_and_what_stands_for_missing():
    expected = [
        [name, str(np.dtype(kind)), f"{MISSING[name]}" if name in MISSING else "always given"]
        for name, kind in CHUNK_COLUMNS.items()
    ]
    assert table("chunk column") == expected


def test_the_page_lists_the_event_types_in_the_order_of_their_codes():
    told = MODEL.split("codes on disk:\n\n")[1].split("\n\n")[0].replace("`", "").split()
    assert tuple(told) == EVENT_TYPES


def test_the_page_on_the_store_shows_the_folder_as_the_code_does():
    page = (DOCS / "store.md").read_text(encoding="utf-8")
    for line in workspace.__doc__.split("::\n\n")[1].splitlines():
        name = line.split()[0] if line.strip() else ""
        assert name in page
