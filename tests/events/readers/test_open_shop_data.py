"""RetailRocket, REES46 and Taobao: public clickstreams with one line an event."""

import json
from pathlib import Path

import pyarrow as pa

from footfall.events.formats import read_raw
from footfall.events.readers import detect_reader, reader_named


def drafts(path: Path, name: str, text: str) -> list[dict[str, object]]:
    path.write_text(text)
    reader = reader_named(name).start(str(path))
    return [
        one
        for batch in read_raw(str(path), reader.format)
        for one in reader.convert(batch.table).to_pylist()
    ]


RETAILROCKET = """\
timestamp,visitorid,event,itemid,transactionid
1433221332117,257597,view,355908,
1433222276276,599528,transaction,356475,4000
1433221999827,158090,addtocart,10572,
never,158090,view,10572,
"""


def test_retailrocket_times_are_milliseconds_and_a_transaction_is_no_session(tmp_path):
    view, bought, added, broken = drafts(tmp_path / "events.csv", "retailrocket", RETAILROCKET)
    assert view["timestamp"].isoformat() == "2015-06-02T05:02:12.117000+00:00"
    assert (view["user_id"], view["item_id"], view["properties"]) == ("257597", "355908", None)
    assert (bought["event_type"], "session_id" in bought) == ("transaction", False)
    assert json.loads(str(bought["properties"])) == {"transactionid": "4000"}
    assert added["event_type"] == "addtocart"
    assert (broken["timestamp"], broken["__row__"]) == (None, 4)


def test_rees46_category_and_brand_go_to_properties(tmp_path):
    text = (
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,"
        "user_session\n"
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d7\n"
        "2019-10-01 00:00:01 UTC,cart,3900821,2053013552326770905,appliances.water_heater,,33.20,"
        "554748717,9333\n"
    )
    view, cart = drafts(tmp_path / "2019-Oct.csv", "rees46", text)
    assert view == {
        "user_id": "541312140",
        "timestamp": "2019-10-01 00:00:00 UTC",
        "event_type": "view",
        "item_id": "44600062",
        "session_id": "72d7",
        "price": "35.79",
        "properties": '{"category_id":"2103807459595387724","brand":"shiseido"}',
        "__row__": 1,
    }
    assert json.loads(str(cart["properties"]))["category_code"] == "appliances.water_heater"


def test_taobao_has_no_header_and_its_times_are_seconds(tmp_path):
    text = "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,fav,1511561733\n"
    view, wish = drafts(tmp_path / "UserBehavior.csv", "taobao", text)
    assert (view["user_id"], view["item_id"], view["event_type"]) == ("1", "2268318", "pv")
    assert view["timestamp"].isoformat() == "2017-11-24T17:21:10+00:00"
    assert (wish["event_type"], wish["properties"]) == ("fav", '{"category_id":"2520771"}')


def test_each_is_known_by_its_columns():
    assert detect_reader(RETAILROCKET.split("\n", maxsplit=1)[0].split(",")) == "retailrocket"
    assert detect_reader(["1", "2268318", "2520377", "pv", "1511544070"]) == "taobao"
    rees46 = ["event_time", "event_type", "product_id", "price", "user_id", "user_session"]
    assert detect_reader(rees46) == "rees46"


def test_a_time_too_large_for_a_clock_is_null_and_does_not_overflow():
    raw = pa.table(
        {
            "timestamp": ["999999999999999999", "-1"],
            "visitorid": ["1", "1"],
            "event": ["view", "view"],
            "itemid": ["2", "2"],
            "__row__": [1, 2],
        }
    )
    times = reader_named("retailrocket").convert(raw)["timestamp"].to_pylist()
    assert times[0] is None
    assert times[1].isoformat() == "1969-12-31T23:59:59.999000+00:00"
