"""The sections of the report: each asks one room; the answer is a sentence and a picture."""

from collections import Counter
from datetime import UTC, datetime
from html import escape
from typing import Any

import pyarrow as pa

from footfall.demo.datasets import Dataset
from footfall.demo.page import Section, in_days, percent, plain_table
from footfall.predict import Purchase, evaluate_purchase
from footfall.store.log import Log
from footfall.store.quality import quality

__all__ = ["headline", "predictions", "quality_section"]

_DAY = 86_400_000_000


def headline(log: Log) -> dict[str, str]:
    """Give the numbers at the top of the page."""
    first, last = log.span or (0, 0)
    days = [datetime.fromtimestamp(t / 1e6, UTC).date().isoformat() for t in (first, last)]
    return {
        "events": f"{log.events:,}",
        "users": f"{log.users_seen:,}",
        "items": f"{log.items_seen:,}",
        f"days, {days[0]} to {days[1]}": f"{(last - first) // _DAY + 1:,}",
    }


def quality_section(log: Log) -> Section:
    """Say what is in the log and what is wrong with it."""
    report = quality(log)
    findings = report.to_json()["findings"]
    counts = Counter(finding["severity"] for finding in findings)
    shown = [f for f in findings if f["severity"] != "good"][:6] or findings[:3]
    lines = "".join(f'<li class="{f["severity"]}">{escape(f["text"])}</li>' for f in shown)
    return Section(
        key="quality",
        title="What is in the log",
        finding=(
            f"The check found {_count(counts['problem'], 'problem')} and"
            f" {_count(counts['notice'], 'thing')} worth knowing."
        ),
        body=(
            f'<ul class="findings">{lines}</ul>'
            "<details class='whole'><summary>The whole quality report</summary>"
            f"{report.to_html()}</details>"
        ),
    )


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def predictions(log: Log, dataset: Dataset, *, seed: int) -> list[Section]:
    """Predict purchases in the next period, beside a baseline that knows recency only."""
    report = evaluate_purchase(log, horizon=dataset.horizon, seed=seed)
    ours, baseline = (
        {metric: report.value(model, metric) for metric in ("auc", "log_loss")}
        for model in ("purchase", "recency")
    )
    likely = Purchase(horizon=dataset.horizon).fit(log, seed=seed).predict()
    likely = likely.sort_by([("probability", "descending"), ("user_id", "ascending")])
    return [
        Section(
            key="purchase",
            title=f"Who will buy in the next {in_days(dataset.horizon)}",
            finding=(
                f"Ranking {report.users:,} users by purchase probability puts a buyer before a"
                f" non-buyer {percent(ours['auc'])} of the time; by recency alone,"
                f" {percent(baseline['auc'])}. Log-loss {ours['log_loss']:.4f} against"
                f" {baseline['log_loss']:.4f}."
            ),
            figures=[report.plot()],
            body=_metric_table(report.frame)
            + f"<p>Likeliest to buy in the {in_days(dataset.horizon)} after the log's end:</p>"
            + plain_table(likely.slice(0, 5)),
            terms=report.definition,
        )
    ]


def _metric_table(frame: pa.Table) -> str:
    """Put metrics side by side, a row a model."""
    rows = frame.to_pylist()
    models = [*dict.fromkeys(row["model"] for row in rows)]
    cells = {(row["model"], row["metric"]): row["value"] for row in rows}
    metrics = [*dict.fromkeys(row["metric"] for row in rows)]
    columns: dict[str, list[Any]] = {"model": models}
    for metric in metrics:
        columns[metric.replace("_", " ")] = [cells[model, metric] for model in models]
    return plain_table(pa.table(columns), best=0)
