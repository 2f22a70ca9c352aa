from pathlib import Path

from footfall.features import FEATURES

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def table():
    rows = [f"| {f.group} | `{f.name}` | {f.unit} | {f.meaning} |" for f in FEATURES]
    groups = list(dict.fromkeys(f.group for f in FEATURES))
    rows.sort(key=lambda row: groups.index(row.split()[1]))
    return "\n".join(["| group | name | unit | meaning |", "|---|---|---|---|", *rows])


def test_the_page_on_features_holds_the_table_of_all_features():
    assert table() in PAGE.read_text(encoding="utf-8"), f"Put this into {PAGE}:\n{table()}"
