import json

import pytest

from footfall.events.formats import read_raw
from footfall.events.readers import detect_reader, reader_named
from footfall.events.readers.open_bandit import OpenBandit

HEADER = (
    ",timestamp,item_id,position,click,propensity_score,"
    "user_feature_0,user_feature_1,user_feature_2,user_feature_3,"
    "user-item_affinity_0,user-item_affinity_1"
)
LINES = """\
0,2019-11-24 00:00:34.762830+00:00,14,3,0,0.0125,81ce,03a5,c2e4,f975,0.0,0.0
1,2019-11-24 00:00:53.965051+00:00,27,1,1,0.0125,81ce,03a5,c2e4,f975,0.0,2.0
2,2019-11-24 00:01:01.000001+00:00,14,2,0,0.0125,81ce,03a5,2723,c39b,0.0,0.0
"""


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "bts" / "men"
    folder.mkdir(parents=True)
    (folder / "men.csv").write_text(f"{HEADER}\n{LINES}")
    return str(folder / "men.csv")


def drafts(path, reader):
    (batch,) = read_raw(path, reader.format)
    return reader.start(path).convert(batch.table).to_pylist()


def test_an_impression_has_its_slot_action_propensity_policy_and_reward(path):
    shown, clicked, _ = drafts(path, reader_named("open_bandit"))
    assert (shown["event_type"], shown["item_id"], shown["action"]) == ("impression", "14", "14")
    assert (shown["slot"], shown["propensity"], shown["reward"]) == ("3", "0.0125", "0")
    assert clicked["reward"] == "1"
    assert shown["policy"] == "bts"


def test_the_policy_can_be_said_and_is_left_out_when_the_path_does_not_say(path, tmp_path):
    assert drafts(path, OpenBandit(policy="uniform"))[0]["policy"] == "uniform"
    bare = tmp_path / "shown.csv"
    bare.write_text(f"{HEADER}\n{LINES}")
    assert "policy" not in drafts(str(bare), OpenBandit())[0]


def test_users_are_the_kinds_that_share_all_four_features(path):
    first, second, third = drafts(path, OpenBandit())
    assert first["user_id"] == second["user_id"] != third["user_id"]


def test_features_and_affinities_that_are_not_zero_are_kept(path):
    _, clicked, _ = drafts(path, OpenBandit())
    assert json.loads(clicked["properties"]) == {
        "user_feature_0": "81ce",
        "user_feature_1": "03a5",
        "user_feature_2": "c2e4",
        "user_feature_3": "f975",
        "user-item_affinity_1": 2,
        "campaign": "men",
    }


def test_the_export_is_known_by_its_columns():
    assert detect_reader(HEADER.split(",")) == "open_bandit"
