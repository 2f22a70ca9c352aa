"""Pages that lose buyers: looked at like others, bought from less than their like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.analytics.answer import stacked, text_table
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import wanted_types, whole_number
from footfall.analytics.operations.shrinkage import prior_of, shrunk_rates
from footfall.analytics.scope import Between, Scope
from footfall.analytics.scope.fields import Field, field_named
from footfall.errors import OptionError
from footfall.events.columns import ITEM_ID
from footfall.events.durations import duration_text, parse_duration
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i8, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["LosingPages", "losing_pages"]

_GAP = gap_microseconds(30)
_VIEWS, _EXITS, _VIEWERS, _BUYERS = range(4)
_COUNTS = ("views", "exits", "viewers", "converted")
_FEW = 5  # pages a category must have to be judged by itself


@kernel(
    types.void(
        i64, i64, i32, bool1, bool1, i32, types.int64, types.boolean, types.int64, types.int64,
        out_i64, out_i8,
    )
)  # fmt: skip
def _count(  # noqa: C901, PLR0912  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    page: Array,
    views: Array,
    goals: Array,
    session: Array,
    within: int,
    anywhere: bool,  # noqa: FBT001  # kernels take their arguments by position
    pages: int,
    wanted: int,
    counts: Array,
    marks: Array,
) -> None:
    """Count views, exits, viewers and converted viewers of each page.

    ``anywhere``: a goal converts every page looked at in the session before it; otherwise only the
    goal's own. ``marks``, when not empty: 1 for each viewer of a page, 2 for a converted one.
    """
    seen = np.full(pages, -1, np.int64)
    bought = np.full(pages, -1, np.int64)
    last = np.zeros(pages, np.int64)
    inside = np.full(pages, -1, np.int64)  # the session it was last looked at in
    touched = np.empty(pages, np.int64)
    for user in range(len(offsets) - 1):
        known, run = 0, -1
        for row in range(offsets[user], offsets[user + 1]):
            if session[row] != run:
                known, run = 0, session[row]
            here = page[row]
            if views[row] and here >= 0:
                counts[here * 4 + _VIEWS] += 1
                if row + 1 == offsets[user + 1] or session[row + 1] != run:
                    counts[here * 4 + _EXITS] += 1
                if seen[here] != user:
                    seen[here] = user
                    counts[here * 4 + _VIEWERS] += 1
                    if here == wanted and len(marks) > 0:
                        marks[user] = 1
                if anywhere and inside[here] != run:
                    inside[here] = run
                    touched[known] = here
                    known += 1
                last[here] = timestamp[row]
            if not goals[row]:
                continue
            if not anywhere:
                if here < 0:
                    continue
                touched[0], known = here, 1
            for at in range(known):
                mine = touched[at]
                late = timestamp[row] - last[mine] > within
                if seen[mine] != user or bought[mine] == user or late:
                    continue
                bought[mine] = user
                counts[mine * 4 + _BUYERS] += 1
                if mine == wanted and len(marks) > 0:
                    marks[user] = 2


@dataclass(frozen=True, kw_only=True, repr=False)
class LosingPages(Tabled):
    """The answer of :func:`losing_pages`.

    Attributes
    ----------
    frame : pa.Table
        A row a page with enough viewers, most lost first: page, category (string), views, viewers,
        converted (int64), rate (float64, converted of viewers), expected_rate (of its category),
        shrunk_rate, low, high (drawn towards it, with interval), exit_share (of views that ended
        the session), expected_exit_share, lost (float64, viewers that would have converted at the
        expected rate), loses (bool, the interval lies below what is expected).
    """

    FORMATS: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("rate", "expected_rate", "shrunk_rate", "low", "high", "exit_share"), "share"
    ) | {"expected_exit_share": "share"}

    goal: str
    _question: "_Question"

    def users(
        self,
        page: str,
        state: Literal["viewers", "converted", "lost"] = "lost",
        *,
        group: str | None = None,
    ) -> list[str]:
        """List the viewers of a page, those who converted, or those who did not.

        Parameters
        ----------
        page : str
            As in the frame.
        state : "viewers", "converted" or "lost"
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such state or group.
        """
        known = ("viewers", "converted", "lost")
        if state not in known:
            raise OptionError.of("state", "LosingPages", f"one of {known}", state)
        return self._question.users(page, state, group)

    def __str__(self) -> str:
        # What is lost is counted from the shrunk rate, so that one stands beside the plain one.
        shown = ["page", "category", "viewers", "converted", "rate", "shrunk_rate"]
        shown += ["expected_rate", "exit_share", "lost"]
        found = self.frame.filter(self.frame.column("loses")).select(shown)
        count = f"{found.num_rows:,} of {self.frame.num_rows:,} pages lose buyers"
        return f"{count}\n{text_table(found.slice(0, 20), formats=self.FORMATS)}"

    def plot(self) -> "go.Figure":
        """Draw the pages that lose most: what they have, and what their like have."""
        from footfall.analytics.operations.page_charts import draw_losing_pages

        return draw_losing_pages(self)


def losing_pages(
    log: LogView,
    *,
    page: str = ITEM_ID,
    view: str = "view",
    goal: str = "purchase",
    within: str | timedelta = "7d",
    category: str | None = None,
    least: int = 20,
    level: float = 0.95,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> LosingPages:
    """Find the pages whose viewers convert less than those of pages like them.

    Parameters
    ----------
    log : LogView
    page : str, default="item_id"
        What a page is: the item, or a field of the event such as "properties.page".
    view, goal : str
        Event types joined by "|". For items the goal must be of the same item; for other pages
        any goal later in the session counts.
    within : str or timedelta, default="7d"
        From a view of the page to the goal.
    category : str, optional
        Column of the items that says which are alike; "category" where the log has it. Without
        one, and for other pages, all are compared with all.
    least : int, default=20
        Viewers it takes to be judged.
    level : float, default=0.95
        Of the intervals.
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the time asked for.

    Returns
    -------
    LosingPages

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> rows = [(f"u{n}", f"2026-01-05T10:{n % 60:02}", "view", f"item{n % 4}") for n in range(400)]
    >>> rows += [(user, f"{time}:30", "purchase", item) for user, time, _, item in rows
    ...          if item != "item2" and int(user[1:]) % 3 == 0]
    >>> answer = losing_pages(MemoryLog.from_rows(rows))
    >>> print(answer)
    1 of 4 pages lose buyers
    page   category  viewers  converted   rate  shrunk_rate  expected_rate  exit_share   lost
    item2  all           100          0  0.0 %        1.5 %         25.2 %     100.0 %  23.79
    """
    whole_number(least, option="least", owner="losing_pages", least=1, most=10**9)
    if not isinstance(level, float) or not 0.5 <= level < 1:
        raise OptionError.of("level", "losing_pages", "a float from 0.5 to below 1", level)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    longest = parse_duration(within, option="within", owner="losing_pages")
    scope = who.scope(log, owner="losing_pages", grain="event")
    plan = _Plan(
        field=field_named(log, page, owner="losing_pages", option="page", time_zone=time_zone),
        views=wanted_types(log, view, option="view", owner="losing_pages"),
        goals=wanted_types(log, goal, option="goal", owner="losing_pages"),
        within=longest,
        anywhere=page != ITEM_ID,
    )
    same = "of the same item" if page == ITEM_ID else "later in the session"
    definition = {
        "unit": f"users that had a {view} event of the page; converted: with a {goal} event {same}"
        f" within {duration_text(longest)} of their last view of it",
        "window": f"sessions end after 30 minutes of silence; at least {least} viewers",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": f"{time_zone}, for the time asked for only",
        "expected": "all viewers of the pages of the category taken together",
        "interval": f"{level:.0%}, after the rate is drawn towards the category's as far as its"
        " pages are alike (beta prior fitted by moments)",
    }
    likes = _categories(log, category, page)
    return _Question(scope, plan, likes, least, level, goal, definition | scope.definition).answer()


def _categories(log: LogView, category: str | None, page: str) -> pa.Table | None:
    columns = [] if log.items is None else log.items.column_names
    if category is not None and (category not in columns or page != ITEM_ID):
        allowed = f"a column of the items ({', '.join(columns)}), and pages must be items"
        raise OptionError.of("category", "losing_pages", allowed, category)
    named = category or "category"
    if page != ITEM_ID or named not in columns or log.items is None:
        return None
    return pa.table(
        {
            "page": log.items.column(ITEM_ID).cast(pa.string()),
            "category": log.items.column(named).cast(pa.string()),
        }
    )


@dataclass(frozen=True)
class _Plan:
    field: Field
    views: npt.NDArray[np.bool_]
    goals: npt.NDArray[np.bool_]
    within: int
    anywhere: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*SESSION_COLUMNS, "event_type", *self.field.columns]))


def _ask(plan: _Plan, chunk: UserChunk, wanted: int, marks: Array) -> tuple[pa.Array, Array]:
    names = plan.field.values(chunk).cast(pa.string())
    code = chunk["event_type"]
    counts = np.zeros(4 * len(names), np.int64)
    _count(
        chunk.offsets, chunk["timestamp"], np.ascontiguousarray(plan.field.codes(chunk), np.int32),
        plan.views[code], plan.goals[code], sessions_of(chunk, _GAP), plan.within, plan.anywhere,
        len(names), wanted, counts, marks,
    )  # fmt: skip
    return names, counts.reshape(-1, 4)


def _measure(plan: _Plan, chunk: UserChunk) -> pa.Table:
    names, counts = _ask(plan, chunk, -1, np.zeros(0, np.int8))
    used = np.flatnonzero(counts[:, _VIEWS])
    return _part(names.take(pa.array(used)), counts[used])


def _part(names: pa.Array, counts: Array) -> pa.Table:
    columns = {name: pa.array(counts[:, at], pa.int64()) for at, name in enumerate(_COUNTS)}
    return pa.table({"page": names} | columns)


def _merge(parts: list[pa.Table]) -> pa.Table:
    empty = _part(pa.array([], pa.string()), np.zeros((0, 4), np.int64))
    whole = pa.concat_tables([empty, *parts]).group_by("page")
    added = whole.aggregate([(name, "sum") for name in _COUNTS])
    named = added.select(["page", *(f"{name}_sum" for name in _COUNTS)])
    return named.rename_columns(["page", *_COUNTS]).sort_by("page")


def _find(plan: _Plan, page: str, state: str, chunk: UserChunk) -> Array:
    place = pc.index(plan.field.values(chunk).cast(pa.string()), page).as_py()
    marks = np.zeros(len(chunk.users), np.int8)
    if place < 0:
        return chunk.users[:0]
    _ask(plan, chunk, place, marks)
    mine = {"viewers": marks > 0, "converted": marks == 2, "lost": marks == 1}
    return chunk.users[mine[state]]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    likes: pa.Table | None
    least: int
    level: float
    goal: str
    definition: Mapping[str, str]

    def answer(self) -> LosingPages:
        asked = self.scope.ask(
            partial(_measure, self.plan), _merge, columns=self.plan.columns, label="losing pages"
        )
        return LosingPages(
            frame=self._frame(asked.total),
            groups=stacked({name: self._frame(each) for name, each in asked.groups.items()}),
            goal=self.goal,
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _frame(self, counts: pa.Table) -> pa.Table:
        likes = self._likes(counts.column("page").combine_chunks())
        views, exits, viewers, converted = (counts.column(name).to_numpy() for name in _COUNTS)
        expected, strength, exit_rate = (np.zeros(len(views)) for _ in range(3))
        codes = likes.dictionary_encode().indices.to_numpy()
        overall = prior_of(converted, viewers)
        for each in np.unique(codes):
            mine = codes == each
            prior = prior_of(converted[mine], viewers[mine])
            if mine.sum() < _FEW and len(np.unique(codes)) > 1:
                prior = (overall[0], overall[1])
            expected[mine], strength[mine] = prior
            exit_rate[mine] = exits[mine].sum() / max(1, views[mine].sum())
        rates = shrunk_rates(converted, viewers, mean=expected, strength=strength, level=self.level)
        lost = viewers * (expected - rates.rate)
        frame = pa.table(
            {
                "page": counts.column("page"),
                "category": likes,
                "views": views,
                "viewers": viewers,
                "converted": converted,
                "rate": converted / np.maximum(viewers, 1),
                "expected_rate": expected,
                "shrunk_rate": rates.rate,
                "low": rates.low,
                "high": rates.high,
                "exit_share": exits / np.maximum(views, 1),
                "expected_exit_share": exit_rate,
                "lost": np.maximum(lost, 0.0),
                "loses": rates.high < expected,
            }
        )
        order = [("loses", "descending"), ("lost", "descending"), ("page", "ascending")]
        return frame.filter(pc.greater_equal(frame.column("viewers"), self.least)).sort_by(order)

    def _likes(self, pages: pa.Array) -> pa.Array:
        if self.likes is None:
            return pa.array(["all"] * len(pages), pa.string())
        place = pc.index_in(pages, value_set=self.likes.column("page").combine_chunks())
        return self.likes.column("category").combine_chunks().take(place).fill_null("(none)")

    def users(self, page: str, state: str, group: str | None) -> list[str]:
        find = partial(_find, self.plan, page, state)
        return listed(
            self.scope, group, find, columns=self.plan.columns, label="losing pages: users"
        )
