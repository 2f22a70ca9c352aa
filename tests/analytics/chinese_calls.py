"""Every question, asked of one small log whose own words are all Chinese.

Whatever Latin letters are left in an answer said in Chinese are therefore ours, not the shop's.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer
from footfall.analytics.chinese import question
from footfall.analytics.scope.segments import Segment
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
START = 1_767_571_200_000_000  # Monday 2026-01-05
ITEMS = ("水壶", "茶壶", "茶杯", "咖啡豆", "滤纸", "托盘")
CHANNELS = ("邮件", "广告", "社交", "直达")
REGIONS = ("华北", "华东", "西南")
STEPS = ["view", "add_to_cart", "purchase"]
FUNNEL = {"steps": STEPS, "within": "7d"}


def _visit(chance: np.random.Generator, user: int, day: int) -> list[tuple[Any, ...]]:
    """One visit: looks, and sometimes more."""
    start = START + day * DAY + int(chance.integers(8 * 60, 23 * 60)) * 60_000_000
    channel = CHANNELS[int(chance.integers(4))]
    kinds = ["impression", "search", "view", "click", "view"]
    if chance.random() < 0.6:
        kinds += ["add_to_cart", "wishlist"]
    if chance.random() < 0.5:
        kinds += ["remove_from_cart", "checkout"] if user % 5 == 0 else ["checkout", "purchase"]
        kinds += ["purchase", "review"] if user % 3 == 0 else []
        kinds += ["return"] if user % 7 == 0 else []
    first = int(chance.integers(len(ITEMS)))
    rows = []
    for place, kind in enumerate(kinds):
        item = None if kind == "search" else ITEMS[(first + place % 2 * (1 + user % 2)) % 6]
        amount = 1000 + 700 * ITEMS.index(item) - 300 * (user % 2) if item else None
        rows.append(
            (
                f"用户{user:03d}",
                start + place * 90_000_000,
                kind,
                item,
                amount,
                channel,
                f"{user}-{day}",
            )
        )
    return rows


def shop() -> MemoryLog:
    """60 users over 8 weeks; regions, categories, brands, channels, search words, ratings."""
    chance = np.random.default_rng(5)
    rows: list[tuple[Any, ...]] = []
    for user in range(60):
        days = sorted({int(day) for day in chance.integers(0, 56, 2 + user % 6)})
        rows += [row for day in days for row in _visit(chance, user, day)]
    kinds = [row[2] for row in rows]
    bought = [kind in {"purchase", "return"} for kind in kinds]
    properties = [
        json.dumps(
            {
                "channel": row[5],
                "device": "手机" if int(row[0][2:]) % 3 else "电脑",
                "discount": 0.1 if row[4] and row[4] % 2 else 0,
                "组别": "甲" if int(row[0][2:]) % 2 else "乙",
            },
            ensure_ascii=False,
        )
        for row in rows
    ]
    events = pa.table(
        {
            "user_id": [row[0] for row in rows],
            "timestamp": pa.array([row[1] for row in rows], pa.int64()).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": kinds,
            "item_id": pa.array([row[3] for row in rows], pa.string()),
            "session_id": [row[6] for row in rows],
            "quantity": pa.array([1 if b else None for b in bought], pa.int64()),
            "price": pa.array(
                [row[4] if row[3] else None for row in rows], pa.int64()
            ),
            "amount": pa.array(
                [row[4] if b else None for row, b in zip(rows, bought, strict=True)], pa.int64()
            ),
            "query": pa.array(["茶" if kind == "search" else None for kind in kinds], pa.string()),
            "rating": pa.array([5.0 if k == "review" else None for k in kinds], pa.float64()),
            "properties": properties,
        }
    )  # fmt: skip
    users = pa.table(
        {
            "user_id": [f"用户{user:03d}" for user in range(60)],
            "gender": ["女" if user % 2 else "男" for user in range(60)],
            "region": [REGIONS[user % 3] if user % 20 else None for user in range(60)],
        }
    )
    items = pa.table(
        {
            "item_id": list(ITEMS),
            "category": ["茶具", "茶具", "茶具", "咖啡", "咖啡", "杂货"],
            "brand": ["甲牌", "乙牌", "甲牌", "丙牌", "丙牌", "乙牌"],
            "price": [1000, 1700, 2400, 3100, 3800, 4500],
        }
    )
    return MemoryLog.from_events(events, users=users, items=items)


def asked(name: str, **options: Any) -> Callable[[MemoryLog], Answer]:
    """A question by its public name, with options."""
    return lambda log: question(name)(log, **options)


def calls() -> dict[str, list[Callable[[MemoryLog], Answer]]]:
    """Public name of a question to the ways in which it is asked here; a breakdown among them."""
    by = {"by": "region"}
    bought = Segment("常买", rule="count(purchase) >= 2")
    few = Segment("很少来", rule="count(view) < 8")
    moment = "2026-02-10"
    return {
        "after_drop": [asked("after_drop", **FUNNEL), asked("after_drop", **FUNNEL, **by)],
        "aipl": [
            asked("aipl"),
            asked("aipl", **by),
            asked("aipl", since="2026-01-25", at="2026-02-25"),
        ],
        "attribution": [
            asked("attribution", lookback="3m", draws=20),
            asked("attribution", value="money", draws=0, breakdown="region", direct="直达"),
        ],
        "basket_rules": [
            asked("basket_rules", min_support=2),
            asked("basket_rules", min_support=50),
            asked("basket_rules", min_support=2, of="sessions", size=3, **by),
        ],
        "cluster_segments": [asked("cluster_segments", k=3), asked("cluster_segments", k=2, **by)],
        "compare_funnels": [asked("compare_funnels", **FUNNEL, **by)],
        "compare": [
            asked("compare", arms="properties.组别"),
            asked("compare", segments=[bought, few], **by),
            asked("compare", segments=[few, bought]),
            asked("compare", periods=["2026-01-05..2026-01-31", "2026-02-01..2026-02-28"]),
        ],
        "complements": [
            asked("complements", min_support=2),
            asked("complements", min_support=2, **by),
        ],
        "contrast_paths": [
            asked("contrast_paths"),
            asked("contrast_paths", segments=(bought, few), **by),
        ],
        "dead_ends": [asked("dead_ends"), asked("dead_ends", nodes="category", per="user", **by)],
        "distribution": [
            asked("distribution", of="view"),
            asked("distribution", measure="days", per="week", **by),
            asked("distribution", measure="sum of amount"),
        ],
        "engagement": [asked("engagement"), asked("engagement", **by)],
        "entries_exits": [asked("entries_exits"), asked("entries_exits", nodes="category", **by)],
        "funnel": [
            asked("funnel", **FUNNEL),
            asked("funnel", **FUNNEL, **by),
            asked("funnel", **FUNNEL, per="session"),
            asked("funnel", **FUNNEL, by="gender"),
            asked("funnel", **FUNNEL, per="session", order="any", by="channel", top=2),
            asked("funnel", **FUNNEL, same_item=True, excluding="remove_from_cart"),
        ],
        "funnel_trend": [
            asked("funnel_trend", **FUNNEL, unit="week"),
            asked("funnel_trend", **FUNNEL, **by),
        ],
        "intervals": [
            asked("intervals", start="view", end="purchase"),
            asked("intervals", start="purchase", pairs="first", same_item=True, **by),
        ],
        "lifecycle": [asked("lifecycle"), asked("lifecycle", unit="month", **by)],
        "lifetime_value": [
            asked("lifetime_value"),
            asked("lifetime_value", unit="week", returns="return", **by),
        ],
        "losing_pages": [
            asked("losing_pages", least=5),
            asked("losing_pages", least=5, category="category", **by),
        ],
        "loops": [asked("loops"), asked("loops", per="user", **by)],
        "movement": [asked("movement", segments=[bought, few], at=["2026-01-20", moment], **by)],
        "order_value": [asked("order_value"), asked("order_value", unit="week", **by)],
        "pareto": [asked("pareto"), asked("pareto", unit="item", **by)],
        "path_tree": [asked("path_tree", start="view"), asked("path_tree", end="purchase", **by)],
        "paths": [
            asked("paths"),
            asked("paths", length=2, per="user", collapse_repeats=True, **by),
        ],
        "portrait": [asked("portrait", segment=bought), asked("portrait", segment=bought, **by)],
        "price_response": [
            asked("price_response"),
            asked("price_response", discount="discount"),
            asked("price_response", **by),
        ],
        "profile": [asked("profile", user_id="用户011")],
        "profiles": [asked("profiles"), asked("profiles", **by)],
        "promotion": [
            asked(
                "promotion",
                during="2026-02-01..2026-02-07",
                promoted="category = 茶具",
                control="category = 咖啡",
                measure="revenue",
                replicates=20,
            ),
            asked(
                "promotion", during="2026-02-01..2026-02-07", measure="users", replicates=20, **by
            ),
        ],
        "purchase_paths": [
            asked("purchase_paths"),
            asked("purchase_paths", nodes="category", **by),
        ],
        "repeats": [asked("repeats")],
        "retention": [
            asked("retention"),
            asked(
                "retention",
                unit="day",
                periods=7,
                start="purchase",
                returning="purchase",
                kind="unbounded",
                **by,
            ),
            asked("retention", weight="money", returning="purchase", brackets=[0, "1-2"]),
            asked("retention", windows="own", kind="within"),
        ],
        "rfm": [asked("rfm"), asked("rfm", **by), asked("rfm", names="eleven")],
        "searches": [asked("searches"), asked("searches", **by)],
        "segments": [
            asked("segments", segments=[bought, few]),
            asked("segments", segments=[bought, few], **by),
        ],
        "sequential_patterns": [
            asked("sequential_patterns", min_support=2),
            asked("sequential_patterns", min_support=2, **by),
        ],
        "series": [
            asked("series"),
            asked("series", measure="revenue", unit="week", **by),
            asked("series", measure="purchase / view"),
        ],
        "session_times": [asked("session_times"), asked("session_times", **by)],
        "sessions": [asked("sessions"), asked("sessions", **by)],
        "similar_users": [asked("similar_users", segment=bought, k=5)],
        "step_matrix": [
            asked("step_matrix"),
            asked("step_matrix", center="purchase", before=3, **by),
        ],
        "stickiness": [asked("stickiness"), asked("stickiness", per="month", **by)],
        "suggest_patterns": [asked("suggest_patterns", field="channel")],
        "survival": [
            asked("survival"),
            asked("survival", start="purchase", silence="14d", to="last seen", **by),
        ],
        "transitions": [asked("transitions"), asked("transitions", per="user", **by)],
        "value_segments": [asked("value_segments"), asked("value_segments", unit="item", **by)],
        "whole_paths": [asked("whole_paths"), asked("whole_paths", per="user", **by)],
        "why_they_drop": [asked("why_they_drop", **FUNNEL), asked("why_they_drop", **FUNNEL, **by)],
    }
