from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.events.times import parse_times


def read(text: object, *, day_first: bool = False, time_zone: str = "UTC") -> str | None:
    array = text if isinstance(text, pa.Array) else pa.array([text])
    moment = parse_times(array, day_first=day_first, time_zone=time_zone)[0].as_py()
    return (
        None if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".")
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-10-01 00:00:00 UTC", "2019-10-01 00:00:00"),  # REES46
        ("2024-01-02 10:11:12 -0500", "2024-01-02 15:11:12"),  # Shopify
        ("2024-01-02T10:11:12Z", "2024-01-02 10:11:12"),
        ("2024-01-02T10:11:12.123456789+08:00", "2024-01-02 02:11:12.123456"),
        ("2024-01-02 10:11:12,5", "2024-01-02 10:11:12.5"),
        ("2024-01-02 10:11 +08", "2024-01-02 02:11:00"),
        ("2024-01-02 10:11:12 UTC+8", "2024-01-02 02:11:12"),
        ("  2024-1-2  ", "2024-01-02 00:00:00"),
        ("2024/1/2 9:05", "2024-01-02 09:05:00"),
        ("20240102", "2024-01-02 00:00:00"),
        ("202401021005", "2024-01-02 10:05:00"),
        ("20240102100506", "2024-01-02 10:05:06"),
        ("20240102T100506Z", "2024-01-02 10:05:06"),
        ("12/1/2010 8:26", "2010-12-01 08:26:00"),  # Online Retail
        ("12/1/10 8:26", "2010-12-01 08:26:00"),
        ("12/31/2024 1:05 PM", "2024-12-31 13:05:00"),
        ("12/31/2024 12:05:06 am", "2024-12-31 00:05:06"),
        ("31.12.2024 13:05", "2024-12-31 13:05:00"),
        ("1569888000", "2019-10-01 00:00:00"),
        ("1569888000123", "2019-10-01 00:00:00.123"),
        ("1569888000123456", "2019-10-01 00:00:00.123456"),
        ("1569888000123456789", "2019-10-01 00:00:00.123456"),
        ("1569888000.25", "2019-10-01 00:00:00.25"),
        ("1569888000123.5", "2019-10-01 00:00:00.1235"),
        ("1.569888e9", "2019-10-01 00:00:00"),
        ("-1.5", "1969-12-31 23:59:58.5"),
        ("Jan 2, 2024 3:04 PM", "2024-01-02 15:04:00"),
        ("Mon, 01 Jan 2024 10:00:00 GMT", "2024-01-01 10:00:00"),
        ("Wed Oct 05 2011 16:48:00 GMT+0200 (CEST)", "2011-10-05 14:48:00"),
        ("10/Oct/2000:13:55:36 -0700", "2000-10-10 20:55:36"),
        ("2024年1月2日 10时11分", "2024-01-02 10:11:00"),
        ("2024-W01-2", "2024-01-02 00:00:00"),
    ],
)
def test_a_time_is_read_in_the_form_exports_write_it(text: str, moment: str) -> None:
    assert read(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", " ", None, "soon", "nan", "2024-02-30", "2023-02-29", "2024-13-01", "2024-01-02 24:00:00",
     "2024-01-02 10:60", "2024-01-02T", "2024-01-02x", "2024-01-02 10:11:12 Europe/Berlin",
     "31/12/2024", "1.2.3", "12/31/2024 13:05 PM", "99999999999999999999", "-", "+5", ".",
     "0000-01-01", "2024-01-02 10:11:12 +99:00", "10:11:12"],
)  # fmt: skip
def test_what_is_no_time_is_null_and_never_a_guess(text: str | None) -> None:
    assert read(pa.array([text], pa.string())) is None


def test_day_first_is_an_option_and_never_guessed_from_the_value() -> None:
    assert read("31/12/2024 13:05", day_first=True) == "2024-12-31 13:05:00"
    assert read("1-2-2024", day_first=True) == "2024-02-01 00:00:00"
    assert read("1-2-2024") == "2024-01-02 00:00:00"
    assert read("2024-01-02", day_first=True) == "2024-01-02 00:00:00"


def test_a_time_without_zone_is_in_the_zone_of_the_option() -> None:
    assert read("2024-01-02 10:00", time_zone="Asia/Shanghai") == "2024-01-02 02:00:00"
    assert read("2024-01-02 10:00Z", time_zone="Asia/Shanghai") == "2024-01-02 10:00:00"
    assert read("1704189600", time_zone="Asia/Shanghai") == "2024-01-02 10:00:00"
    assert read("Jan 2, 2024", time_zone="Asia/Shanghai") == "2024-01-01 16:00:00"


def test_when_clocks_change_the_first_of_two_hours_and_the_jump_are_taken() -> None:
    assert read("2024-10-27 02:30", time_zone="Europe/Berlin") == "2024-10-27 00:30:00"
    assert read("2024-03-31 02:30", time_zone="Europe/Berlin") == "2024-03-31 01:00:00"
    assert read("2024-03-31 03:00", time_zone="Europe/Berlin") == "2024-03-31 01:00:00"


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(OptionError, match=r"'time_zone' option.*Got 'Mars/Olympus'"):
        parse_times(pa.array(["2024-01-02"]), time_zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("array", "moment"),
    [
        (pa.array([1569888000]), "2019-10-01 00:00:00"),
        (pa.array([20240102], pa.int32()), "2024-01-02 00:00:00"),
        (pa.array([1569888000123], pa.uint64()), "2019-10-01 00:00:00.123"),
        (pa.array([1569888000.25]), "2019-10-01 00:00:00.25"),
        (pa.array([1569888000123.0, None]), "2019-10-01 00:00:00.123"),
        (pa.array([Decimal("1569888000.25")]), "2019-10-01 00:00:00.25"),
        (pa.array([-1], pa.timestamp("ns")), "1969-12-31 23:59:59.999999"),
        (pa.array([1569888000], pa.timestamp("s", "Asia/Shanghai")), "2019-10-01 00:00:00"),
        (pa.array([date(2024, 1, 2)]), "2024-01-02 00:00:00"),
        (pa.array([86_400_000], pa.date64()), "1970-01-02 00:00:00"),
        (pa.array(["2024-01-02"]).dictionary_encode(), "2024-01-02 00:00:00"),
        (pa.array(["2024-01-02"], pa.large_string()), "2024-01-02 00:00:00"),
        (pa.array([b"2024-01-02"]), "2024-01-02 00:00:00"),
        (pa.array(["x", "2024-01-02"]).slice(1), "2024-01-02 00:00:00"),
        (pa.array([2**62], pa.timestamp("s")), None),
        (pa.array([float("nan")]), None),
        (pa.array([float("inf")]), None),
        (pa.array([None]), None),
        (pa.array([True]), None),
        (pa.array([{"a": 1}]), None),
    ],
)
def test_times_of_any_arrow_type_are_read(array: pa.Array, moment: str | None) -> None:
    assert read(array) == moment


def test_naive_arrow_timestamps_are_in_the_zone_of_the_option() -> None:
    array = pa.array([datetime(2024, 1, 2, 10, tzinfo=UTC)]).cast(pa.timestamp("ms"))
    assert read(array, time_zone="Asia/Shanghai") == "2024-01-02 02:00:00"


def test_chunks_and_nothing_at_all_are_read() -> None:
    chunks = pa.chunked_array([["2024-01-02"], ["soon"]])
    assert parse_times(chunks).is_null().to_pylist() == [False, True]
    assert len(parse_times(pa.chunked_array([], pa.string()))) == 0


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001 - naive is the point
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def micros(moments: list[datetime]) -> list[int]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [(moment - epoch) // timedelta(microseconds=1) for moment in moments]


def parsed(texts: list[str] | pa.Array, **options: object) -> list[int]:
    array = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    return parse_times(array, **options).cast(pa.int64()).to_pylist()  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(MOMENTS), ZONES, st.sampled_from(["T", " "]))
def test_iso_times_survive_the_round_trip_to_the_microsecond(
    moments: list[datetime], zone: timezone, between: str
) -> None:
    zoned = [moment.replace(tzinfo=zone) for moment in moments]
    assert parsed([moment.isoformat(between) for moment in zoned]) == micros(zoned)
    utc = [moment.replace(tzinfo=UTC) for moment in moments]
    assert parsed([moment.isoformat(between) for moment in moments]) == micros(utc)


@settings(deadline=None)
@given(moments=st.lists(MOMENTS), day_first=st.booleans())
def test_written_dates_survive_the_round_trip(*, moments: list[datetime], day_first: bool) -> None:
    utc = [moment.replace(microsecond=0, tzinfo=UTC) for moment in moments]
    for form in (
        ("%d/%m/%Y %H:%M:%S", "%d-%m-%Y %I:%M:%S %p") if day_first else ("%m/%d/%Y %H:%M:%S",)
    ):
        texts = [_with_year(moment, form) for moment in utc]
        assert parsed(texts, day_first=day_first) == micros(utc)
    texts = [_with_year(moment, "%d.%m.%Y %H:%M:%S") for moment in utc]
    assert parsed(texts, day_first=day_first) == micros(utc)


def _with_year(moment: datetime, form: str) -> str:
    return moment.strftime(form.replace("%Y", f"{moment.year:04}"))


@settings(deadline=None)
@given(st.lists(st.integers(10**9, 10**11 - 1)), st.sampled_from([1, 1_000, 1_000_000]))
def test_epoch_numbers_survive_as_text_and_as_numbers(seconds: list[int], unit: int) -> None:
    last = micros([datetime(9999, 12, 31, tzinfo=UTC)])[0] // 10**6
    counts = [second % last * unit + unit // 7 for second in seconds]
    counts = [count if count >= 10**9 * unit else count + 10**9 * unit for count in counts]
    wanted = [count * (1_000_000 // unit) for count in counts]
    assert parsed([str(count) for count in counts]) == wanted
    assert parsed(pa.array(counts, pa.int64())) == wanted


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1), st.sampled_from(["s", "ms", "us"]))
def test_arrow_timestamps_of_any_unit_survive(moments: list[datetime], unit: str) -> None:
    step = {"s": 10**6, "ms": 1000, "us": 1}[unit]
    counts = [moment // step for moment in micros([m.replace(tzinfo=UTC) for m in moments])]
    array = pa.array(counts, pa.int64()).view(pa.timestamp(unit, "UTC"))
    assert parsed(array) == [count * step for count in counts]


@settings(deadline=None, max_examples=200)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1)),  # noqa: DTZ001 - naive is the point
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"]),
)
def test_local_times_agree_with_python_wherever_clocks_do_not_jump(
    moment: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    there = moment.replace(tzinfo=zone)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment:
        assert parsed([moment.isoformat()], time_zone=name) == micros([there.astimezone(UTC)])


@settings(deadline=None)
@given(st.lists(st.text(alphabet="0123456789-/.: TZ+AMPmUTC,e", max_size=24)))
def test_no_text_breaks_the_reader_and_nulls_stay_in_their_place(texts: list[str]) -> None:
    together = parsed(texts)
    assert together == [parsed([text])[0] for text in texts]
    shifted = parsed(pa.array(["2024-01-02", *texts], pa.string()).slice(1))
    assert shifted == together


def test_many_bad_times_of_few_kinds_are_read_once_each() -> None:
    texts = np.array(["not a time", "2024-01-02 10:00", "Jan 2, 2024"])
    array = pa.array(texts[np.arange(300_000) % 3])
    assert parse_times(array).null_count == 100_000
