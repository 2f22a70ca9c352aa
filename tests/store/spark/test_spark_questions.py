"""Every question of analytics gives the same answer on Spark as on threads."""

import importlib
import inspect
import math
import pkgutil
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

import footfall.analytics
from footfall.analytics.answer import Answer
from footfall.analytics.segment import Segment
from footfall.store.log import open_log

STEPS = {"steps": ["view", "add_to_cart", "purchase"], "within": "7d"}
BUYERS = Segment("buyers", "count(purchase) >= 1")
TWO = {"few": "count(purchase) < 2", "many": "count(purchase) >= 2"}

# (function of footfall.analytics, options): a new question is one line here.
QUESTIONS = [
    ("attribution.attribution", {}),
    ("attribution.attribution", {"model": "last", "where": "price > 20 or amount is missing"}),
    ("basket.basket_rules", {"min_support": 2}),
    ("basket.complements", {"min_support": 2}),
    ("basket.sequential_patterns", {"min_support": 2}),
    ("cohort.distribution.distribution", {}),
    ("cohort.intervals.intervals", {"end": "purchase"}),
    ("cohort.lifecycle.lifecycle", {"by": "region"}),
    ("cohort.retention.retention", {}),
    ("cohort.retention.retention", {"weight": "money", "between": "2025-09-10.."}),
    ("cohort.stickiness.stickiness", {}),
    ("cohort.survival.survival", {}),
    ("compare.compare", {"periods": ["2025-09", "2025-10"]}),
    ("funnel.after_drop", STEPS),
    ("funnel.compare_funnels", STEPS | {"by": "region"}),
    ("funnel.funnel", STEPS | {"by": "channel"}),
    ("funnel.funnel", STEPS | {"where": "hour >= 12", "between": "2025-09-10.."}),
    ("funnel.funnel", STEPS | {"order": "any", "per": "session", "segment": BUYERS}),
    ("funnel.funnel_trend", STEPS | {"unit": "week"}),
    ("funnel.why_they_drop", STEPS),
    ("operations.losing_pages.losing_pages", {"least": 2}),
    ("operations.price_response.price_response", {}),
    ("operations.promotion.promotion", {"during": "2025-09-20..2025-09-30"}),
    ("operations.searches.searches", {}),
    ("operations.series.series", {"measure": "revenue"}),
    ("path.contrast_paths", {}),
    ("path.dead_ends", {}),
    ("path.loops", {}),
    ("path.path_tree", {"start": "view", "depth": 3}),
    ("path.paths", {"length": 3, "by": "region"}),
    ("path.purchase_paths", {}),
    ("path.step_matrix", {}),
    ("path.suggest_patterns", {"field": "item_id"}),
    ("path.transitions", {}),
    ("path.whole_paths", {}),
    ("profile.portrait", {"segment": BUYERS}),
    ("profile.profiles", {}),
    ("profile.similar_users", {"segment": BUYERS, "k": 20}),
    ("segment.cluster_segments", {"k": 3}),
    ("segment.movement", {"segments": TWO, "at": ["2025-09-20", "2025-10-20"]}),
    ("segment.segments", {"segments": TWO}),
    ("sessions.engagement", {}),
    ("sessions.entries_exits", {}),
    ("sessions.session_times", {}),
    ("sessions.sessions", {"by": "region"}),
    ("value.aipl", {}),
    ("value.lifetime_value", {}),
    ("value.order_value", {}),
    ("value.pareto", {}),
    ("value.repeats", {}),
    ("value.rfm", {"by": "region"}),
    ("value.value_segments", {}),
]
# Questions about one user of the log, or that write files: asked below.
ASKED_BELOW = {"profile.profile", "segment.export_segment"}


def question(name):
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"footfall.analytics.{module}"), function)


def asks_a_log(found, *, of_folder):
    """Say whether a public name is a question: its first argument is a log, it gives an answer."""
    if not inspect.isfunction(found) or [*inspect.signature(found).parameters][:1] != ["log"]:
        return False
    gives = inspect.signature(found).return_annotation
    return of_folder or (inspect.isclass(gives) and issubclass(gives, Answer))


def public_questions():
    """Give the questions of all modules of analytics."""
    inside = f"{footfall.analytics.__name__}."
    for module in pkgutil.walk_packages(footfall.analytics.__path__, inside):
        if module.name.startswith(f"{inside}scope"):
            continue
        loaded = importlib.import_module(module.name)
        for name in getattr(loaded, "__all__", []):
            if asks_a_log(getattr(loaded, name), of_folder=module.ispkg):
                yield getattr(loaded, name)


def check_same(ours, theirs, where="answer"):
    """Compare two answers: whole numbers and words exactly, floats to a part in a billion."""
    if isinstance(ours, dict):
        assert [*ours] == [*theirs], where
        for key in ours:
            check_same(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for at, pair in enumerate(zip(ours, theirs, strict=True)):
            check_same(*pair, f"{where}[{at}]")
    elif isinstance(ours, float) and isinstance(theirs, float):
        assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12) or (
            math.isnan(ours) and math.isnan(theirs)
        ), f"{where}: {ours} is not {theirs}"
    elif isinstance(ours, pa.Table | pa.Array | pa.ChunkedArray):
        assert ours.type == theirs.type if hasattr(ours, "type") else ours.schema == theirs.schema
        check_same(ours.to_pylist(), theirs.to_pylist(), where)
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype, where
        check_same(ours.tolist(), theirs.tolist(), where)
    else:
        assert ours == theirs, where


def told(answer):
    """Give all that an answer shows."""
    if not isinstance(answer, Answer):
        return answer.to_json() if hasattr(answer, "to_json") else answer
    return [answer.frame, answer.groups, answer.definition, answer.to_json(), str(answer)]


@pytest.mark.parametrize(
    ("name", "options"), QUESTIONS, ids=[f"{at}-{name}" for at, (name, _) in enumerate(QUESTIONS)]
)
def test_a_question_has_the_same_answer_on_spark(name, options, shop, spark):
    ask = partial(question(name), **options)
    check_same(told(ask(open_log(shop))), told(ask(open_log(shop, engine=spark))))


def test_a_portrait_of_one_user_and_an_export_are_the_same_on_spark(shop, spark, tmp_path):
    here, there = open_log(shop), open_log(shop, engine=spark)
    user = here.user_ids.strings()[0].as_py()
    check_same(*(told(question("profile.profile")(log, user)) for log in (here, there)))
    for log, path in ((here, tmp_path / "here.csv"), (there, tmp_path / "there.csv")):
        question("segment.export_segment")(log, BUYERS, path)
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()


def test_no_question_is_left_out():
    asked = {question(name) for name, _ in QUESTIONS} | {question(name) for name in ASKED_BELOW}
    missing = {*public_questions()} - asked
    assert not missing, "add a line to QUESTIONS"


def test_the_users_behind_a_number_are_the_same_on_spark(shop, spark):
    answers = [
        question("funnel.funnel")(log, **STEPS)
        for log in (open_log(shop), open_log(shop, engine=spark))
    ]
    here, there = (answer.users(step=1) for answer in answers)
    assert here == there
    assert here
