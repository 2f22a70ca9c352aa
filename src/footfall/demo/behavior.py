"""What happened, for the report: each question a section with a sentence and a picture."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pyarrow as pa

from footfall.analytics.attribution import attribution
from footfall.analytics.basket import basket_rules
from footfall.analytics.cohort.lifecycle import lifecycle
from footfall.analytics.cohort.retention import retention
from footfall.analytics.funnel import funnel, why_they_drop
from footfall.analytics.path import paths
from footfall.analytics.sessions import sessions
from footfall.analytics.value import pareto, repeats, rfm
from footfall.demo.datasets import Dataset
from footfall.demo.page import Section, in_days, percent, plain_table
from footfall.store.log import Log

__all__ = ["QUESTIONS", "behavior"]


def behavior(log: Log, dataset: Dataset) -> list[Section]:
    """Ask the questions the dataset names, in their order."""
    return [QUESTIONS[name](log, dataset) for name in dataset.questions]


def _funnel(log: Log, dataset: Dataset) -> Section:
    answer = funnel(log, steps=dataset.steps, within=dataset.within)
    rows: list[Mapping[str, Any]] = answer.to_json()["steps"]
    first, last = rows[0], rows[-1]
    worst = min(
        pairwise(rows), key=lambda pair: float(pair[1]["users"]) / max(1, int(pair[0]["users"]))
    )
    return Section(
        key="funnel",
        title="Funnel",
        finding=(
            f"Of {first['users']:,} users with {first['step']}, {last['users']:,}"
            f" ({percent(last['rate'])}) went on to the end within {in_days(dataset.within)}. Most"
            f" are lost between {worst[0]['step']} and {worst[1]['step']}."
        ),
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _causes(log: Log, dataset: Dataset) -> Section:
    answer = why_they_drop(log, steps=dataset.steps, within=dataset.within, at=len(dataset.steps))
    before, after = dataset.steps[-2:]
    finding = f"Nothing parts those who stop between {before} and {after} from those who go on."
    if answer.frame.num_rows:
        top = answer.frame.slice(0, 1).to_pylist()[0]
        name = str(top["name"]).rpartition(".")[2]
        finding = (
            f"{name} {top['value']} goes with stopping between {before} and {after}: of those users"
            f" {percent(top['dropped_share'])} stop, of the others"
            f" {percent(top['others_dropped_share'])}."
        )
    return Section(
        key="causes",
        title="Why they drop",
        finding=finding,
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _paths(log: Log, dataset: Dataset) -> Section:
    answer = paths(
        log,
        length=dataset.path_length,
        per=dataset.path_per,
        collapse_repeats=True,
        without=dataset.path_without,
    )
    finding = "No path of this length occurs."
    if answer.frame.num_rows:
        top = answer.frame.slice(0, 1).to_pylist()[0]
        finding = f"The most common path is {top['path']}: {top['occurrences']:,} times."
    return Section(
        key="paths",
        title="Paths",
        finding=finding,
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _sessions(log: Log, dataset: Dataset) -> Section:
    del dataset  # sessions are the same for every shop
    answer = sessions(log)
    visit = answer.to_json()
    return Section(
        key="sessions",
        title="Sessions",
        finding=(
            f"{visit['sessions']:,} sessions of {visit['users']:,} users; half have at most"
            f" {visit['events_median']} events, and {percent(visit['purchase_share'])} hold"
            " a purchase."
        ),
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _retention(log: Log, dataset: Dataset) -> Section:
    answer = retention(log, start="purchase", returning="purchase", unit=dataset.unit, periods=12)
    rows = [row for row in answer.averages.to_pylist() if row["rate"] is not None]
    finding = "The log is too short to say who comes back."
    if len(rows) > 1:
        last = rows[-1]
        finding = (
            f"Of new buyers, {percent(rows[1]['rate'])} buy again in the {dataset.unit} after"
            f" their first; {last['period']} {dataset.unit}s later {percent(last['rate'])} do."
        )
    return Section(
        key="retention",
        title="Retention of buyers",
        finding=finding,
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _lifecycle(log: Log, dataset: Dataset) -> Section:
    answer = lifecycle(log, unit=dataset.unit)
    over = [row for row in answer.frame.to_pylist() if row["complete"]]
    finding = "The log is too short for a life cycle."
    if over:
        last = over[-1]
        finding = (
            f"In the last whole {dataset.unit} {last['active']:,} users were active:"
            f" {last['new']:,} new, {last['returning']:,} returning,"
            f" {last['resurrecting']:,} back after a pause; {last['dormant']:,} fell silent."
        )
    return Section(
        key="lifecycle",
        title="Life cycle",
        finding=finding,
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _value(log: Log, dataset: Dataset) -> Section:
    del dataset
    answer = rfm(log)
    top = max(answer.frame.to_pylist(), key=lambda row: int(row["revenue_minor"]))
    share = pareto(log)
    fifth = next(row for row in share.frame.to_pylist() if abs(row["best_share"] - 0.2) < 1e-9)
    return Section(
        key="value",
        title="What buyers are worth",
        finding=(
            f"The segment {top['segment']} ({top['segment_zh']}) holds"
            f" {percent(top['users_share'])} of the buyers and {percent(top['revenue_share'])} of"
            f" the revenue; the best fifth of buyers brings {percent(fifth['revenue_share'])}."
        ),
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _repeats(log: Log, dataset: Dataset) -> Section:
    del dataset
    answer = repeats(log)
    again = ""
    if answer.lines:  # the log says which items
        share = 100 * answer.repeat_lines / answer.lines
        again = f", {share:.0f} % of lines are items bought before"
    return Section(
        key="repeats",
        title="Repeat purchases",
        finding=(
            f"{answer.repeat_buyers:,} of {answer.buyers:,} buyers came back"
            f"{again}; {percent(answer.share_back(28))} of orders are"
            " followed by another within 28 days."
        ),
        figures=[answer.plot()],
        terms=answer.definition,
    )


def _baskets(log: Log, dataset: Dataset) -> Section:
    del dataset
    answer = basket_rules(log, level="category", depth=2, min_support=0.002)
    shown = answer.frame.slice(0, 8)
    finding = "No two categories are bought together more often than chance has it."
    if shown.num_rows:
        top = shown.slice(0, 1).to_pylist()[0]
        finding = (
            f"Baskets with {top['has']} hold {top['adds']} {top['lift']:.1f} times as often as"
            " others."
        )
    columns = ["has", "adds", "baskets", "confidence", "lift"]
    table = pa.table({name: shown.column(name) for name in columns})
    return Section(
        key="baskets",
        title="Bought together",
        finding=finding,
        body=plain_table(table),
        terms=answer.definition,
    )


def _attribution(log: Log, dataset: Dataset) -> Section:
    del dataset
    answer = attribution(log)
    rows = answer.frame.to_pylist()
    shares = {(row["channel"], row["model"]): row["credit_share"] for row in rows}
    channels = dict.fromkeys(row["channel"] for row in rows)
    most = max(channels, key=lambda name: shares[name, "markov"] - shares[name, "last"])
    return Section(
        key="attribution",
        title="Which channels brought the orders",
        finding=(
            f"{most} is worth more than the last touch says: {percent(shares[most, 'markov'])} of"
            f" orders by its removal effect, {percent(shares[most, 'last'])} by last touch."
        ),
        figures=[answer.plot()],
        terms=answer.definition,
    )


# Name -> section; a dataset names those that make sense for it.
QUESTIONS: dict[str, Callable[[Log, Dataset], Section]] = {
    "funnel": _funnel,
    "causes": _causes,
    "paths": _paths,
    "sessions": _sessions,
    "retention": _retention,
    "lifecycle": _lifecycle,
    "value": _value,
    "repeats": _repeats,
    "baskets": _baskets,
    "attribution": _attribution,
}
