"""Every question of analytics gives the same answer on Spark as on threads."""

import pytest
from tests.contracts import questions
from tests.contracts.same import check_same

from footfall import export_segment, suggest_patterns
from footfall.analytics.answer import Answer


def told(answer):
    """Give all that an answer shows."""
    if not isinstance(answer, Answer):
        return answer.to_json() if hasattr(answer, "to_json") else answer
    return [answer.frame, answer.groups, answer.definition, answer.to_json(), str(answer)]


@pytest.mark.parametrize("name", questions.QUESTIONS)
def test_a_question_has_the_same_answer_on_spark(name, here, there):
    option = questions.breakdown(name)
    options = {option: "region"} if option else {}
    ask = questions.QUESTIONS[name]
    check_same(told(ask(here, **options)), told(ask(there, **options)), name)


@pytest.mark.parametrize("name", ["funnel", "attribution/money", "retention", "rfm", "paths"])
def test_a_part_of_the_log_is_the_same_on_spark(name, here, there):
    part = {"where": "hour >= 12 or price > 20", "between": "2026-01-15.."}
    ask = questions.QUESTIONS[name]
    check_same(told(ask(here, **part)), told(ask(there, **part)), name)


def test_an_export_and_suggested_patterns_are_the_same_on_spark(here, there, tmp_path):
    for log, name in ((here, "here.csv"), (there, "there.csv")):
        export_segment(log, questions.BUYERS, tmp_path / name)
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()
    pages = [suggest_patterns(log, "properties.page") for log in (here, there)]
    check_same(*(told(found) for found in pages))


def test_the_users_behind_a_number_are_the_same_on_spark(here, there):
    behind = [questions.QUESTIONS["funnel"](log).users(step=1) for log in (here, there)]
    assert behind[0] == behind[1]
    assert behind[0]
