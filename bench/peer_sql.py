"""Five questions in the SQL of DuckDB and of ClickHouse in the process (chdb).

Every function gives a callable that answers with plain ints, the same for every engine. The events
stand in order of time: in Parquet when cold, in a table in memory when warm.
"""

from pathlib import Path

from peer_data import AT, DAY, GAP, MONDAY, PURCHASE, STEPS, WEEK, WEEKS, WITHIN, Ask

BUYERS = f"""select u, -cast(floor(({AT} - max(ts)) / {DAY}) as bigint) as r, count(*) as f,
    sum(amount) as m from ev where kind = {PURCHASE} group by u"""
COMPLETE = f"ts < {MONDAY + WEEKS * WEEK}"


def _duckdb(folder: Path, query: str, *, cold: bool) -> Ask:
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    kind = "view" if cold else "table"
    source = f"read_parquet('{folder}/by_time.parquet')"
    connection.execute(f"create {kind} ev as select user as u, ts, kind, amount from {source}")
    return lambda: [int(cell) for row in connection.execute(query).fetchall() for cell in row]


def duckdb_funnel(folder: Path, *, cold: bool) -> Ask:
    """One ASOF join a step: the latest start is always the best."""
    steps = ["c0 as materialized (select u, ts, ts as s from ev where kind = 0)"]
    steps += [
        f"c{k} as materialized (select e.u, e.ts, c.s from"
        f" (select u, ts from ev where kind = {k}) e asof join c{k - 1} c"
        f" on e.u = c.u and e.ts > c.ts where e.ts - c.s <= {WITHIN})"
        for k in range(1, len(STEPS))
    ]
    counts = ", ".join(f"(select count(distinct u) from c{k})" for k in range(len(STEPS)))
    return _duckdb(folder, f"with {', '.join(steps)} select {counts}", cold=cold)


def duckdb_sessions(folder: Path, *, cold: bool) -> Ask:
    """One window with the silence before and after each event."""
    query = f"""with g as (select ts - lag(ts) over w as b, lead(ts) over w - ts as a
        from ev window w as (partition by u order by ts))
        select count(*) filter (b is null or b > {GAP}),
        count(*) filter ((b is null or b > {GAP}) and (a is null or a > {GAP})) from g"""
    return _duckdb(folder, query, cold=cold)


def duckdb_paths(folder: Path, *, cold: bool) -> Ask:
    """One sort, leads only."""
    leads = ", ".join(
        f"lead(kind, {k}) over w as k{k}, lead(ts, {k}) over w as t{k}" for k in range(1, 5)
    )
    near = " and ".join(f"t{k} - {'ts' if k == 1 else f't{k - 1}'} <= {GAP}" for k in range(1, 5))
    code = "((((kind * 5 + k1) * 5 + k2) * 5 + k3) * 5 + k4)"
    query = f"""with g as (select kind::bigint as kind, ts, {leads}
        from ev window w as (partition by u order by ts))
        select n from (select {code} as code, count(*) as n from g where {near} group by code)
        order by n desc limit 50"""
    return _duckdb(folder, query, cold=cold)


def duckdb_retention(folder: Path, *, cold: bool) -> Ask:
    """Join the distinct weeks of each user with the first."""
    query = f"""with a as (select distinct u, (ts - {MONDAY}) // {WEEK} as w from ev
        where {COMPLETE}),
        f as (select u, min(w) as c from a group by u)
        select f.c, a.w - f.c as k, count(*) from a join f on a.u = f.u
        group by f.c, a.w - f.c order by 1, 2"""
    return _duckdb(folder, query, cold=cold)


def duckdb_rfm(folder: Path, *, cold: bool) -> Ask:
    """Three ntiles over the buyers."""
    ntiles = ", ".join(f"ntile(5) over (order by {name}, u) as {name}5" for name in "rfm")
    query = f"""select r5, f5, m5, count(*) from (select {ntiles} from ({BUYERS}))
        group by r5, f5, m5 order by r5, f5, m5"""
    return _duckdb(folder, query, cold=cold)


def _chdb(folder: Path, query: str, *, cold: bool) -> Ask:
    from chdb.session import Session

    session = Session()
    session.query("set max_threads = 2")
    session.query("create database if not exists bench")
    columns = "user as u, ts, kind, toInt64(amount) as amount"
    kind = "view bench.ev" if cold else "table bench.ev engine = Memory"
    source = f"file('{folder}/by_time.parquet', Parquet)"
    session.query(f"create {kind} as select {columns} from {source}")
    query = query.replace("from ev", "from bench.ev")
    return lambda: [
        int(cell) for cell in str(session.query(query, "CSV")).replace(",", " ").split()
    ]


def chdb_funnel(folder: Path, *, cold: bool) -> Ask:
    """ClickHouse's own windowFunnel."""
    conditions = ", ".join(f"kind = {k}" for k in STEPS)
    counts = ", ".join(f"countIf(level > {k})" for k in STEPS)
    query = (
        f"select {counts} from (select u, windowFunnel({WITHIN})(toUInt64(ts), {conditions})"
        " as level from ev group by u)"
    )
    return _chdb(folder, query, cold=cold)


def chdb_sessions(folder: Path, *, cold: bool) -> Ask:
    """Sort the times of each user as an array."""
    query = f"""select sum(n), sum(b) from (select
        arrayPopFront(arrayDifference(arraySort(groupArray(ts)))) as g,
        1 + arrayCount(x -> x > {GAP}, g) as n,
        arrayCount((x, y) -> x > {GAP} and y > {GAP}, arrayPushFront(g, {GAP + 1}),
        arrayPushBack(g, {GAP + 1})) as b from ev group by u)"""
    return _chdb(folder, query, cold=cold)


def chdb_paths(folder: Path, *, cold: bool) -> Ask:
    """Sort the events of each user as an array and cut it into runs of five."""
    near = " and ".join(f"g[i + {k}] <= {GAP}" for k in range(1, 5))
    code = "k[i]"
    for place in range(1, 5):
        code = f"({code}) * 5 + k[i + {place}]"
    query = f"""select count(*) as n from (select arrayJoin(arrayMap(i -> {code},
        arrayFilter(i -> {near}, range(1, toUInt32(greatest(length(k), 4) - 3))))) as code
        from (select arraySort(groupArray((ts, toInt64(kind)))) as e, e.2 as k,
        arrayDifference(e.1) as g from ev group by u)) group by code order by n desc limit 50"""
    return _chdb(folder, query, cold=cold)


def chdb_retention(folder: Path, *, cold: bool) -> Ask:
    """Collect the set of weeks of each user."""
    query = f"""select c, k, count(*) from
        (select min(w) as c, arrayJoin(groupUniqArray(w)) - c as k
        from (select u, intDiv(ts - {MONDAY}, {WEEK}) as w from ev where {COMPLETE}) group by u)
        group by c, k order by c, k"""
    return _chdb(folder, query, cold=cold)


def chdb_rfm(folder: Path, *, cold: bool) -> Ask:
    """Three ntiles over the buyers."""
    bounds = "rows between unbounded preceding and unbounded following"
    ntiles = ", ".join(f"ntile(5) over (order by {name}, u {bounds}) as {name}5" for name in "rfm")
    query = f"""select r5, f5, m5, count(*) from (select {ntiles} from ({BUYERS}))
        group by r5, f5, m5 order by r5, f5, m5"""
    return _chdb(folder, query, cold=cold)
