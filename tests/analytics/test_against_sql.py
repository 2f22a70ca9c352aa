"""Every question that SQL can ask, asked of DuckDB over the same 200,000 random events."""

import math

import numpy as np
import pyarrow as pa
import pytest

from footfall.analytics.attribution import attribution
from footfall.analytics.basket import basket_rules
from footfall.analytics.cohort.distribution import distribution
from footfall.analytics.cohort.intervals import intervals
from footfall.analytics.cohort.lifecycle import lifecycle
from footfall.analytics.cohort.retention import retention
from footfall.analytics.cohort.stickiness import stickiness
from footfall.analytics.cohort.survival import survival
from footfall.analytics.compare import compare
from footfall.analytics.funnel import funnel, funnel_trend
from footfall.analytics.operations.losing_pages import losing_pages
from footfall.analytics.operations.searches import searches
from footfall.analytics.operations.series import series
from footfall.analytics.path import dead_ends, loops, paths, step_matrix, transitions, whole_paths
from footfall.analytics.segment.measures import measure_users
from footfall.analytics.sessions import engagement, entries_exits, session_times, sessions
from footfall.analytics.value import lifetime_value, order_value, pareto, repeats, rfm
from footfall.store.memory import MemoryLog

EVENTS, USERS = 200_000, 6_000
MINUTE = 60_000_000
DAY = 1440 * MINUTE
BEGIN = 1_767_571_200_000_000  # a Monday: 2026-01-05
TYPES = np.array(["view", "click", "search", "add_to_cart", "remove_from_cart", "purchase"])
OWN = "(partition by user_id order by seq)"
BEFORE = "rows between unbounded preceding and 1 preceding"
AFTER = "rows between 1 following and unbounded following"

# Every event in log order, and the session it is in.
PREPARE = f"""
create or replace temp table ordered as
  select *, row_number() over (order by user_id, ts, arrival) as seq from random_events;
create or replace temp table e as
with lagged as (
  select *, lag(ts) over {OWN} as ts_before, lag(session_id) over {OWN} as id_before,
    lag(seq) over {OWN} as seq_before from ordered)
select * exclude (ts_before, id_before, seq_before),
  sum(case when seq_before is null or session_id is distinct from id_before
    or (session_id is null and ts - ts_before > {30 * MINUTE}) then 1 else 0 end)
    over (order by seq rows unbounded preceding) as session,
  date_trunc('week', make_timestamp(ts)) as week, date_trunc('month', make_timestamp(ts)) as month,
  make_timestamp(ts)::date as day
from lagged
"""


def random_events():
    """Bursts of events, silences of days between them, ties, and sessions given here and there."""
    dice = np.random.default_rng(7)
    user = np.sort(np.minimum(dice.zipf(1.3, EVENTS), USERS) * 7919 % USERS)
    user[: EVENTS // 2] = dice.integers(0, USERS, EVENTS // 2)
    user.sort()
    gap = dice.choice(
        [0, 1, 9, 30, 31, 400, 1440], EVENTS, p=[0.15, 0.3, 0.3, 0.1, 0.05, 0.06, 0.04]
    )
    passed = np.cumsum(gap * MINUTE)
    first = np.searchsorted(user, user)
    late = dice.integers(0, 40 * DAY // MINUTE, USERS)[user] * MINUTE
    time = BEGIN + (passed - passed[first] + late) % (60 * DAY)
    kind = dice.choice(TYPES, EVENTS, p=[0.4, 0.2, 0.1, 0.15, 0.05, 0.1])
    item = dice.zipf(1.4, EVENTS) % 60
    given = (user % 5 == 0) & (dice.random(EVENTS) < 0.9)
    query = dice.choice(["tea", "cup", "kettle", "pot"], EVENTS)
    channel = dice.choice(["mail", "ads", "direct"], EVENTS)
    columns = {
        "user_id": [f"u{one:05}" for one in user],
        "timestamp": pa.array(time).cast(pa.timestamp("us", tz="UTC")),
        "event_type": kind,
        "item_id": pa.array([f"i{one:02}" for one in item], mask=dice.random(EVENTS) < 0.1),
        "session_id": pa.array([f"s{one // (3 * DAY)}" for one in time], mask=~given),
        "amount": np.where(kind == "purchase", dice.integers(1, 20_000, EVENTS), 0),
        "query": pa.array(query, mask=kind != "search"),
        "properties": pa.array([f'{{"channel": "{one}"}}' for one in channel]),
    }
    table = pa.table({"channel": channel, **columns})
    return table.take(pa.array(dice.permutation(EVENTS)))


@pytest.fixture(scope="module")
def events():
    return random_events()


@pytest.fixture(scope="module")
def log(events):
    return MemoryLog.from_events(events.drop_columns(["channel"]), buckets=5)


@pytest.fixture(scope="module")
def sql(duck, events):
    table = events.append_column("ts", events.column("timestamp").cast(pa.int64()))
    duck.register("random_events", table.append_column("arrival", pa.array(range(EVENTS))))
    duck.execute(PREPARE)
    return lambda query: duck.execute(query).fetchall()


def rows_of(table, *names):
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def same(found, truth):
    """Same rows, whatever their order; and enough of them that they mean something."""
    assert len(found) == len(set(found))
    assert truth
    assert set(found) == set(truth)


def wanted(step):
    return "event_type in (" + ", ".join(f"'{name}'" for name in step.split("|")) + ")"


def ordered_form(steps, within, inside="user_id"):
    """The latest start is always the best, so a running maximum does."""
    tables = [f"t0 as (select *, case when {wanted(steps[0])} then ts end as s0 from e)"]
    for k in range(1, len(steps)):
        before = f"(partition by {inside} order by seq {BEFORE})"
        hit = f"{wanted(steps[k])} and ts - best{k} <= {within}"
        tables.append(f"m{k} as (select *, max(s{k - 1}) over {before} as best{k} from t{k - 1})")
        tables.append(f"t{k} as (select *, case when {hit} then best{k} end as s{k} from m{k})")
    return f"with {', '.join(tables)} ", f"t{len(steps) - 1}"


STEPS = ["view|click", "add_to_cart", "view", "purchase"]
WITHIN = [10 * MINUTE, DAY, 20 * DAY]


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize(
    ("options", "inside"),
    [
        ({}, "user_id"),
        ({"same_item": True}, "user_id, coalesce(item_id, seq::varchar)"),
        ({"per": "session"}, "session"),
    ],
)
def test_ordered_steps_are_those_of_running_maxima(log, sql, within, options, inside):
    head, last = ordered_form(STEPS, within, inside)
    unit = "session" if "per" in options else "user_id"
    counts = [f"count(distinct {unit}) filter (s{k} is not null)" for k in range(4)]
    truth = sql(
        f"{head} select {', '.join(counts)}"
        f" from {last} {'where item_id is not null' if 'same_item' in options else ''}"
    )[0]
    answer = funnel(log, steps=STEPS, within=f"{within}us", **options)
    unit = "sessions" if "per" in options else "users"
    assert answer.frame.column(unit).to_pylist() == list(truth)
    assert truth[3] > 0


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("per", ["user", "session"])
def test_strict_steps_are_those_of_leads(log, sql, within, per):
    steps, inside = ["view", "click|view", "add_to_cart"], {"user": "user_id"}.get(per, per)
    own = f"over (partition by {inside} order by seq)"
    cells = [
        f"lead({wanted(s)}, {k}) {own} and lead(ts, {k}) {own} - ts <= {within} as s{k}"
        for k, s in enumerate(steps)
    ]
    counts = [
        f"count(distinct {inside}) filter ({' and '.join(f's{j}' for j in range(k + 1))})"
        for k in range(3)
    ]
    truth = sql(
        f"with t as (select *, {', '.join(cells)} from e) select {', '.join(counts)} from t"
    )
    answer = funnel(log, steps=steps, within=f"{within}us", order="strict", per=per)
    assert answer.frame.column(f"{per}s").to_pylist() == list(truth[0])


@pytest.mark.parametrize("within", WITHIN)
def test_steps_in_any_order_are_different_types_in_a_window(log, sql, within):
    steps = ["search", "add_to_cart", "purchase"]
    ahead = (
        f"over (partition by user_id order by ts range between current row and {within} following)"
    )
    kinds = " + ".join(f"max(({wanted(s)})::int) {ahead}" for s in steps)
    counts = ", ".join(f"count(distinct user_id) filter (kinds >= {k})" for k in (1, 2, 3))
    truth = sql(f"with t as (select user_id, {kinds} as kinds from e) select {counts} from t")
    answer = funnel(log, steps=steps, within=f"{within}us", order="any")
    assert answer.frame.column("users").to_pylist() == list(truth[0])


def test_excluded_events_and_conditions_are_those_of_running_maxima(log, sql):
    truth = sql(
        f"""with t as (select *,
          max(case when event_type = 'view' then seq end) over before as view_seq,
          max(case when event_type = 'view' then ts end) over before as view_ts,
          max(case when event_type = 'remove_from_cart' then seq end) over before as broken
          from e window before as (partition by user_id order by seq
            rows between unbounded preceding and 1 preceding))
        select count(distinct user_id), count(distinct user_id) filter (event_type = 'purchase'
          and amount > 10000 and ts - view_ts <= {DAY} and coalesce(broken, 0) < view_seq)
        from t where event_type = 'view' or event_type = 'purchase'
          and user_id in (select user_id from e where event_type = 'view')"""
    )[0]
    answer = funnel(
        log, steps=["view", "purchase[amount > 100]"], within="1d", excluding="remove_from_cart"
    )
    assert answer.frame.column("users").to_pylist() == list(truth)


def test_a_trend_is_a_funnel_of_each_days_first_steps(log, sql):
    truth = sql(
        f"""with t as (select *, min(case when event_type = 'purchase' then ts end) over (
          partition by user_id order by seq {AFTER}) as next
          from e)
        select day::varchar, count(distinct user_id),
          count(distinct user_id) filter (next - ts <= {DAY})
        from t where event_type = 'add_to_cart' group by day"""
    )
    answer = funnel_trend(log, steps="add_to_cart,purchase", within="1d", unit="day")
    found = {}
    for row in answer.frame.to_pylist():
        found.setdefault(row["period"], []).append(row["users"])
    same([(day, *users) for day, users in found.items()], truth)


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("per", ["session", "user"])
def test_paths_are_those_of_leads(log, sql, collapse, per):
    inside = {"user": "user_id"}.get(per, per)
    truth = sql(
        f"""with marked as (select *, lag(event_type) over (partition by {inside} order by seq)
            as type_before from e),
          runs as (select user_id, event_type || ' > ' || lead(event_type, 1) over own || ' > '
            || lead(event_type, 2) over own as path from marked
            where not {collapse} or event_type is distinct from type_before
            window own as (partition by {inside} order by seq))
        select path, count(*), count(distinct user_id) from runs
        where path is not null group by 1"""
    )
    answer = paths(log, length=3, per=per, shown=1000, collapse_repeats=collapse)
    same(rows_of(answer.frame, "path", "occurrences", "users"), truth)


def test_transitions_are_neighbors_with_starts_and_ends(log, sql):
    truth = sql(
        """with pairs as (
          select user_id, event_type as source,
            coalesce(lead(event_type) over own, '(end)') as target from e
            window own as (partition by session order by seq)
          union all select user_id, '(start)', first(event_type order by seq)
            from e group by user_id, session)
        select source, target, count(*), count(distinct user_id) from pairs group by all"""
    )
    answer = transitions(log)
    same(rows_of(answer.frame, "source", "target", "occurrences", "users"), truth)


def test_whole_paths_are_sessions_as_text(log, sql):
    truth = sql(
        """with s as (select user_id, string_agg(event_type, ' > ' order by seq) as path,
          count(*) as n from e group by user_id, session)
        select path, count(*), count(distinct user_id) from s where n <= 4 group by 1"""
    )
    answer = whole_paths(log, longest=4, shown=10_000)
    same(rows_of(answer.frame, "path", "units", "users"), truth)


def test_loops_are_runs_that_come_back(log, sql):
    truth = sql(
        """with t as (select user_id, event_type as a, lead(event_type, 1) over own as b,
          lead(event_type, 2) over own as c from e
          window own as (partition by session order by seq))
        select a || ' > ' || b, count(*), count(distinct user_id) from t where a = b group by 1
        union all select a || ' > ' || b || ' > ' || c, count(*), count(distinct user_id) from t
        where a = c and a <> b group by 1"""
    )
    answer = loops(log, longest=2, shown=1000)
    same(rows_of(answer.frame, "loop", "occurrences", "users"), truth)


def test_steps_of_the_matrix_are_row_numbers(log, sql):
    truth = sql(
        """with t as (select user_id, session, event_type,
          row_number() over (partition by session order by seq) as step from e)
        select step, event_type, count(*), count(distinct user_id) from t
        where step <= 5 group by all"""
    )
    answer = step_matrix(log, steps=5)
    found = rows_of(answer.frame, "step", "node", "units", "users")
    same([row for row in found if row[1] != "(ended)"], truth)


SESSIONS = """
s as (select user_id, session, count(*) as events, min(ts) as first, max(ts) as last,
  count(distinct item_id) as items, sum(amount) as money,
  bool_or(event_type = 'purchase') as bought, first(event_type order by seq) as entry,
  last(event_type order by seq) as exit from e group by user_id, session)
"""


def test_sessions_are_those_of_lags(log, sql):
    truth = sql(
        f"""with {SESSIONS} select count(*), count(distinct user_id), sum(events),
          quantile_disc(events, 0.5), quantile_disc(events, 0.9), quantile_disc(items, 0.5),
          quantile_disc(last - first, 0.9) / {MINUTE},
          count(*) filter (events = 1), count(distinct user_id) filter (events = 1),
          count(*) filter (bought), count(distinct user_id) filter (bought), sum(money) from s"""
    )[0]
    names = ["sessions", "users", "events", "events_median", "events_p90", "items_median"]
    names += ["minutes_p90", "bounces", "bounce_users", "purchases", "purchase_users"]
    assert rows_of(sessions(log).frame, *names, "revenue_minor") == [truth]


def test_entries_exits_and_dead_ends_are_first_and_last_events(log, sql):
    truth = sql(
        f"""with {SESSIONS}, types as (select distinct event_type as node from e)
        select node, (select count(*) from s where entry = node),
          (select count(*) from s where entry = node and events = 1),
          (select count(*) from s where entry = node and bought),
          (select count(*) from s where exit = node),
          (select count(distinct user_id) from s where exit = node and bought) from types"""
    )
    names = ["node", "entries", "bounces", "entry_goals", "exits", "exit_goal_users"]
    same(rows_of(entries_exits(log).frame, *names), truth)
    truth = sql(
        f"with {SESSIONS} select exit, count(*) filter (not bought),"
        " count(distinct user_id) filter (not bought) from s group by 1"
    )
    same(rows_of(dead_ends(log).frame, "node", "dead_ends", "users"), truth)


def test_silences_are_lags_of_sessions(log, sql):
    hours = [0, 1, 6, 24, 48, 72, 168, 336, 720]
    cases = " + ".join(f"(silence >= {hour * 60 * MINUTE})::int" for hour in hours)
    truth = sql(
        f"""with {SESSIONS}, t as (select user_id, first - lag(last) over
          (partition by user_id order by session) as silence from s)
        select {cases} as bin, count(*), count(distinct user_id) from t where silence is not null
        group by 1 order by 1"""
    )
    found = rows_of(session_times(log).frame, "times", "users")
    assert [row for row in found if row[0]] == [row[1:] for row in truth]


def test_engagement_is_counted_by_hour_and_weekday(log, sql):
    truth = sql(
        f"""with {SESSIONS}, t as (select e.*, e.ts = s.first and e.seq = min(e.seq) over
          (partition by e.session) as starts from e join s using (session))
        select dayname(make_timestamp(ts)), hour(make_timestamp(ts)), count(*),
          count(distinct t.user_id), count(*) filter (starts),
          count(*) filter (event_type = 'purchase') from t group by all"""
    )
    names = ["weekday", "hour", "events", "users", "sessions", "purchases"]
    same(rows_of(engagement(log).frame, *names), truth)


@pytest.mark.parametrize("of", ["any event", "purchase"])
def test_lifecycle_is_what_joins_of_weeks_say(log, sql, of):
    truth = sql(
        f"""with a as (select distinct user_id, week from e
            where {of == "any event"} or event_type = 'purchase'),
          t as (select *, min(week) over (partition by user_id) as first,
            lag(week) over own as before, lead(week) over own as after from a
            window own as (partition by user_id order by week)),
          weeks as (select distinct week from e)
        select week::date::varchar, count(*), count(*) filter (week = first),
          count(*) filter (before = week - interval 7 days),
          count(*) filter (before < week - interval 7 days),
          coalesce((select count(*) from t as old where old.week = t.week - interval 7 days
            and old.after is distinct from t.week), 0) from t group by week"""
    )
    names = ["period", "active", "new", "returning", "resurrecting", "dormant"]
    # Who of the last week will not come back is not known before the next one.
    found = rows_of(lifecycle(log, of=of).frame, *names)
    same([row for row in found if row[5] is not None], [row for row in truth if row[0] < "2026-03"])


def test_stickiness_is_counted_over_rolling_days(log, sql):
    truth = sql(
        """with a as (select distinct user_id, day from e), days as (select distinct day from e)
        select days.day::varchar, count(distinct user_id) filter (a.day = days.day),
          count(distinct user_id) filter (a.day > days.day - 7), count(distinct user_id)
        from days join a on a.day between days.day - 29 and days.day group by 1 order by 1"""
    )
    found = rows_of(stickiness(log).frame, "day", "dau", "wau", "mau")
    assert len(found) == len(truth) == 60
    assert found[29:] == truth[29:]
    assert found[0] == (truth[0][0], truth[0][1], None, None)


@pytest.mark.parametrize("start", ["first event", "purchase"])
@pytest.mark.parametrize(("kind", "holds"), [("bounded", "="), ("unbounded", ">=")])
def test_weekly_retention_is_a_join_of_weeks(log, sql, start, kind, holds):
    truth = sql(
        f"""with starts as (select user_id, min(seq) as seq, min(week) as cohort from e
            where {start == "first event"} or event_type = 'purchase' group by 1),
          sizes as (select cohort, count(*) as users from starts group by 1),
          ages as (select unnest(range(4)) as age),
          back as (select cohort, s.user_id, datediff('week', cohort, e.week) as week
            from starts s join e on e.user_id = s.user_id and e.seq >= s.seq)
        select cohort::date::varchar, any_value(users), age, count(distinct back.user_id)
        from sizes join ages on true left join back using (cohort)
        where week {holds} age group by cohort, age"""
    )
    answer = retention(log, start=start, kind=kind, periods=3)
    frame = rows_of(answer.frame, "cohort", "users", "period", "retained")
    same([(c, u, int(p), n) for c, u, p, n in frame if n], truth)


def test_intervals_are_times_to_the_next_end(log, sql):
    truth = sql(
        f"""with t as (select *, min(case when event_type = 'purchase' then ts end) over (
          partition by user_id order by seq {AFTER}) - ts
          as took from e)
        select count(*), count(*) filter (took < 3600000000), quantile_disc(took, 0.5)
        from t where event_type = 'view' and took is not null"""
    )[0]
    answer = intervals(log, start="view", end="purchase", bins=["1h"])
    pairs = answer.frame.column("pairs").to_pylist()
    assert (sum(pairs), pairs[0]) == truth[:2]
    assert answer.quantiles.column("median_minutes").to_pylist() == [truth[2] / MINUTE]


def test_distributions_are_groups_of_groups(log, sql):
    truth = sql(
        """with t as (select count(*) as n from e where event_type = 'purchase' group by user_id)
        select n, count(*) from t where n < 20 group by 1"""
    )
    answer = distribution(log, of="purchase", bins=range(1, 21))
    found = rows_of(answer.frame, "bin", "users")
    same([(int(name), users) for name, users in found if name.isdigit() and users], truth)


def test_survival_is_counted_in_whole_days(log, sql):
    truth = sql(
        f"""with t as (select user_id, min(ts) as first,
            min(case when event_type = 'purchase' then ts end) as reached from e group by 1),
          u as (select (coalesce(reached, (select max(ts) from e)) - first) // {DAY} as time,
            reached is not null as happened from t),
          c as (select time, count(*) filter (happened) as events,
            count(*) filter (not happened) as censored from u group by 1)
        select time, sum(events + censored) over (order by time desc), events, censored from c"""
    )
    answer = survival(log)
    found = rows_of(answer.frame, "time", "at_risk", "events", "censored")
    same([row for row in found if row[2] or row[3]], truth)


ORDERS = """
lines as (select *, lag(seq) over own as line_before, lag(session_id) over own as id_before,
    lag(ts) over own as ts_before from e where event_type = 'purchase'
    window own as (partition by user_id order by seq)),
numbered as (select *, sum(case when line_before is null then 1
    when session_id is not null and id_before is not null then (session_id <> id_before)::int
    else (ts <> ts_before)::int end) over (order by seq rows unbounded preceding) as one
  from lines),
orders as (select user_id, one, min(ts) as ts, min(month) as month, sum(amount) as money,
  count(*) as lines from numbered group by user_id, one)
"""


def test_recency_frequency_and_money_are_those_of_group_by(log, sql):
    truth = sql(
        f"""with {ORDERS} select user_id, ((select max(ts) from e) - max(l.ts)) // {DAY},
          count(distinct one), sum(amount) from numbered l group by 1"""
    )
    same(rows_of(rfm(log).scores(), "user_id", "recency_days", "orders", "amount_minor"), truth)


def test_orders_are_the_same_in_every_question_that_counts_visits(log):
    orders = order_value(log, order="visit").total.to_pylist()[0]
    scores = rfm(log, order="visit").scores()
    tally = measure_users(log).tally
    assert sum(scores.column("orders").to_pylist()) == orders["orders"]
    assert repeats(log, order="visit").orders == orders["orders"]
    assert int(tally.count("orders").sum()) == orders["orders"]
    found = attribution(log, touch="click", model="last", draws=0)
    assert found.conversions + found.untouched_conversions == orders["orders"]
    asked = ["orders_per_user", "average_order_value"]
    periods = ["2026-01-01..2026-01-31", "2026-02-01..2026-02-28"]
    measured = compare(log, periods=periods, measures=asked).frame.to_pylist()
    january = order_value(log, order="visit", between=periods[0]).total.to_pylist()[0]
    assert math.isclose(measured[1]["value_a"], january["average_order"])


def test_orders_by_month_are_those_of_group_by(log, sql):
    truth = sql(
        f"""with {ORDERS} select strftime(month, '%Y-%m'), count(*), count(distinct user_id),
          sum(money), quantile_disc(money, 0.5) from orders group by month"""
    )
    names = ["period", "orders", "buyers", "revenue_minor", "median_order_minor"]
    same(rows_of(order_value(log).frame, *names), truth)


def test_orders_that_come_back_are_leads_in_whole_days(log, sql):
    truth = sql(
        f"""with {ORDERS}, t as (select
            lead(ts) over (partition by user_id order by one) - ts as wait from orders)
        select wait // {DAY}, count(*) from t where wait is not null group by 1"""
    )
    answer = repeats(log)
    same([row for row in rows_of(answer.frame, "day", "came_back") if row[1]], truth)
    lines = sql(
        f"""with {ORDERS}, t as (select one, min(one) over (partition by user_id, item_id) as first
          from numbered where item_id is not null)
        select count(*), count(*) filter (one > first) from t"""
    )
    assert [(answer.lines, answer.repeat_lines)] == lines


def test_lifetime_value_is_a_running_sum_of_cohorts(log, sql):
    truth = sql(
        f"""with {ORDERS}, starts as (select user_id, min(month) as cohort from orders group by 1),
          ages as (select unnest([0, 1]) as age)
        select strftime(cohort, '%Y-%m'), age, count(distinct user_id),
          sum(money) filter (datediff('month', cohort, month) <= age)
        from orders join starts using (user_id) join ages on true group by 1, 2"""
    )
    found = rows_of(lifetime_value(log).frame, "cohort", "age", "users", "revenue_minor")
    same(
        [row for row in found if row[3]], [row for row in truth if row[0] < "2026-02" or not row[1]]
    )


def test_the_share_of_the_best_buyers_is_that_of_sorted_sums(log, sql):
    truth = sql(
        """with t as (select sum(amount) as money from e where event_type = 'purchase'
          group by user_id), r as (select money, row_number() over (order by money desc) as place,
          ceil(0.2 * count(*) over ()) as best from t)
        select any_value(best)::int, sum(money) from r where place <= best"""
    )
    answer = pareto(log, best=[0.2])
    same(rows_of(answer.frame, "members", "revenue_minor"), truth)


def test_rules_of_pairs_are_self_joins_of_orders(log, sql):
    truth = sql(
        f"""with {ORDERS}, things as (select distinct one, user_id, item_id from numbered
            where item_id is not null),
          counts as (select item_id, count(*) as n from things group by 1)
        select a.item_id, b.item_id, count(*), count(distinct a.user_id),
          count(*) / any_value(n) from things a join things b using (one)
          join counts on counts.item_id = a.item_id
        where a.item_id <> b.item_id group by 1, 2 having count(*) >= 5"""
    )
    answer = basket_rules(log, limit=100_000)
    found = rows_of(answer.frame, "has", "adds", "baskets", "users", "confidence")
    assert {row[:4] for row in found} == {row[:4] for row in truth}
    expected = {row[:2]: row[4] for row in truth}
    assert all(math.isclose(row[4], expected[row[:2]]) for row in found)


@pytest.mark.parametrize("model", ["last", "first", "linear"])
def test_credit_is_that_of_a_join_of_touches(log, sql, model):
    place = {"last": "back = 1", "first": "ahead = 1", "linear": "true"}[model]
    weight = "1.0 / touches" if model == "linear" else "1.0"
    truth = sql(
        f"""with c as (select user_id, seq, ts, amount from e where event_type = 'purchase'),
          pairs as (select c.seq, c.amount, t.channel,
            count(*) over (partition by c.seq) as touches,
            row_number() over (partition by c.seq order by t.seq desc) as back,
            row_number() over (partition by c.seq order by t.seq) as ahead
            from c join e as t on t.user_id = c.user_id and t.event_type = 'click'
              and t.seq < c.seq and c.ts - t.ts <= {DAY})
        select channel, sum({weight}), sum({weight} * amount) from pairs
        where {place} group by 1"""
    )
    answer = attribution(
        log, touch="click", model=model, per="event", since_previous=False, lookback="1d",
        longest=1000, draws=0,
    )  # fmt: skip
    found = {row["channel"]: row for row in answer.frame.to_pylist()}
    assert {row[0] for row in truth} == found.keys() == {"mail", "ads", "direct"}
    for channel, credit, money in truth:
        assert math.isclose(found[channel]["credit"], credit, rel_tol=1e-9)
        assert math.isclose(found[channel]["credit_minor"], money, rel_tol=0, abs_tol=1)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("events", "count(*)"),
        ("users", "count(distinct user_id)"),
        ("purchase", "count(*) filter (event_type = 'purchase')"),
        ("revenue", "sum(amount) / 100"),
        (
            "users of purchase / users",
            "count(distinct user_id) filter (event_type = 'purchase') / count(distinct user_id)",
        ),
        ("sessions", "count(*) filter (seq = opens)"),
    ],
)  # fmt: skip
def test_a_series_is_a_group_by_day(log, sql, measure, value):
    truth = sql(
        f"""with t as (select *, min(seq) over (partition by session) as opens from e)
        select day::varchar, {value} from t group by 1 order by 1"""
    )
    found = rows_of(series(log, measure=measure).frame, "period", "value")
    assert [row[0] for row in found] == [row[0] for row in truth]
    assert np.allclose([row[1] for row in found], [row[1] for row in truth], rtol=1e-12)


def test_pages_that_lose_are_counted_from_the_last_view(log, sql):
    truth = sql(
        f"""with t as (select *, max(case when event_type = 'view' then ts end) over (
            partition by user_id, item_id order by seq) as seen from e where item_id is not null)
        select item_id, count(*) filter (event_type = 'view'),
          count(distinct user_id) filter (event_type = 'view'),
          count(distinct user_id) filter (event_type = 'purchase' and ts - seen <= {7 * DAY})
        from t group by 1"""
    )
    answer = losing_pages(log, least=1)
    same(rows_of(answer.frame, "page", "views", "viewers", "converted"), truth)


def test_searches_without_a_click_are_those_before_the_next_search(log, sql):
    truth = sql(
        f"""with n as (select *, lead(case when event_type = 'search' then seq end ignore nulls)
            over (partition by session order by seq) as next from e),
          s as (select * from n where event_type = 'search')
        select s.query, count(*), count(distinct s.user_id), count(*) filter (not exists (
          select 1 from e as c where c.session = s.session and c.seq > s.seq
            and (s.next is null or c.seq < s.next) and c.ts - s.ts <= {10 * MINUTE}
            and c.event_type in ('click', 'view', 'add_to_cart', 'purchase'))) from s group by 1"""
    )
    answer = searches(log)
    same(rows_of(answer.frame, "query", "searches", "users", "no_click"), truth)
