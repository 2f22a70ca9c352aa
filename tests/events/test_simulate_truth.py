"""The log agrees with the truth written beside it."""

import json

import duckdb
import numpy as np
import pytest

from footfall.events.simulate import SimulateOptions, simulate
from footfall.events.simulate.ads import click_probability
from footfall.events.simulate.blocks import draw_world, run_blocks

OPTIONS = SimulateOptions(users=6000, days=90, seed=11)


@pytest.fixture(scope="module")
def shop():
    return simulate(OPTIONS)


@pytest.fixture(scope="module")
def sql(shop):
    """Run SQL over events, users, items and the truth's tables (hidden_users, ...)."""
    tables = {"events": shop.events, "users": shop.users, "items": shop.items}
    hidden = ("users", "items", "ads", "policy", "channels", "impressions")
    tables |= {f"hidden_{name}": getattr(shop.truth, name) for name in hidden}
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        yield lambda query: connection.execute(query).fetchall()


def test_events_lie_between_joining_and_churn_and_inside_the_log(sql):
    outside = """
        SELECT count(*) FROM events JOIN hidden_users USING (user_id)
        WHERE timestamp >= churned_at OR timestamp < joined_at - INTERVAL 1 MILLISECOND"""
    assert sql(outside) == [(0,)]
    first, last = sql("SELECT min(timestamp)::VARCHAR, max(timestamp)::VARCHAR FROM events")[0]
    assert first >= "2025-08-31 16:00:00"  # midnight of 1 September, UTC+8
    assert last < "2025-11-29 16:00:00"


def test_many_shoppers_churn_and_many_stay(sql):
    share = sql(
        "SELECT avg((churned_at < TIMESTAMPTZ '2025-11-29 16:00:00Z')::INT) FROM hidden_users"
    )
    assert 0.1 < share[0][0] < 0.6


def test_a_users_events_stand_in_time_order(sql):
    disorder = """
        SELECT count(*) FROM (SELECT timestamp, lag(timestamp) OVER (PARTITION BY user_id ORDER BY
        event_id) AS before FROM events) WHERE timestamp < before"""
    assert sql(disorder) == [(0,)]


def test_sessions_are_parted_by_more_than_thirty_minutes_and_never_silent_that_long(sql):
    gaps = """
        SELECT min(gap) FILTER (other), max(gap) FILTER (NOT other) FROM (
          SELECT epoch(timestamp - lag(timestamp) OVER w) / 60 AS gap,
                 session_id <> lag(session_id) OVER w AS other
          FROM events WHERE session_id IS NOT NULL
          WINDOW w AS (PARTITION BY user_id ORDER BY event_id))"""
    between, within = sql(gaps)[0]
    assert between >= 31
    assert within < 30


def test_the_funnel_narrows_as_in_a_real_shop(sql):
    counts = dict(sql("SELECT event_type, count(DISTINCT session_id) FROM events GROUP BY 1"))
    assert counts["view"] > 5 * counts["add_to_cart"]
    assert counts["add_to_cart"] > counts["checkout"] > counts["purchase"]
    assert 0.02 < counts["purchase"] / counts["view"] < 0.08


def test_every_type_of_event_occurs(sql):
    assert len(sql("SELECT DISTINCT event_type FROM events")) == 11


def test_each_purchase_was_checked_out_in_its_session_and_put_into_the_cart_before(sql):
    for step, same in (("checkout", "session_id"), ("add_to_cart", "user_id")):
        orphans = f"""
            SELECT count(*) FROM events p WHERE event_type = 'purchase' AND NOT EXISTS (
              SELECT 1 FROM events s WHERE s.event_type = '{step}' AND s.{same} = p.{same}
              AND s.item_id = p.item_id AND s.timestamp < p.timestamp)"""
        assert sql(orphans) == [(0,)]


def test_returns_and_reviews_come_only_after_the_user_bought_that_item(sql):
    for late in ("return", "review"):
        orphans = f"""
            SELECT count(*) FROM events r WHERE event_type = '{late}' AND NOT EXISTS (
              SELECT 1 FROM events p WHERE p.event_type = 'purchase' AND p.user_id = r.user_id
              AND p.item_id = r.item_id AND p.timestamp < r.timestamp - INTERVAL 1 DAY)"""
        assert sql(orphans) == [(0,)]


def test_no_more_is_returned_than_was_bought(sql):
    excess = """
        SELECT count(*) FROM (SELECT user_id, item_id,
          sum(quantity) FILTER (event_type = 'return') AS back,
          sum(quantity) FILTER (event_type = 'purchase') AS bought
        FROM events GROUP BY ALL) WHERE back > coalesce(bought, 0)"""
    assert sql(excess) == [(0,)]


def test_items_are_not_seen_before_they_are_launched(sql):
    early = """
        SELECT count(*) FROM events JOIN items USING (item_id)
        WHERE event_type = 'view' AND (timestamp AT TIME ZONE 'Asia/Shanghai')::DATE < launched"""
    assert sql(early) == [(0,)]


def test_poor_items_come_back_more_often(sql):
    rates = sql("""
        SELECT count(*) FILTER (event_type = 'return') / count(*) FILTER (event_type = 'purchase')
        FROM events JOIN hidden_items USING (item_id)
        GROUP BY quality > 0.5 ORDER BY quality > 0.5""")
    assert rates[0][0] > 1.4 * rates[1][0]


def test_stars_follow_quality(sql):
    poor, good = sql("""
        SELECT avg(rating) FROM events JOIN hidden_items USING (item_id)
        WHERE event_type = 'review' GROUP BY quality > 0.5 ORDER BY quality > 0.5""")
    assert good[0] > poor[0] + 0.3


def test_amounts_are_price_times_quantity(sql):
    assert sql("SELECT count(*) FROM events WHERE amount <> price * quantity") == [(0,)]
    assert sql("SELECT count(*) FROM events WHERE event_type = 'purchase' AND amount IS NULL") == [
        (0,)
    ]


def test_searches_without_results_say_so(sql):
    share = sql("""
        SELECT avg((properties->>'results' = '0')::INT) FROM events WHERE event_type = 'search'""")
    assert 0.04 < share[0][0] < 0.11


def test_the_logging_policy_sums_to_one_and_explores_everywhere(sql):
    total, least = sql("""
        SELECT max(abs(total - 1)), min(least) FROM (SELECT sum(probability) AS total,
        min(probability) AS least FROM hidden_policy GROUP BY age, device, slot)""")[0]
    assert total < 1e-12
    assert least >= 0.1 / 8


def test_logged_propensities_are_those_of_the_policy_in_the_logged_context(sql):
    assert sql("""
        SELECT count(*), max(abs(propensity - probability)) FROM events e JOIN hidden_policy p
        ON e.properties->>'age' = p.age AND e.properties->>'device' = p.device
        AND e.slot = p.slot AND e.action = p.action WHERE event_type = 'impression'
        """) == [(sql("SELECT count(*) FROM events WHERE event_type = 'impression'")[0][0], 0.0)]


def test_actions_are_shown_as_often_as_the_policy_says(sql):
    rows = sql("""
        WITH shown AS (SELECT properties->>'age' AS age, properties->>'device' AS device, slot,
                         action, count(*) AS n
                       FROM events WHERE event_type = 'impression' GROUP BY ALL)
        SELECT coalesce(n, 0), probability,
          sum(coalesce(n, 0)) OVER (PARTITION BY age, device, slot)
        FROM hidden_policy LEFT JOIN shown USING (age, device, slot, action)""")
    n, p, total = np.array(rows, dtype=float).T
    chi_square = np.sum((n - p * total) ** 2 / (p * total))
    freedom = len(n) * 7 / 8
    assert chi_square < freedom + 4 * np.sqrt(2 * freedom)


def test_rewards_match_the_true_click_probabilities(sql):
    rows = np.array(
        sql("SELECT reward, click_probability FROM events JOIN hidden_impressions USING (event_id)")
    )
    for low, high in ((0.0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 1.0)):
        inside = rows[(rows[:, 1] >= low) & (rows[:, 1] < high)]
        error = np.sqrt(np.sum(inside[:, 1] * (1 - inside[:, 1])))
        assert abs(inside[:, 0].sum() - inside[:, 1].sum()) < 4 * error
        assert len(inside) > 1000


def test_click_probabilities_can_be_computed_from_the_truth_tables(shop, sql):
    world = draw_world(OPTIONS)
    taste = np.concatenate([block.shoppers["taste"] for block in run_blocks(world, users=50)])
    wanted = click_probability(taste, world.ads, OPTIONS.behavior)
    rows = sql("""SELECT user_id, action, click_probability FROM hidden_impressions
                  WHERE user_id < 'u00000050'""")
    assert len(rows) > 50
    for user, action, probability in rows:
        assert probability == pytest.approx(wanted[int(user[1:]), int(action[2:])], rel=1e-6)
    weight = shop.truth.facts["ads"]["match_weight"]
    factors = ", ".join(f"a.factor_{k} * u.taste_{k}" for k in range(8))
    off = sql(f"""
        SELECT max(abs(click_probability
          - 1 / (1 + exp(-base_logit - {weight} * list_sum([{factors}]::DOUBLE[])))))
        FROM hidden_impressions i JOIN hidden_ads a USING (action)
        JOIN hidden_users u USING (user_id)""")
    assert off[0][0] < 1e-6


def test_inverse_propensities_estimate_the_uniform_policy(sql):
    """The estimate from logged clicks meets the truth, the plain click rate does not."""
    rows = np.array(
        sql(
            """SELECT user_id[2:]::INT, slot, reward, propensity FROM events
               WHERE event_type = 'impression'"""
        )
    )
    world = draw_world(OPTIONS)
    taste = np.concatenate([block.shoppers["taste"] for block in run_blocks(world)])
    truth = click_probability(taste, world.ads, OPTIONS.behavior).reshape(-1, 3, 8).mean(axis=2)
    wanted = truth[rows[:, 0].astype(int), rows[:, 1].astype(int)].mean()
    weighted = rows[:, 2] * (1 / 8) / rows[:, 3]
    error = weighted.std() / np.sqrt(len(rows))
    assert abs(weighted.mean() - wanted) < 4 * error
    assert rows[:, 2].mean() > wanted + 4 * error  # the logging policy is better than uniform


def test_slow_shipping_lowers_conversion_by_its_odds_ratio_and_decoys_do_not(shop, sql):
    query = """
        SELECT value, count(*), count(p.session_id) FROM (
          SELECT DISTINCT session_id, properties->>'{0}' AS value FROM events
          WHERE event_type = 'checkout') c
        LEFT JOIN (SELECT DISTINCT session_id FROM events WHERE event_type = 'purchase') p
        USING (session_id) GROUP BY 1"""

    def log_odds(name):
        return {
            value: (np.log(bought / (n - bought)), np.sqrt(1 / bought + 1 / (n - bought)))
            for value, n, bought in sql(query.format(name))
        }

    shipping = log_odds("shipping")
    effect = shipping["slow"][0] - shipping["standard"][0]
    error = np.hypot(shipping["slow"][1], shipping["standard"][1])
    assert abs(effect - np.log(shop.truth.facts["funnel_drop"]["odds_ratio"])) < 3.5 * error
    assert effect < -6 * error
    for name in shop.truth.facts["funnel_drop"]["properties_without_effect"]:
        values = list(log_odds(name).values())
        assert max(abs(a[0] - b[0]) / np.hypot(a[1], b[1]) for a in values for b in values) < 4


def test_a_discount_helps_the_price_sensitive_more(sql):
    """Checkout rate of sessions with a cart: 20 % against nothing, by price sensitivity."""
    rows = sql("""
        WITH s AS (
          SELECT session_id, any_value(user_id) AS user_id,
            max((properties->>'discount')::INT)
              FILTER (properties->>'page' IS NOT NULL) AS discount,
            max((event_type = 'checkout')::INT) AS checkout
          FROM events WHERE session_id IS NOT NULL GROUP BY 1
          HAVING bool_or(event_type = 'add_to_cart'))
        SELECT price_sensitivity > 0.7 AS sensitive, discount, avg(checkout)
        FROM s JOIN hidden_users USING (user_id) WHERE discount <> 10 GROUP BY ALL""")
    rate = {(sensitive, discount): value for sensitive, discount, value in rows}
    assert rate[True, 20] - rate[True, 0] > rate[False, 20] - rate[False, 0]
    assert rate[True, 20] > rate[True, 0]


def test_the_discount_is_given_at_random_in_the_shares_told(sql):
    rows = dict(
        sql("""
        SELECT (properties->>'discount')::INT, count(*) FROM events
        WHERE properties->>'page' IS NOT NULL GROUP BY 1""")
    )
    total = sum(rows.values())
    for discount, share in ((0, 0.75), (10, 0.15), (20, 0.10)):
        assert abs(rows[discount] - share * total) < 4 * np.sqrt(share * (1 - share) * total)


def test_price_sensitive_shoppers_buy_cheaper_items_of_a_category(sql):
    correlation = sql("""
        WITH typical AS (SELECT category, avg(ln(price)) AS level FROM items GROUP BY 1)
        SELECT corr(ln(i.price) - level, price_sensitivity) FROM events e
        JOIN items i USING (item_id) JOIN typical USING (category)
        JOIN hidden_users USING (user_id) WHERE event_type = 'purchase'""")
    assert correlation[0][0] < -0.05


def test_the_first_event_of_each_session_names_its_channel(sql):
    rows = sql("""
        SELECT count(*), count(properties->>'channel') FROM (
          SELECT properties, row_number() OVER (PARTITION BY session_id ORDER BY event_id) AS place
          FROM events WHERE session_id IS NOT NULL) WHERE place = 1""")
    assert rows[0][0] == rows[0][1]


def test_channel_truth_adds_up(sql):
    touched = dict(
        sql(
            """SELECT properties->>'channel', count(*) FROM events
               WHERE properties->>'channel' IS NOT NULL GROUP BY 1"""
        )
    )
    for channel, effect, touches, gained in sql(
        "SELECT channel, effect, touches, orders_gained FROM hidden_channels"
    ):
        # A visit that begins just before churn is counted even if churn cuts it off.
        assert touches == pytest.approx(touched[channel], abs=3)
        assert (gained > 0) == (effect > 0)
    orders = sql("SELECT count(DISTINCT session_id) FROM events WHERE event_type = 'purchase'")
    assert sum(row[0] for row in sql("SELECT orders_gained FROM hidden_channels")) < orders[0][0]


def test_affiliates_come_last_but_bring_nothing(shop, sql):
    """Last-touch attribution is fooled by them: they step in at resumed visits."""
    rates = dict(
        sql("""
        SELECT channel, avg(bought) FROM (
          SELECT max(properties->>'channel') AS channel,
            max((event_type = 'purchase')::INT) AS bought
          FROM events WHERE session_id IS NOT NULL GROUP BY session_id) GROUP BY 1""")
    )
    assert rates["affiliate"] > 1.5 * rates["direct"]
    assert json.loads(json.dumps(shop.truth.facts))["behavior"]["channel_effects"][5] == 0.0
