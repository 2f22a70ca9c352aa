"""Searches: what is asked for, what finds nothing or leads to no click, and what is tried next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.answer import stacked, text_table
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import wanted_types, whole_number
from footfall.analytics.operations.outcomes import (
    STATES,
    SearchPlan,
    measure_searches,
    merge_searches,
    users_of_query,
)
from footfall.analytics.scope import Between, Scope
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Searches", "searches"]

Order = Literal["searches", "no_results", "no_click", "reformulated"]


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
        if state not in STATES:
            raise OptionError.of("state", "Searches", f"one of {STATES}", state)
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
    if order not in STATES[:4]:
        raise OptionError.of("order", "searches", f"one of {STATES[:4]}", order)
    whole_number(queries, option="queries", owner="searches", least=1, most=10**6)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    longest = parse_duration(within, option="within", owner="searches")
    known = log.property_keys()
    if results is not None and results not in known:
        raise OptionError.of("results", "searches", f"one of the properties {known}", results)
    named = results or ("results" if "results" in known else None)
    plan = SearchPlan(
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
class _Question:
    scope: Scope
    plan: SearchPlan
    order: Order
    queries: int
    definition: Mapping[str, str]

    def answer(self) -> Searches:
        asked = self.scope.ask(
            partial(measure_searches, self.plan),
            merge_searches,
            columns=self.plan.columns,
            label="searches",
        )
        counts, following, people = asked.total
        sums = {name: pc.sum(counts.column(name)).as_py() or 0 for name in STATES}
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
        for name in STATES[1:]:
            values = counts.column(name).to_numpy()
            hidden = unknown if name == "no_results" else np.zeros(len(whole), np.bool_)
            table = table.append_column(name, pa.array(values, pa.int64(), mask=hidden))
        for name, share in zip(STATES[1:], _SHARES, strict=True):
            hidden = unknown if name == "no_results" else np.zeros(len(whole), np.bool_)
            rates = counts.column(name).to_numpy() / np.maximum(whole, 1)
            column = pa.array(rates, pa.float64(), mask=hidden | (whole == 0))
            table = table.append_column(share, column)
        return table

    def users(self, query: str, state: str, group: str | None) -> list[str]:
        find = partial(users_of_query, self.plan, query, state)
        return listed(self.scope, group, find, columns=self.plan.columns, label="searches: users")


_SHARES = (
    "no_result_share",
    "no_click_share",
    "reformulated_share",
    "exit_share",
    "purchase_share",
)
