from dataclasses import fields
from pathlib import Path

import footfall.predict
from footfall.predict import Predictor

PAGE = (Path(__file__).parents[2] / "docs" / "predict.md").read_text(encoding="utf-8")


def test_the_page_on_predict_names_every_option_and_call():
    options = [field.name for field in fields(Predictor) if field.init]
    calls = ["fit", "predict", "explain", "save", "load", "evaluate_purchase"]
    assert [name for name in [*options, *calls] if f"`{name}" not in PAGE] == []


def test_public_names_are_sorted_and_there():
    names = footfall.predict.__all__
    assert names == sorted(names)
    assert all(hasattr(footfall.predict, name) for name in names)
