"""Searches: what is asked for, what finds nothing or leads to no click, and what is tried next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.analytics.answer import stacked, text_table
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import wanted_types, whole_number
from footfall.analytics.scope import Between, Scope
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i8, out_i32
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Searches", "normalized", "searches"]

_GAP = gap_microseconds(30)
# What came of a search: bits of one number.
_CLICKED, _RETRIED, _BOUGHT, _LAST = 1, 2, 4, 8
_STATES = ("searches", "no_results", "no_click", "reformulated", "exits", "purchases")
Order = Literal["searches", "no_results", "no_click", "reformulated"]


@kernel(types.void(i64, i64, i32, bool1, bool1, bool1, i32, types.int64, out_i8, out_i32))
def _outcomes(
    offsets: Array,
    timestamp: Array,
    session: Array,
    searching: Array,
    clicking: Array,
    buying: Array,
    query: Array,
    within: int,
    outcome: Array,
    following: Array,
) -> None:
    """Write what came of each search, backwards through each session; -1 where none was made."""
    for user in range(len(offsets) - 1):
        run = -1
        click, retry = np.int64(-1), np.int64(-1)
        bought, last = 0, True
        next_query = np.int32(-1)
        for row in range(offsets[user + 1] - 1, offsets[user] - 1, -1):
            now = timestamp[row]
            if session[row] != run:
                run, bought, last = session[row], 0, True
                click, retry, next_query = np.int64(-1), np.int64(-1), np.int32(-1)
            if searching[row] and query[row] >= 0:
                found = 0
                if click >= 0 and click - now <= within:
                    found |= _CLICKED
                elif 0 <= retry <= now + within and next_query != query[row]:
                    found |= _RETRIED
                    following[row] = next_query
                outcome[row] = found | (_BOUGHT * bought) | (_LAST if last else 0)
                click, retry, next_query = np.int64(-1), now, query[row]
            elif clicking[row]:
                click = now
            if buying[row]:
                bought = 1
            last = False


@dataclass(frozen=True, kw_only=True, repr=False)
class Searches(Tabled):
    """The answer of :func:`searches`.

    Attributes
    ----------
    frame : pa.Table
        A row a query: query (string), searches, users, no_results (int64; null where the log does
        not say), no_click, reformulated, exits, purchases (int64), no_result_share, no_click_share,
        reformulated_share, exit_share, purchase_share (float64, of the searches).
    total : pa.Table
        One row of the same, without query, for all searches, also those not shown.
    reformulations : pa.Table
        query, next_query (string), searches (int64): what was tried next.
    """

    FORMATS: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "no_result_share",
            "no_click_share",
            "reformulated_share",
            "exit_share",
            "purchase_share",
        ),
        "share",
    )

    total: pa.Table
    reformulations: pa.Table
    _question: "_Question"

    def users(
        self,
        query: str,
        state: Literal[
            "searches", "no_results", "no_click", "reformulated", "exits", "purchases"
        ] = "searches",
        *,
        group: str | None = None,
    ) -> list[str]:
        """List the users of a query, or those with a search of it that came to something.

        Parameters
        ----------
        query : str
            As in the frame.
        state : str, default="searches"
            A count of the frame.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such state or group.
        """
        if state not in _STATES:
            raise OptionError.of("state", "Searches", f"one of {_STATES}", state)
        return self._question.users(query, state, group)

    def to_json(self) -> dict[str, Any]:
        """Give queries, total, reformulations and the definition as plain values."""
        rest = {"total": self.total.to_pylist()[0]}
        return super().to_json() | rest | {"reformulations": self.reformulations.to_pylist()}

    def __str__(self) -> str:
        shares = [name for name in self.frame.column_names if name.endswith("_share")]
        columns = ["query", "searches", "users", *shares]
        text = text_table(self.frame.select(columns).slice(0, 20), formats=self.FORMATS)
        whole = text_table(self.total.select(columns[1:]), formats=self.FORMATS)
        return f"{text}\n\nall searches\n{whole}"

    def plot(self) -> "go.Figure":
        """Draw the queries asked most, and what came of them."""
        from footfall.analytics.operations.page_charts import draw_searches

        return draw_searches(self)


def searches(
    log: LogView,
    *,
    search: str = "search",
    click: str = "click|view|add_to_cart|purchase",
    within: str | timedelta = "10m",
    results: str | None = None,
    order: Order = "searches",
    queries: int = 100,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Searches:
    """Say what users search for, and what comes of it.

    Queries are compared after full-width letters are made plain, letters small, and blanks one.

    Parameters
    ----------
    log : LogView
    search : str, default="search"
        The search events; those without a query do not count.
    click : str
        What shows that something was found: event types joined by "|".
    within : str or timedelta, default="10m"
        A click must come so soon after the search, before the next search of the session; so must
        another query that takes its place.
    results : str, optional
        The property with the number of results; by default "results" where the log has it.
    order : "searches", "no_results", "no_click" or "reformulated"
        Which queries come first.
    queries : int, default=100
        How many are shown.
    by, where, between, segment, top, time_zone
        Breakdown (each session is in one group), condition, time, segment, groups kept, zone of the
        time asked for. A condition must keep clicks and purchases, too.

    Returns
    -------
    Searches

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_events(pa.table({
    ...     "user_id": ["ann", "ann", "ann", "bob"],
    ...     "timestamp": pa.array([0, 20, 30, 0]).cast(pa.timestamp("s", tz="UTC")),
    ...     "event_type": ["search", "search", "view", "search"],
    ...     "query": ["水 壶", "kettle", None, "Kettle "],
    ... }))
    >>> answer = searches(log)
    >>> answer.frame.select(["query", "searches", "no_click", "reformulated"]).to_pylist()
    [{'query': 'kettle', 'searches': 2, 'no_click': 1, 'reformulated': 0},
     {'query': '水 壶', 'searches': 1, 'no_click': 1, 'reformulated': 1}]
    >>> answer.users("kettle", "no_click")
    ['bob']
    """
    if order not in _STATES[:4]:
        raise OptionError.of("order", "searches", f"one of {_STATES[:4]}", order)
    whole_number(queries, option="queries", owner="searches", least=1, most=10**6)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    longest = parse_duration(within, option="within", owner="searches")
    known = log.property_keys()
    if results is not None and results not in known:
        raise OptionError.of("results", "searches", f"one of the properties {known}", results)
    named = results or ("results" if "results" in known else None)
    plan = _Plan(
        search=wanted_types(log, search, option="search", owner="searches"),
        click=wanted_types(log, click, option="click", owner="searches"),
        purchase=wanted_types(log, "purchase", option="purchase", owner="searches"),
        within=longest,
        results=None if named is None else f"properties.{named}",
    )
    definition = {
        "unit": f"{search} events with a query; queries compared in small letters, half-width, with"
        " single blanks",
        "window": f"a click ({click}) within {duration_text(longest)}, before the session's next"
        " search; reformulated: no click, and another query within that time; exits: nothing came"
        " after in the session; purchases: one later in the session; sessions end after 30 minutes"
        " of silence",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": f"{time_zone}, for the time asked for only",
        "no_results": f"the property {named} is 0" if named else "not known: no property says so",
    }
    scope = who.scope(log, owner="searches", grain="session")
    return _Question(scope, plan, order, queries, definition | scope.definition).answer()


@dataclass(frozen=True)
class _Plan:
    search: npt.NDArray[np.bool_]
    click: npt.NDArray[np.bool_]
    purchase: npt.NDArray[np.bool_]
    within: int
    results: str | None

    @property
    def columns(self) -> tuple[str, ...]:
        names = (*SESSION_COLUMNS, "event_type", "query")
        return names if self.results is None else (*names, self.results)


@dataclass(frozen=True)
class _Found:
    """The searches of a chunk, one row each."""

    words: pa.Array
    query: npt.NDArray[np.int32]
    following: npt.NDArray[np.int32]
    user: npt.NDArray[np.int64]
    states: npt.NDArray[np.bool_]  # (searches, states)


def normalized(words: pa.Array) -> pa.Array:
    """Write queries alike that mean the same: half-width, small letters, single blanks.

    Examples
    --------
    >>> normalized(pa.array(["  Ｒed   Kettle", "水壶"])).to_pylist()
    ['red kettle', '水壶']
    """
    plain = pc.utf8_lower(pc.utf8_normalize(words.cast(pa.string()), form="NFKC"))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"\s+", " "))


def _found(plan: _Plan, chunk: UserChunk) -> _Found:
    coded = normalized(chunk.words["query"]).dictionary_encode()
    words = coded.dictionary
    table = np.append(coded.indices.to_numpy(zero_copy_only=False), -1).astype(np.int32)
    blank = pc.index(words, "").as_py()
    query = table[chunk["query"]]
    query[query == blank] = -1
    code = chunk["event_type"]
    outcome = np.full(chunk.events, -1, np.int8)
    following = np.full(chunk.events, -1, np.int32)
    _outcomes(
        chunk.offsets, chunk["timestamp"], sessions_of(chunk, _GAP), plan.search[code],
        plan.click[code], plan.purchase[code], query, plan.within, outcome, following,
    )  # fmt: skip
    rows = np.flatnonzero(outcome >= 0)
    found = outcome[rows]
    nothing = np.zeros(len(rows), np.bool_)
    if plan.results is not None:
        zero = np.append(_zeros(chunk.words[plan.results]), [False])
        nothing = zero[chunk[plan.results][rows]]
    states = np.stack(
        [
            np.ones(len(rows), np.bool_),
            nothing,
            (found & _CLICKED) == 0,
            (found & _RETRIED) > 0,
            (found & _LAST) > 0,
            (found & _BOUGHT) > 0,
        ],
        axis=1,
    )
    user = np.searchsorted(chunk.offsets, rows, side="right") - 1
    return _Found(words, query[rows], following[rows], user, states)


def _zeros(words: pa.Array) -> npt.NDArray[np.bool_]:
    """Say which texts are the number 0."""
    texts = pc.utf8_trim_whitespace(words.cast(pa.string()))
    return np.asarray(
        pc.match_substring_regex(texts, r"^[+-]?0+(\.0*)?$").to_numpy(zero_copy_only=False),
        np.bool_,
    )


def _measure(plan: _Plan, chunk: UserChunk) -> tuple[pa.Table, pa.Table, int]:
    found = _found(plan, chunk)
    size = len(found.words)
    cells: dict[str, Any] = {"query": found.words}
    for at, name in enumerate(_STATES):
        cells[name] = np.bincount(found.query[found.states[:, at]], minlength=size)
    pairs = np.unique(found.user * max(size, 1) + found.query)
    cells["users"] = np.bincount(pairs % max(size, 1), minlength=size)
    counts = pa.table(cells)
    retried = found.following >= 0
    keys, times = np.unique(
        found.query[retried].astype(np.int64) * max(size, 1) + found.following[retried],
        return_counts=True,
    )
    following = pa.table(
        {
            "query": found.words.take(pa.array(keys // max(size, 1))),
            "next_query": found.words.take(pa.array(keys % max(size, 1))),
            "searches": pa.array(times, pa.int64()),
        }
    )
    return counts.filter(pc.greater(counts["searches"], 0)), following, len(np.unique(found.user))


def _merge(parts: list[tuple[pa.Table, pa.Table, int]]) -> tuple[pa.Table, pa.Table, int]:
    names = (*_STATES, "users")
    schema = pa.schema([("query", pa.string()), *((name, pa.int64()) for name in names)])
    counts = pa.concat_tables([schema.empty_table(), *(part[0].cast(schema) for part in parts)])
    added = counts.group_by("query").aggregate([(name, "sum") for name in names])
    added = added.select(["query", *(f"{name}_sum" for name in names)])
    pairs = pa.schema(
        [("query", pa.string()), ("next_query", pa.string()), ("searches", pa.int64())]
    )
    following = pa.concat_tables([pairs.empty_table(), *(part[1] for part in parts)])
    tried = following.group_by(["query", "next_query"]).aggregate([("searches", "sum")])
    tried = tried.select([*pairs.names[:2], "searches_sum"]).rename_columns(pairs.names)
    order = [("searches", "descending"), ("query", "ascending"), ("next_query", "ascending")]
    people = sum(part[2] for part in parts)
    return added.rename_columns(schema.names).sort_by("query"), tried.sort_by(order), people


def _find(plan: _Plan, query: str, state: str, chunk: UserChunk) -> Array:
    found = _found(plan, chunk)
    place = pc.index(found.words, query).as_py()
    mine = (found.query == place) & found.states[:, _STATES.index(state)]
    return chunk.users[np.unique(found.user[mine])]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    order: Order
    queries: int
    definition: Mapping[str, str]

    def answer(self) -> Searches:
        asked = self.scope.ask(
            partial(_measure, self.plan), _merge, columns=self.plan.columns, label="searches"
        )
        counts, following, people = asked.total
        sums = {name: pc.sum(counts.column(name)).as_py() or 0 for name in _STATES}
        whole = pa.table({name: pa.array([n], pa.int64()) for name, n in sums.items()})
        whole = whole.append_column("users", pa.array([people], pa.int64()))
        return Searches(
            frame=self._frame(counts),
            groups=stacked({name: self._frame(each[0]) for name, each in asked.groups.items()}),
            total=self._shares(whole),
            reformulations=following.slice(0, self.queries),
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _frame(self, counts: pa.Table) -> pa.Table:
        order = [(self.order, "descending"), ("query", "ascending")]
        if self.order != "searches":
            order.insert(1, ("searches", "descending"))
        return self._shares(counts.sort_by(order).slice(0, self.queries))

    def _shares(self, counts: pa.Table) -> pa.Table:
        whole = counts.column("searches").to_numpy()
        unknown = np.full(len(whole), self.plan.results is None)
        first = ["query"] if "query" in counts.column_names else []
        table = counts.select([*first, "searches", "users"])
        for name in _STATES[1:]:
            values = counts.column(name).to_numpy()
            hidden = unknown if name == "no_results" else np.zeros(len(whole), np.bool_)
            table = table.append_column(name, pa.array(values, pa.int64(), mask=hidden))
        for name, share in zip(_STATES[1:], _SHARES, strict=True):
            hidden = unknown if name == "no_results" else np.zeros(len(whole), np.bool_)
            rates = counts.column(name).to_numpy() / np.maximum(whole, 1)
            column = pa.array(rates, pa.float64(), mask=hidden | (whole == 0))
            table = table.append_column(share, column)
        return table

    def users(self, query: str, state: str, group: str | None) -> list[str]:
        find = partial(_find, self.plan, query, state)
        return listed(self.scope, group, find, columns=self.plan.columns, label="searches: users")


_SHARES = (
    "no_result_share",
    "no_click_share",
    "reformulated_share",
    "exit_share",
    "purchase_share",
)
