"""The protocol card."""

import json

from footfall.evaluate import ProtocolCard

CARD = ProtocolCard(
    split="time-cut",
    cutoff="2026-01-01T00:00:00+00:00",
    seen_items="kept",
    targets="all",
    items_ranked=92331,
    users=2400,
    users_left_out=69,
    history="all events up to the cutoff",
    validation_in_training=False,
    leakage="none",
    interval={"ndcg@10": (0.1, 0.2)},
    interval_method="95 % bootstrap over users, 1,000 repeats, seed 0",
)


def test_the_card_prints_a_line_a_fact():
    lines = str(CARD).splitlines()
    assert lines[0] == "split                   time-cut"
    assert "items ranked            92,331" in lines
    assert "validation in training  no" in lines
    assert len(lines) == 13


def test_the_card_is_plain_json():
    plain = json.loads(json.dumps(CARD.to_json()))
    assert plain["interval"] == {"ndcg@10": [0.1, 0.2]}
    assert plain["users"] == 2400
