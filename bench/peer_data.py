"""What the questions of bench/analytics.py mean, for every engine alike."""

from collections.abc import Callable

WEEK = 7 * 86_400_000_000
MONDAY = 1_766_966_400_000_000  # 2025-12-29 UTC, microseconds: before every event
WEEKS = 13  # complete weeks from that Monday on
DAY = 86_400_000_000
AT = 1_775_001_600_000_000  # 2026-04-01 UTC: after every event
GAP = 30 * 60 * 1_000_000
WITHIN = WEEK
KINDS = 5
VIEW, CART, CHECKOUT, PURCHASE = range(4)
STEPS = (VIEW, CART, CHECKOUT, PURCHASE)

Ask = Callable[[], list[int]]
