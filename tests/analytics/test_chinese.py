"""Every question in Chinese: nothing without a name, named twice, or named for nothing.

The log's own words are all Chinese (see chinese_calls.py), so whatever Latin letters an answer
said in Chinese still shows are words of ours without a Chinese name.
"""

import ast
import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from tests.analytics.chinese_calls import calls, shop

import footfall.analytics
from footfall.analytics.answer import Answer
from footfall.analytics.attribution.credit import MODELS
from footfall.analytics.chinese import QUESTIONS, ChineseAnswer
from footfall.analytics.chinese.columns import COLUMNS, OWN_COLUMNS
from footfall.analytics.chinese.definitions import DEFINITIONS
from footfall.analytics.chinese.figure import worded_texts
from footfall.analytics.chinese.speech import OWN_TEXTS
from footfall.analytics.chinese.texts import TEXTS
from footfall.analytics.chinese.values import VALUES
from footfall.analytics.compare.measures import MEASURES as COMPARED
from footfall.analytics.segment.measures import MEASURES
from footfall.analytics.sessions.summary import WEEKDAYS
from footfall.events.vocabulary import EVENT_TYPES, event_type_of

HERE = "src/footfall/analytics/chinese/"
NAMES = sorted(calls())
# What Chinese users write in Latin letters themselves.
LATIN = re.compile(
    r"\b(RFM|AIPL|LTV|TGI|DAU|WAU|MAU|UTC|Shapley|ABC|[ABCPRF]|P\d\d)"
    r"(?![A-Za-z_])|%\{[^}]*\}|</?[a-z][^>]*>"
)


@cache
def log():
    return shop()


@cache
def answers(name):
    """The answers of a question, each asked once for all tests."""
    return [ask(log()) for ask in calls()[name]]


@cache
def figures(name):
    """Each answer's speech and figure, drawn once for all tests."""
    pairs = zip(answers(name), speeches(name), strict=True)
    return [(speech, answer.plot()) for answer, speech in pairs if hasattr(answer, "plot")]


@cache
def speeches(name):
    return [ChineseAnswer(answer).speech for answer in answers(name)]


def english(text):
    """The first English word left in a text."""
    found = re.search(r"[A-Za-z][A-Za-z_ ]*", LATIN.sub("", text))
    return found[0].strip() if found else ""


def tables(name):
    return [(speech, table) for speech in speeches(name) for table in speech.tables()]


def test_every_question_is_asked_here():
    asked = {question.name for question in QUESTIONS}
    assert set(NAMES) == asked, "add the question to calls() in tests/analytics/chinese_calls.py"


@pytest.mark.parametrize("name", NAMES)
def test_every_column_has_a_chinese_name(name):
    for speech, table in tables(name):
        for column in speech.columns(table):
            bare = column.removesuffix("_zh")
            known = speech.named(bare) or not english(speech.column(bare))
            assert known, f"add {bare!r} to OWN_COLUMNS[{speech.kind!r}] in {HERE}columns.py"


@pytest.mark.parametrize("name", NAMES)
def test_no_two_columns_of_a_table_share_a_name(name):
    for speech, table in tables(name):
        names = [*speech.columns(table).values()]
        assert len(set(names)) == len(names), f"{speech.kind}: {names}"


@pytest.mark.parametrize("name", NAMES)
def test_every_fixed_value_has_a_chinese_name(name):
    for speech, table in tables(name):
        said = speech.table(table)
        for column, chinese in speech.columns(table).items():
            if pa.types.is_string(said.column(chinese).type):
                for cell in said.column(chinese).unique().to_pylist():
                    assert not english(cell or ""), (
                        f"{cell!r} in {speech.kind}.{column}: add it to a kind of VALUES and the"
                        f" column to OWN_COLUMN_VALUES[{speech.kind!r}] in {HERE}values.py"
                    )


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_definition_has_a_chinese_name(name):
    for answer in answers(name):
        for key in getattr(answer, "definition", {}):
            assert key in DEFINITIONS, f"add {key!r} to DEFINITIONS in {HERE}definitions.py"


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_prints_in_chinese(name):
    for answer in answers(name):
        for line in str(ChineseAnswer(answer)).splitlines():
            kind = type(answer).__name__
            assert not english(line), (
                f"{line!r}: add its text to TEXTS[{kind!r}] in {HERE}texts*.py"
            )


@pytest.mark.parametrize("name", NAMES)
def test_every_text_of_a_chart_is_chinese(name):
    for speech, figure in figures(name):
        for text in worded_texts(figure):
            said = speech.texts.say(text)
            assert not english(said), (
                f"{text!r} becomes {said!r}: add it to TEXTS[{speech.kind!r}] in {HERE}texts*.py"
            )


def categories(value, key=""):
    """Every list of words in a figure that places something."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from categories(inner, name)
    elif isinstance(value, list | tuple):
        words = {word for word in value if isinstance(word, str)}
        if words and key in {"x", "y", "labels", "categoryarray", "ticktext"}:
            yield words
        for inner in value:
            yield from categories(inner)


@pytest.mark.parametrize("name", NAMES)
def test_categories_of_an_axis_stay_different(name):
    for speech, figure in figures(name):
        for words in categories(figure.to_plotly_json()):
            said = {speech.texts.say(word) for word in words}
            assert len(said) == len(words), f"two of {words} are called alike: {said}"


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_the_same_in_both_languages(name):
    for speech, table in tables(name):
        said = speech.table(table)
        assert said.num_rows == table.num_rows
        for column, chinese in speech.columns(table).items():
            if not pa.types.is_string(table.column(column).type):
                assert str(said.column(chinese)) == str(table.column(column))


def test_no_column_is_named_for_nothing():
    seen = {
        (speech.kind, column)
        for name in NAMES
        for speech, table in tables(name)
        for column in table.column_names
    }
    own = {(kind, column) for kind, columns in OWN_COLUMNS.items() for column in columns}
    shared = {column for kind, column in seen - own}
    assert set(COLUMNS) - shared == set(), f"take these from COLUMNS in {HERE}columns.py"
    printed = {("Comparison", c) for c in OWN_COLUMNS["Comparison"]}  # a table that only prints
    printed |= {("Funnel", "from_minutes"), ("Funnel", "to_minutes"), ("PathTree", "branch")}
    assert own - seen - printed == set(), f"take these from OWN_COLUMNS in {HERE}columns.py"


def test_no_definition_is_named_for_nothing():
    used = {key for name in NAMES for a in answers(name) for key in getattr(a, "definition", {})}
    rare = {"where", "between", "segment", "pre", "lengths", "note"}
    assert set(DEFINITIONS) - used - rare == set(), f"take these from {HERE}definitions.py"


def strings_of_the_source():
    """Every text the questions can say, with a blank for each value that is filled in."""
    found = []
    for file in Path("src/footfall/analytics").rglob("*.py"):
        if "chinese" not in file.parts:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [p.value if isinstance(p, ast.Constant) else "\0" for p in node.values]
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(found)


def used_texts():
    """The entries that the calls have made use of, whoever says them."""
    used = set()
    for name in NAMES:
        for answer in answers(name):
            said = ChineseAnswer(answer)
            _ = str(said)
            used |= said.speech.used()
        for speech, figure in figures(name):
            _ = [*map(speech.texts.say, worded_texts(figure)), *map(speech.table, speech.tables())]
            used |= speech.used()
    return used


def test_no_text_or_value_is_worded_for_nothing():
    """An entry is used by the calls, or (where rarely said) still stands in the source."""
    used, source = used_texts(), strings_of_the_source()
    worded = {text for texts in [*OWN_TEXTS.values(), TEXTS, *VALUES.values()] for text in texts}
    dead = [text for text in worded - used if longest_piece(text) not in source]
    assert dead == [], f"take these from {HERE}texts*.py or values.py"


def longest_piece(text):
    pieces = re.split(r"\{\w+\}|, |; |: |\. |  |[.:]$", text)
    return max((piece.strip(" ()%") for piece in pieces), key=len)


def test_every_question_is_in_the_tables():
    """A question: a public function of analytics that takes a log and gives an answer."""
    found = set()
    for module in pkgutil.walk_packages(footfall.analytics.__path__, "footfall.analytics."):
        room = importlib.import_module(module.name)
        for name in getattr(room, "__all__", ()):
            made = getattr(room, name)
            given = getattr(made, "__annotations__", {})
            answer = given.get("return")
            if "log" in given and isinstance(answer, type) and issubclass(answer, Answer):
                found.add(name)
    asked = {question.name for question in QUESTIONS} - {"suggest_patterns"}
    assert asked == found, f"QUESTIONS in {HERE}questions.py must name these"


def cells(name, column):
    found = [table[column] for _, table in tables(name) if column in table.column_names]
    return {cell for column in found for cell in column.to_pylist()}


def test_fixed_values_are_those_the_questions_can_give():
    assert set(VALUES["events"]) == set(EVENT_TYPES)
    assert set(VALUES["weekdays"]) == set(WEEKDAYS)
    assert set(VALUES["measures"]) == {measure.name for measure in MEASURES}
    assert set(VALUES["models"]) == set(MODELS)
    assert set(VALUES["compared measures"]) == set(COMPARED)
    assert set(VALUES["price levels"]) == cells("price_response", "price_level")
    assert set(VALUES["silences"]) == cells("session_times", "silence")
    assert set(VALUES["stages"]) == {"none", "awareness", "interest", "purchase", "loyalty"}


def test_official_event_names_are_understood_as_steps():
    assert {event_type_of(said): name for name, said in VALUES["events"].items()} == {
        name: name for name in EVENT_TYPES
    }


def test_the_eight_rfm_classes_have_the_labels_of_chinese_tools():
    assert [*VALUES["rfm"].values()][:8] == [
        "高价值", "重点保持", "重点发展", "重点挽留", "一般价值", "一般保持", "一般发展", "潜在",
    ]  # fmt: skip
