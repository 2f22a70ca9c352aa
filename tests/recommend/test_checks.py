"""Options as a command line gives them: of any form, and told in a sentence when one is wrong."""

import pytest

from footfall.errors import OptionError
from footfall.recommend import BusinessRules, Content, Hybrid, Popular, Rules

NUMBERS = (3, -1, True, 1.5, float("nan"))
NO_NAMES = ("abc", *NUMBERS, [1], [None])


@pytest.mark.parametrize("wrong", [*NO_NAMES, {"abc": "x"}])
@pytest.mark.parametrize(
    ("kind", "option"),
    [
        (Popular, "event_weights"),
        (Content, "column_weights"),
        (Hybrid, "part_options"),
        (BusinessRules, "caps"),
    ],
)
def test_a_mapping_has_to_be_one(kind, option, wrong):
    with pytest.raises(OptionError, match=rf"'{option}' option of \w+ must be"):
        kind.of({option: wrong})


@pytest.mark.parametrize("wrong", [*NUMBERS, [1], [None]])
@pytest.mark.parametrize(
    ("kind", "option"),
    [(Rules, "event_types"), (Hybrid, "parts"), (BusinessRules, "diversity_by")],
)
def test_a_list_of_names_has_to_be_one(kind, option, wrong):
    with pytest.raises(OptionError, match=rf"'{option}' option of \w+ must be"):
        kind.of({option: wrong})


@pytest.mark.parametrize("wrong", [[3], {"a": 1}, []])
def test_one_value_has_to_be_one(wrong):
    with pytest.raises(OptionError, match="'window' option of rules must be one value"):
        Rules.of({"window": wrong})
