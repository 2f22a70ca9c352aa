"""What later models must find is there to be found: next items, and who buys soon."""

from collections import Counter, defaultdict

import numpy as np
import pyarrow.compute as pc
import pytest

from footfall.events.simulate import SimulateOptions, simulate


@pytest.fixture(scope="module")
def shop():
    return simulate(SimulateOptions(users=5000, days=120, seed=5, items=1000))


def hits(ranked, target):
    return target in ranked[:10]


def test_the_item_before_tells_more_about_the_next_one_than_popularity(shop):
    views = shop.events.filter(
        pc.and_(pc.equal(shop.events["event_type"], "view"), pc.is_valid(shop.events["item_id"]))
    )
    users, items = views["user_id"].to_pylist(), views["item_id"].to_pylist()
    pairs = [
        (user, before, after)
        for user, other, before, after in zip(users[1:], users, items, items[1:], strict=False)
        if user == other
    ]
    train = [pair for pair in pairs if pair[0] < "u00004000"]
    test = [pair for pair in pairs if pair[0] >= "u00004000"]
    follows = defaultdict(Counter)
    for _, before, after in train:
        follows[before][after] += 1
    popular = [item for item, _ in Counter(after for _, _, after in train).most_common(10)]
    by_rules = np.mean(
        [
            hits([item for item, _ in follows[before].most_common(10)], after)
            for _, before, after in test
        ]
    )
    by_popularity = np.mean([hits(popular, after) for _, _, after in test])
    assert by_rules > 3 * by_popularity
    assert by_rules < 0.7


def auc(score, target):
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    _, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.bincount(places, ranks) / counts
    positive = mean_rank[places][target]
    n = len(positive)
    return (positive.sum() - n * (n + 1) / 2) / (n * (len(score) - n))


def test_purchase_in_the_next_30_days_is_predictable_beyond_recency_but_not_certain(shop):
    day = pc.divide(
        pc.subtract(
            pc.cast(shop.events["timestamp"], "int64"),
            pc.min(pc.cast(shop.events["timestamp"], "int64")),
        ),
        86_400_000_000,
    ).to_numpy()
    user = pc.cast(pc.utf8_slice_codeunits(shop.events["user_id"], 1), "int32").to_numpy()
    bought = pc.equal(shop.events["event_type"], "purchase").to_numpy()
    past, future = day < 90, day >= 90
    known = np.unique(user[past & bought])
    target = np.isin(known, user[future & bought])
    last = np.full(5000, -1.0)
    np.maximum.at(last, user[past & bought], day[past & bought])
    recency = last[known]
    seen = np.full(5000, -1.0)
    np.maximum.at(seen, user[past], day[past])
    orders = np.bincount(user[past & bought], minlength=5000)
    recent = np.bincount(user[past & (day >= 60)], minlength=5000)
    design = np.stack(
        [np.log1p(orders), np.log1p(recent), np.log1p(90 - seen), np.log1p(90 - last)], axis=1
    )[known]
    design = np.c_[(design - design.mean(axis=0)) / design.std(axis=0), np.ones(len(known))]
    weight = np.linalg.lstsq(design, target.astype(float), rcond=None)[0]
    better = auc(design @ weight, target)
    assert better > auc(recency, target) + 0.03
    assert 0.65 < better < 0.95
