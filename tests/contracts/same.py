"""When two answers say the same: whole numbers and words exactly, floats to a part in a billion."""

import math
from typing import Any

import pyarrow as pa


def check_same(ours: Any, theirs: Any, where: str = "answer") -> None:
    """Compare tables, columns and plain values, however deep; say where they differ."""
    if isinstance(ours, pa.Table):
        assert isinstance(theirs, pa.Table), where
        assert ours.schema == theirs.schema, where
        for name in ours.column_names:
            check_same(ours[name].to_pylist(), theirs[name].to_pylist(), f"{where}.{name}")
    elif isinstance(ours, dict):
        assert [*ours] == [*theirs], where
        for key in ours:
            check_same(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for place, pair in enumerate(zip(ours, theirs, strict=True)):
            check_same(*pair, f"{where}[{place}]")
    elif isinstance(ours, float) and isinstance(theirs, float):
        alike = math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
        assert alike or (math.isnan(ours) and math.isnan(theirs)), f"{where}: {ours} not {theirs}"
    else:
        assert ours == theirs, f"{where}: {ours!r} not {theirs!r}"
