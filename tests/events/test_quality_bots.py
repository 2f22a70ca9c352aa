from itertools import pairwise

import numpy as np
from hypothesis import given, settings, strategies as st

from footfall.events.quality.bots import measure_bots, merge_bots
from footfall.events.quality.options import QualityOptions

SECOND = 1_000_000
HOUR = 3600 * SECOND
IMPRESSION = 10
# Limits so low that short random logs meet them.
LOW = QualityOptions(bot_hour_events=3, bot_gap_seconds=900.0, bot_hours=3)


class _Chunk:
    def __init__(self, users):
        self.users = np.arange(len(users), dtype=np.int32)
        self.offsets = np.cumsum([0, *map(len, users)]).astype(np.int64)
        rows = [row for user in users for row in sorted(user)]
        self._columns = {
            "timestamp": np.array([time for time, _ in rows], np.int64),
            "event_type": np.array([kind for _, kind in rows], np.int16),
        }

    def __getitem__(self, name):
        return self._columns[name]


def _plainly(rows):
    """The rule as one would write it down: (busiest hour, median gap in seconds, hours)."""
    acts = sorted({time for time, kind in rows if kind != IMPRESSION})
    busiest = max((sum(0 <= a - b < HOUR for a in acts) for b in acts), default=0)
    gaps = sorted(b - a for a, b in pairwise(acts))
    median = gaps[(len(gaps) - 1) // 2] / SECOND if gaps else None
    hours = {act // HOUR for act in acts}
    active = max((sum(0 <= h - first < 24 for h in hours) for first in hours), default=0)
    return busiest, median, active


minutes = st.integers(-3000, 3000).map(lambda minute: minute * 60 * SECOND)
user = st.lists(st.tuples(minutes, st.sampled_from([0, 7, IMPRESSION])), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.lists(user, max_size=4))
def test_the_kernels_flag_whom_the_plain_rule_flags(users):
    found = {
        bot.user: bot for bot in measure_bots(_Chunk(users), impression=IMPRESSION, options=LOW)
    }
    for number, rows in enumerate(users):
        busiest, median, active = _plainly(rows)
        hasty = busiest > 3 and median is not None and median <= 900
        assert (number in found) == (hasty or active >= 3)
        if number in found:
            bot = found[number]
            assert (bot.events, bot.busiest_hour) == (len(rows), busiest)
            assert (bot.median_gap_seconds, bot.active_hours) == (median, active)
            assert bot.reasons == ("hasty",) * hasty + ("sleepless",) * (active >= 3)


def test_flagged_users_come_with_most_events_first():
    busy = [(n * SECOND, 0) for n in range(8)]
    parts = [
        measure_bots(_Chunk([busy[:5], busy]), impression=IMPRESSION, options=LOW),
        measure_bots(_Chunk([busy[:6]]), impression=IMPRESSION, options=LOW),
    ]
    assert [bot.events for bot in merge_bots(parts)] == [8, 6, 5]
