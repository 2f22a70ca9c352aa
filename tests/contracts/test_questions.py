"""What every question must do, whatever it counts."""

import json
import math
import pickle
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.contracts.questions import (
    NO_ANSWERS,
    QUESTIONS,
    breakdown,
    public_questions,
    shop,
    takes,
)
from tests.contracts.same import check_same

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.errors import FootfallError, OptionError
from footfall.store.chunk import CHUNK_COLUMNS
from footfall.store.memory import MemoryLog

NAMES = sorted(QUESTIONS)
BROKEN_DOWN = [name for name in NAMES if breakdown(name)]
LOG = shop()


@cache
def answer(name, by=None):
    return QUESTIONS[name](LOG, **({breakdown(name): by} if by else {}))


def check_plain(told, where):
    """Only values that every reader of JSON takes: no NaN, no infinity."""
    if isinstance(told, dict):
        for key, each in told.items():
            assert isinstance(key, str), where
            check_plain(each, f"{where}.{key}")
    elif isinstance(told, list | tuple):
        for place, each in enumerate(told):
            check_plain(each, f"{where}[{place}]")
    elif isinstance(told, float):
        assert math.isfinite(told), where
    else:
        assert told is None or isinstance(told, str | int), f"{where}: {type(told)}"


def check_answer(found):
    assert isinstance(found.frame, pa.Table)
    assert str(found).strip()
    told = found.to_json()
    json.dumps(told, ensure_ascii=False)
    check_plain(told, "to_json")
    figure = found.plot()
    assert isinstance(figure, go.Figure)
    assert figure.layout.title.text
    text = figure.to_json()
    assert not {"NaN", "Infinity", "-Infinity"} & {*constants_of(text)}
    assert {*DEFINITION_KEYS} <= {*found.definition}
    assert all(isinstance(line, str) and line for line in found.definition.values())


def constants_of(text):
    """Give the numbers in a text that JSON does not have."""
    constants = []
    json.loads(text, parse_constant=constants.append)
    return constants


def test_no_question_is_left_out():
    asked = {name.partition("/")[0] for name in QUESTIONS}
    assert asked | NO_ANSWERS == {*public_questions()}


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_is_a_table_text_json_a_titled_figure_and_its_definition(name):
    assert answer(name).frame.num_rows
    check_answer(answer(name))


@pytest.mark.parametrize("name", NAMES)
def test_whoever_is_counted_can_be_listed(name):
    if "users" in answer(name).frame.column_names:
        assert callable(getattr(answer(name), "users", None))


@pytest.mark.parametrize("name", NAMES)
def test_the_split_of_users_into_chunks_changes_nothing(name):
    for log in SPLITS:
        check_same(QUESTIONS[name](log).frame, answer(name).frame)


SPLITS = [shop(buckets=1), shop(buckets=5)]
SHUFFLED = shop(shuffled=1)
# Draws follow codes, which follow the order of reading: columns that come of draws.
DRAWN = {
    "attribution": ("low", "high", "share_low", "share_high"),
    "price_response": ("low", "high"),
    "promotion": ("extra_low", "extra_high", "lift_low", "lift_high"),
}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "cluster_segments"])
def test_the_order_in_which_rows_are_read_changes_nothing_but_draws(name):
    drawn = DRAWN.get(name.partition("/")[0], ())
    found, expected = (
        frame.drop_columns([column for column in drawn if column in frame.column_names])
        for frame in (QUESTIONS[name](SHUFFLED).frame, answer(name).frame)
    )
    check_same(found, expected)


@pytest.mark.parametrize("by", ["channel", "region", "brand"])
@pytest.mark.parametrize("name", BROKEN_DOWN)
def test_a_breakdown_gives_each_group_the_columns_of_the_whole(name, by):
    found = answer(name, by)
    check_answer(found)
    assert found.groups.column_names[0] == "group"
    if name not in GROUPED_OTHERWISE:
        assert found.groups.column_names == ["group", *found.frame.column_names]
    assert found.groups["group"].null_count == 0
    # Of many groups none may have a cause of its own.
    assert len(found.groups["group"].unique()) > 1 or name == "why_they_drop"
    assert "breakdown" in found.definition
    # One definition: the whole is the same whether it is broken down or not.
    check_same(found.frame, answer(name).frame)


# Where groups are compared by fewer columns than the frame has: what gives the same of the whole.
GROUPED_OTHERWISE = {
    "cluster_segments": None,  # users of each cluster in each group
    "lifetime_value": lambda found: found.averages,
    "order_value": lambda found: found.total.drop_columns("period"),
}
# Why the numbers of a group are not those of a log that holds this group only.
OF_THE_WHOLE = {
    "cluster_segments": "clusters are those of all users",
    "contrast_paths": "the sequences shown are those of all units",
    "path_tree": "the branches shown are those of all units",
    "portrait": "low and high are meant among all users, and the rows are in the whole's order",
    "profiles": "low and high are meant among all users",
    "rfm": "scores are made among all buyers",
    "value_segments": "tiers are made among all buyers",
}


@pytest.mark.parametrize("name", [name for name in BROKEN_DOWN if name not in OF_THE_WHOLE])
def test_the_numbers_of_a_group_are_those_of_a_question_about_the_group_alone(name):
    found = answer(name, "region")
    for group in ("north", "华东"):
        mine = found.groups.filter(pc.equal(found.groups["group"], group))
        alone = QUESTIONS[name](LOG, where=f"region = '{group}'")
        expected = GROUPED_OTHERWISE.get(name, frame_of)(alone)
        check_same(mine.drop_columns("group"), expected, group)


def frame_of(found):
    return found.frame


def nothing_in_scope():
    yield "where", LOG, {"where": "channel = nowhere"}
    yield "between", LOG, {"between": "2020-01-01..2020-01-31"}
    yield "empty", MemoryLog.from_rows([]), {}
    yield "one event", MemoryLog.from_rows([("u03", "2026-01-05", "view", "茶")]), {}


@pytest.mark.parametrize(
    ("log", "options"), [pytest.param(*rest, id=case) for case, *rest in nothing_in_scope()]
)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_count_is_an_answer_or_a_clear_sentence(name, log, options):
    if not all(takes(name, option) for option in options):
        return
    try:
        found = QUESTIONS[name](log, **options)
    except FootfallError as error:
        sentence = str(error)
        assert sentence[:1].isupper(), sentence
        assert sentence.rstrip().endswith((".", "?")), sentence
        return
    check_answer(found)
    if options:
        assert "no event is in scope" in found.definition["note"]


WRONG = {
    "by": {"by": "chanel"},
    "where": {"where": "chanel = mail"},
    "grammar": {"where": "channel = = mail"},
    "between": {"between": "yesterdays"},
    "segment": {"segment": "nobody-saved-this"},
    "top": {"top": 0},
    "time_zone": {"time_zone": "Mars/Olympus"},
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_scope_is_refused_by_a_sentence_that_names_the_question(name, wrong):
    options = WRONG[wrong]
    if wrong in {"by", "top"}:
        if not breakdown(name):
            return
        options = {breakdown(name): "chanel" if wrong == "by" else "region"} | (
            options if wrong == "top" else {}
        )
    if not all(takes(name, option) for option in options):
        return
    with pytest.raises(OptionError) as caught:
        QUESTIONS[name](LOG, **options)
    assert name.partition("/")[0] in str(caught.value)


@dataclass
class PicklingEngine:
    """Measures every chunk as another process would: of what comes through pickle."""

    bytes_sent: list[int] = field(default_factory=list)

    def map(self, source, measure, merge, *, label=""):  # noqa: ARG002  # the protocol's
        partials = []
        for number in range(len(source)):
            sent = pickle.dumps((source.part(number), measure))
            self.bytes_sent.append(len(sent))
            part, there = pickle.loads(sent)  # noqa: S301  # written the line before
            partials.append(pickle.loads(pickle.dumps(there(part.open(0)))))  # noqa: S301  # same
        return merge(partials[::-1])


@pytest.mark.parametrize("name", NAMES)
def test_measures_and_partials_travel_between_processes(name):
    there = shop()
    there.engine = PicklingEngine()
    by = {breakdown(name): "region"} if breakdown(name) else {}
    found, here = QUESTIONS[name](there, **by), answer(name, "region" if by else None)
    assert there.engine.bytes_sent
    check_same(found.frame, here.frame)
    check_same(found.groups, here.groups)


def test_no_question_writes_into_the_log():
    log = shop()
    before = [{name: chunk.columns[name].copy() for name in CHUNK_COLUMNS} for chunk in log.chunks]
    users, items = log.users, log.items
    for asked in QUESTIONS.values():
        asked(log)
    for chunk, columns in zip(log.chunks, before, strict=True):
        for name, column in columns.items():
            np.testing.assert_array_equal(chunk.columns[name], column)
    assert log.users is users
    assert log.items is items
    assert log.segments() == []
