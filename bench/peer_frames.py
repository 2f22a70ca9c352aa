"""Five questions in Polars and pandas.

Every function gives a callable that answers with plain ints, the same for every engine. The events
stand in order of time: in Parquet when cold, in a frame in memory when warm. The functions named
"sorted" are handed a frame that is already sorted by user and time, and rely on it: the fastest
form there is for somebody who keeps such a frame.
"""

from pathlib import Path
from typing import Any

from peer_data import AT, DAY, GAP, KINDS, MONDAY, PURCHASE, STEPS, WEEK, WEEKS, WITHIN, Ask


def _polars(folder: Path, *, cold: bool, by_user: bool = False) -> tuple[Any, Any]:
    import polars as pl

    path = folder / ("by_user.parquet" if by_user else "by_time.parquet")
    lazy = pl.scan_parquet(path).rename({"user": "u"})
    return pl, (lazy if cold else lazy.collect().lazy())


def _ints(frame: Any) -> list[int]:
    return [int(cell) for row in frame.rows() for cell in row]


def polars_funnel(folder: Path, *, cold: bool) -> Ask:
    """Take running maxima over each user."""
    pl, ev = _polars(folder, cold=cold)

    def ask() -> list[int]:
        frame = ev.select("u", "ts", "kind").sort("u", "ts")
        start = pl.when(pl.col("kind") == 0).then(pl.col("ts"))
        frame = frame.with_columns(start.forward_fill().over("u").alias("s0"))
        for k in STEPS[1:]:
            before = pl.col(f"s{k - 1}")
            here = (pl.col("kind") == k) & (pl.col("ts") - before <= WITHIN)
            latest = pl.when(here).then(before).cum_max().over("u")
            frame = frame.with_columns(latest.forward_fill().over("u").alias(f"s{k}"))
        reached = [
            pl.col("u").filter(pl.col(f"s{k}").is_not_null()).n_unique().alias(f"n{k}")
            for k in STEPS
        ]
        return _ints(frame.select(reached).collect())

    return ask


def polars_sessions(folder: Path, *, cold: bool) -> Ask:
    """Take the silences over each user."""
    pl, ev = _polars(folder, cold=cold)

    def ask() -> list[int]:
        frame = ev.select("u", "ts").sort("u", "ts")
        before = (pl.col("ts") - pl.col("ts").shift(1)).over("u")
        after = (pl.col("ts").shift(-1) - pl.col("ts")).over("u")
        return _ints(_silences(pl, frame.with_columns(b=before, a=after)))

    return ask


def polars_sorted_sessions(folder: Path, *, cold: bool) -> Ask:
    """Do the same on a sorted frame, by shifting whole columns."""
    pl, ev = _polars(folder, cold=cold, by_user=True)

    def ask() -> list[int]:
        same = pl.col("u") == pl.col("u").shift(1)
        before = pl.when(same).then(pl.col("ts") - pl.col("ts").shift(1))
        frame = ev.select("u", "ts").with_columns(b=before)
        return _ints(_silences(pl, frame.with_columns(a=pl.col("b").shift(-1))))

    return ask


def _silences(pl: Any, frame: Any) -> Any:
    starts = pl.col("b").is_null() | (pl.col("b") > GAP)
    ends = pl.col("a").is_null() | (pl.col("a") > GAP)
    return frame.select(starts.sum().alias("n"), (starts & ends).sum().alias("o")).collect()


def polars_paths(folder: Path, *, cold: bool) -> Ask:
    """Shift over each user."""
    pl, ev = _polars(folder, cold=cold)
    return lambda: _ints(_runs(pl, ev.sort("u", "ts"), lambda column: column.over("u")))


def polars_sorted_paths(folder: Path, *, cold: bool) -> Ask:
    """Do the same on a sorted frame, by shifting whole columns."""
    pl, ev = _polars(folder, cold=cold, by_user=True)
    return lambda: _ints(_runs(pl, ev, lambda column: column))


def _runs(pl: Any, frame: Any, per_user: Any) -> Any:
    frame = frame.select("u", "ts", pl.col("kind").cast(pl.Int64))
    near = (pl.col("ts") - pl.col("ts").shift(1) <= GAP) & (pl.col("u") == pl.col("u").shift(1))
    frame = frame.with_columns(near.fill_null(value=False).alias("near"))
    code, whole = pl.col("kind"), pl.lit(value=True)
    for k in range(1, 5):
        code = code * KINDS + per_user(pl.col("kind").shift(-k))
        whole &= per_user(pl.col("near").shift(-k)).fill_null(value=False)
    frame = frame.select(code.alias("code"), whole.alias("whole")).filter("whole")
    counts = frame.group_by("code").len().sort("len", descending=True).head(50)
    return counts.select("len").collect()


def polars_retention(folder: Path, *, cold: bool) -> Ask:
    """Join the distinct weeks of each user with the first."""
    pl, ev = _polars(folder, cold=cold)

    def ask() -> list[int]:
        week = ((pl.col("ts") - MONDAY) // WEEK).alias("w")
        complete = ev.filter(pl.col("ts") < MONDAY + WEEKS * WEEK)
        active = complete.select("u", week).unique()
        first = active.group_by("u").agg(pl.col("w").min().alias("c"))
        joined = active.join(first, on="u").with_columns(k=pl.col("w") - pl.col("c"))
        return _ints(joined.group_by("c", "k").len().sort("c", "k").collect())

    return ask


def polars_rfm(folder: Path, *, cold: bool) -> Ask:
    """Sort the buyers three times and cut each order into five."""
    pl, ev = _polars(folder, cold=cold)

    def ask() -> list[int]:
        buyers = ev.filter(pl.col("kind") == PURCHASE).group_by("u")
        days = (AT - pl.col("ts").max()) // DAY
        frame = buyers.agg(r=-days, f=pl.len(), m=pl.col("amount").sum()).collect()
        for name in "rfm":
            frame = frame.sort(name, "u").with_columns(pl.Series(f"{name}5", _ntile(frame.height)))
        return _ints(frame.group_by("r5", "f5", "m5").len().sort("r5", "f5", "m5"))

    return ask


def _ntile(rows: int) -> Any:
    """Give five groups the numbers SQL gives: the first ones take what is left over."""
    import numpy as np

    sizes = [rows // 5 + (place < rows % 5) for place in range(5)]
    return np.repeat(np.arange(1, 6), sizes)


def _pandas(folder: Path, *, cold: bool, by_user: bool = False) -> Any:
    import pandas as pd

    path = folder / ("by_user.parquet" if by_user else "by_time.parquet")

    def read() -> Any:
        return pd.read_parquet(path).rename(columns={"user": "u"})

    if cold:
        return read
    frame = read()
    return lambda: frame


def pandas_funnel(folder: Path, *, cold: bool) -> Ask:
    """Take running maxima over each user."""
    read = _pandas(folder, cold=cold)

    def ask() -> list[int]:
        frame = read()[["u", "ts", "kind"]].sort_values(["u", "ts"], ignore_index=True)
        user = frame["u"]
        latest = frame["ts"].where(frame["kind"] == 0).groupby(user).ffill()
        counts = [user[latest.notna()].nunique()]
        for k in STEPS[1:]:
            here = (frame["kind"] == k) & (frame["ts"] - latest <= WITHIN)
            latest = latest.where(here).groupby(user).cummax().groupby(user).ffill()
            counts.append(user[latest.notna()].nunique())
        return [int(count) for count in counts]

    return ask


def pandas_sessions(folder: Path, *, cold: bool) -> Ask:
    """Take the silences by groupby."""
    read = _pandas(folder, cold=cold)

    def ask() -> list[int]:
        frame = read()[["u", "ts"]].sort_values(["u", "ts"], ignore_index=True)
        before = frame.groupby("u")["ts"].diff()
        return _silent(before, -frame.groupby("u")["ts"].diff(-1))

    return ask


def pandas_sorted_sessions(folder: Path, *, cold: bool) -> Ask:
    """Do the same on a sorted frame, by shifting whole columns."""
    read = _pandas(folder, cold=cold, by_user=True)

    def ask() -> list[int]:
        frame = read()
        before = frame["ts"].diff().where(frame["u"] == frame["u"].shift(1))
        return _silent(before, before.shift(-1))

    return ask


def _silent(before: Any, after: Any) -> list[int]:
    starts = before.isna() | (before > GAP)
    ends = after.isna() | (after > GAP)
    return [int(starts.sum()), int((starts & ends).sum())]


def pandas_paths(folder: Path, *, cold: bool) -> Ask:
    """Sort, then shift whole columns."""
    read = _pandas(folder, cold=cold)
    return lambda: _runs_of(read().sort_values(["u", "ts"], ignore_index=True))


def pandas_sorted_paths(folder: Path, *, cold: bool) -> Ask:
    """Do the same on a frame that is sorted already."""
    read = _pandas(folder, cold=cold, by_user=True)
    return lambda: _runs_of(read())


def _runs_of(frame: Any) -> list[int]:
    near = (frame["u"] == frame["u"].shift(1)) & (frame["ts"].diff() <= GAP)
    code, whole = frame["kind"].astype("int64"), True
    for k in range(1, 5):
        code = code * KINDS + frame["kind"].shift(-k, fill_value=0)
        whole = near.shift(-k, fill_value=False) & whole
    return [int(count) for count in code[whole].value_counts().head(50)]


def pandas_retention(folder: Path, *, cold: bool) -> Ask:
    """Join the distinct weeks of each user with the first."""
    read = _pandas(folder, cold=cold)

    def ask() -> list[int]:
        frame = read()
        frame = frame[frame["ts"] < MONDAY + WEEKS * WEEK]
        active = frame[["u"]].assign(w=(frame["ts"] - MONDAY) // WEEK).drop_duplicates()
        first = active.groupby("u")["w"].transform("min")
        counts = active.assign(c=first, k=active["w"] - first).groupby(["c", "k"]).size()
        return [int(cell) for row in counts.reset_index().itertuples(index=False) for cell in row]

    return ask


def pandas_rfm(folder: Path, *, cold: bool) -> Ask:
    """Sort the buyers three times and cut each order into five."""
    read = _pandas(folder, cold=cold)

    def ask() -> list[int]:
        bought = read().query(f"kind == {PURCHASE}").groupby("u")
        frame = bought.agg(r=("ts", "max"), f=("ts", "size"), m=("amount", "sum")).reset_index()
        frame["r"] = -((AT - frame["r"]) // DAY)
        for name in "rfm":
            frame = frame.sort_values([name, "u"]).assign(**{f"{name}5": _ntile(len(frame))})
        counts = frame.groupby(["r5", "f5", "m5"]).size().reset_index()
        return [int(cell) for row in counts.itertuples(index=False) for cell in row]

    return ask
