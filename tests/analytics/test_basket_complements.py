import numpy as np
import pytest
from tests.analytics.value_logs import DAY

from footfall.analytics.basket import complements
from footfall.errors import OptionError
from footfall.events.simulate import SimulateOptions, simulate
from footfall.store.memory import MemoryLog

HOUR = 3_600_000_000


def _planted(seed, users=1500):
    """Make sessions where red and blue are compared and one is bought, and tea goes with a cup."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        name, now = f"u{user}", int(rng.integers(0, 60)) * DAY
        kind = rng.random()
        if kind < 0.4:
            viewed, bought = ["red", "blue"], [rng.choice(["red", "blue"])]
        elif kind < 0.7:
            viewed, bought = ["tea", "cup"], ["tea", "cup"] if rng.random() < 0.7 else ["tea"]
        else:
            viewed = bought = list(
                rng.choice(["red", "blue", "tea", "cup", "pen"], 2, replace=False)
            )
        rows += [(name, now + at, "view", str(item)) for at, item in enumerate(viewed)]
        rows += [(name, now + HOUR // 10, "purchase", str(item)) for item in bought]
    return MemoryLog.from_rows(rows)


@pytest.mark.parametrize("seed", range(5))
def test_planted_pairs_are_found(seed):
    found = complements(_planted(seed)).frame.select(["relation", "one", "other"]).to_pylist()
    assert {"relation": "complement", "one": "cup", "other": "tea"} in found
    assert {"relation": "substitute", "one": "blue", "other": "red"} in found
    assert [row for row in found if row["relation"] == "complement"] == [
        {"relation": "complement", "one": "cup", "other": "tea"}
    ]


def test_the_users_of_a_pair_are_those_who_bought_both_at_any_time():
    answer = complements(_planted(1))
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["one"], row["other"])) == row["users"]
    assert answer.plot().data


def test_nothing_is_claimed_of_things_bought_by_chance():
    rng = np.random.default_rng(2)
    rows = []
    for user in range(3000):
        things = [f"i{n}" for n in np.flatnonzero(rng.random(12) < 0.2)]
        rows += [
            (f"u{user}", user * HOUR, kind, i) for kind in ("view", "purchase") for i in things
        ]
    assert complements(MemoryLog.from_rows(rows)).frame.num_rows <= 3


def test_the_simulated_shop_sells_accessories_as_complements():
    shop = simulate(SimulateOptions(users=3000, days=180, seed=4, items=400))
    log = MemoryLog.from_events(shop.events, items=shop.items)
    category = dict(
        zip(*(shop.items.column(n).to_pylist() for n in ("item_id", "category")), strict=True)
    )
    planted = {
        frozenset((category[row["item_id"]], category[row[f"follower_{n}"]]))
        for row in shop.truth.items.to_pylist()
        for n in range(4)
    }
    found = complements(log, level="category").frame.to_pylist()
    best = [row for row in found if row["relation"] == "complement"][:5]
    assert len(best) >= 3
    hits = sum(frozenset((row["one"], row["other"])) in planted for row in best)
    assert hits >= len(best) - 1


def test_an_empty_log_is_answered_and_wrong_options_are_refused():
    log = MemoryLog.from_rows([])
    assert complements(log).frame.num_rows == 0
    assert complements(log).plot() is not None
    for options in ({"min_support": 0}, {"level_of_error": 2}, {"limit": 0}, {"viewing": "veiw"}):
        with pytest.raises(OptionError):
            complements(log, **options)
