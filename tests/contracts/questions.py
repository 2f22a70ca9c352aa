"""Every public question with typical options, and one small shop that can answer them all."""

import inspect
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

import footfall
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
MINUTE = 60_000_000
START = 1_767_571_200_000_000  # Monday 2026-01-05
USERS, DAYS = 60, 60
GOODS = ("壶", "茶", "杯", "tray", "jam", "滤纸", "spoon", "beans")
REGIONS = ("north", "south", "华东", None)

STEPS = {"steps": ["view", "add_to_cart", "purchase"], "within": "7d"}
BUYERS = footfall.Segment("buyers", "count(purchase) >= 2")
LOOKERS = footfall.Segment("lookers", "count(purchase) < 2")
ask = partial

# Name -> a callable(log, **scope options). A name before "/" is the public one, after it a manner.
QUESTIONS: dict[str, Callable[..., Any]] = {
    "after_drop": ask(footfall.after_drop, **STEPS),
    "aipl": ask(footfall.aipl),
    "attribution": ask(footfall.attribution, draws=20),
    "attribution/money": ask(footfall.attribution, model="last", value="money", draws=0),
    "basket_rules": ask(footfall.basket_rules, min_support=2),
    "basket_rules/sessions": ask(footfall.basket_rules, min_support=2, of="sessions", size=3),
    "cluster_segments": ask(footfall.cluster_segments, k=3),
    "compare/arms": ask(footfall.compare, arms="variant"),
    "compare/periods": ask(
        footfall.compare, periods=["2026-01-05..2026-01-31", "2026-02-01..2026-02-28"]
    ),
    "compare/segments": ask(footfall.compare, segments=[BUYERS, LOOKERS]),
    "compare_funnels": ask(footfall.compare_funnels, segments=[BUYERS, LOOKERS], **STEPS),
    "complements": ask(footfall.complements, min_support=2),
    "contrast_paths": ask(footfall.contrast_paths),
    "dead_ends": ask(footfall.dead_ends),
    "distribution": ask(footfall.distribution, of="view"),
    "distribution/days": ask(footfall.distribution, measure="days", per="week"),
    "engagement": ask(footfall.engagement),
    "entries_exits": ask(footfall.entries_exits),
    "funnel": ask(footfall.funnel, **STEPS),
    "funnel/session": ask(footfall.funnel, **STEPS, per="session", order="any"),
    "funnel/item": ask(footfall.funnel, **STEPS, same_item=True, excluding="remove_from_cart"),
    "funnel_trend": ask(footfall.funnel_trend, **STEPS, unit="week"),
    "intervals": ask(footfall.intervals, start="view", end="purchase"),
    "lifecycle": ask(footfall.lifecycle),
    "lifetime_value": ask(footfall.lifetime_value, returns="return"),
    "losing_pages": ask(footfall.losing_pages, least=5),
    "loops": ask(footfall.loops),
    "movement": ask(footfall.movement, segments=[BUYERS, LOOKERS], at=["2026-01-25", "2026-02-20"]),
    "order_value": ask(footfall.order_value, unit="week"),
    "pareto": ask(footfall.pareto),
    "pareto/item": ask(footfall.pareto, unit="item"),
    "path_tree": ask(footfall.path_tree, start="view", depth=3),
    "paths": ask(footfall.paths),
    "paths/user": ask(footfall.paths, length=2, per="user", collapse_repeats=True),
    "portrait": ask(footfall.portrait, segment=BUYERS),
    "price_response": ask(footfall.price_response),
    "price_response/discount": ask(footfall.price_response, discount="discount"),
    "profile": ask(footfall.profile, user_id="u03"),
    "profiles": ask(footfall.profiles),
    "promotion": ask(footfall.promotion, during="2026-02-01..2026-02-07", replicates=20),
    "promotion/items": ask(
        footfall.promotion,
        during="2026-02-01..2026-02-07",
        promoted="category = 茶具",
        control="category = food",
        measure="users",
        replicates=20,
    ),
    "purchase_paths": ask(footfall.purchase_paths),
    "repeats": ask(footfall.repeats),
    "retention": ask(footfall.retention),
    "retention/day": ask(
        footfall.retention,
        unit="day",
        periods=7,
        start="purchase",
        returning="purchase",
        kind="unbounded",
    ),
    "rfm": ask(footfall.rfm),
    "searches": ask(footfall.searches, results="results"),
    "segments": ask(footfall.segments, segments=[BUYERS, LOOKERS]),
    "sequential_patterns": ask(footfall.sequential_patterns, min_support=2),
    "series": ask(footfall.series),
    "series/ratio": ask(footfall.series, measure="purchase / view", unit="week"),
    "session_times": ask(footfall.session_times),
    "sessions": ask(footfall.sessions),
    "similar_users": ask(footfall.similar_users, segment=BUYERS, k=5),
    "step_matrix": ask(footfall.step_matrix),
    "step_matrix/around": ask(footfall.step_matrix, center="purchase", before=3),
    "stickiness": ask(footfall.stickiness),
    "survival": ask(footfall.survival),
    "transitions": ask(footfall.transitions),
    "value_segments": ask(footfall.value_segments),
    "whole_paths": ask(footfall.whole_paths),
    "why_they_drop": ask(footfall.why_they_drop, **STEPS),
}
# Asked of a log, too, but nothing to show, to draw or to break down: a file; texts to edit.
NO_ANSWERS = {"export_segment", "suggest_patterns"}
# Where `by` says what the question is about, and another option (if any) breaks it down.
BREAKDOWNS = {"attribution": "breakdown", "compare_funnels": ""}


def takes(name: str, option: str) -> bool:
    """Say whether a question has an option that is still free here."""
    asked = QUESTIONS[name]
    free = option not in getattr(asked, "keywords", {})
    return free and option in inspect.signature(asked).parameters


def breakdown(name: str) -> str:
    """Name the option that breaks a question down; "" where there is none."""
    option = BREAKDOWNS.get(name.partition("/")[0], "by")
    return option if option and takes(name, option) else ""


def public_questions() -> Iterator[str]:
    """Name the public functions of the analytics rooms that are asked of a log."""
    for name in footfall.__all__:
        found = getattr(footfall, name)
        if not inspect.isfunction(found) or not found.__module__.startswith("footfall.analytics."):
            continue
        if [*inspect.signature(found).parameters][:1] == ["log"]:
            yield name


def _visit(chance: np.random.Generator, user: int, day: int) -> list[dict[str, Any]]:
    """One visit: looks, often a search, sometimes a cart, a purchase, a review, a return."""
    kinds = [*chance.choice(["view", "search", "click", "view"], int(chance.integers(1, 6)))]
    if chance.random() < 0.7:
        kinds += ["add_to_cart"]
        kinds += ["remove_from_cart"] if chance.random() < 0.2 else []
        # Whoever pays for shipping mostly leaves the cart where it is.
        if chance.random() < (0.1 if user % 3 == 0 else 0.95):
            kinds += ["purchase"] * int(chance.integers(1, 4))
        kinds += ["review"] if chance.random() < 0.2 else []
        kinds += ["return"] if chance.random() < 0.15 else []
    pair = int(chance.integers(len(GOODS) // 2))  # things that go together
    start = START + day * DAY + int(chance.integers(6 * 60, 20 * 60)) * MINUTE
    channel = str(chance.choice(["mail", "ads", "social", "直接"]))
    rows = []
    for place, kind in enumerate(kinds):
        item = None if kind == "search" else 2 * pair + int(chance.integers(2))
        discount = float(chance.choice([0, 0, 0.1, 0.2]))
        price = None if item is None else round((900 + 450 * item) * (1 - discount))
        paid = kind in {"purchase", "return"}
        rows.append(
            {
                "user_id": f"u{user:02d}",
                # The last digits are the user's and the place's: no two events share a moment.
                "timestamp": start + place * 2 * MINUTE + user * 100 + place,
                "event_type": str(kind),
                "item_id": None if item is None else GOODS[item],
                "session_id": f"s{user}-{day}" if user % 3 else None,
                "quantity": int(chance.integers(1, 3)) if paid else None,
                "price": price,
                "amount": price if paid else None,
                "query": str(chance.choice(["茶 壶", "cup", "jam"])) if kind == "search" else None,
                "rating": float(chance.integers(1, 6)) if kind == "review" else None,
                "properties": json.dumps(
                    {
                        "channel": channel,
                        "device": "mobile" if user % 4 else "desktop",
                        "variant": "AB"[user % 2],
                        "discount": discount,
                        "page": f"/{'shop' if item else 'help'}/{item}",
                    }
                    | ({"shipping": 490 if user % 3 == 0 else 0} if kind == "add_to_cart" else {})
                    | ({"results": int(chance.integers(0, 4))} if kind == "search" else {}),
                    ensure_ascii=False,
                ),
            }
        )
    return rows


@cache
def events() -> pa.Table:
    """Give the events of the shop; no two at the same moment."""
    chance = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for user in range(USERS):
        days = np.unique(chance.integers(0, DAYS, 2 + user % 9))
        rows += [row for day in days for row in _visit(chance, user, int(day))]
    whole = {"timestamp": pa.int64(), "quantity": pa.int64(), "price": pa.int64()}
    whole |= {"amount": pa.int64(), "rating": pa.float64()}
    columns = {
        name: pa.array([row[name] for row in rows], whole.get(name, pa.string()))
        for name in rows[0]
    }
    columns["timestamp"] = columns["timestamp"].cast(pa.timestamp("us", tz="UTC"))
    return pa.table(columns)


def users() -> pa.Table:
    """Give the table of users; a few do not say where they live."""
    return pa.table(
        {
            "user_id": [f"u{user:02d}" for user in range(USERS)],
            "region": [REGIONS[user // 2 % 4] for user in range(USERS)],
            "age": [20 + user % 40 for user in range(USERS)],
        }
    )


def items() -> pa.Table:
    """Give the table of items."""
    return pa.table(
        {
            "item_id": [*GOODS],
            "category": ["茶具", "food", "茶具", "茶具", "food", "茶具", None, "food"],
            "brand": ["a", "b", "a", "c", "b", "c", "a", None],
        }
    )


def shop(*, buckets: int = 2, shuffled: int | None = None) -> MemoryLog:
    """Give the log of the shop, its users in ``buckets`` chunks, its rows in any order."""
    table = events()
    if shuffled is not None:
        table = table.take(np.random.default_rng(shuffled).permutation(table.num_rows))
    return MemoryLog.from_events(table, buckets=buckets, users=users(), items=items())
