"""The sections of the report: each asks one room; the answer is a sentence and a picture."""

from collections import Counter
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from footfall.demo.datasets import Dataset
from footfall.demo.page import Section, in_days, percent, plain_table
from footfall.features.sequences import Sequences
from footfall.predict import Purchase, evaluate_purchase
from footfall.recommend import BuyAgain, Popular, Rules
from footfall.recommend.measure import Measured, evaluate_model
from footfall.store.log import Log
from footfall.store.quality import quality

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["headline", "predictions", "quality_section", "recommendations"]

_DAY = 86_400_000_000
_METRIC = "ndcg@10"


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


def recommendations(log: Log, dataset: Dataset, *, seed: int) -> list[Section]:
    """Recommend new items and repeats, each beside its baseline, on the last days held out."""
    if log.items_seen == 0:
        return []
    sequences = Sequences.from_log(log, event_types=_item_types(log))
    span = log.span or (0, 0)
    cutoff = span[1] - dataset.test_days * _DAY
    options: dict[str, Any] = {"split": "time-cut", "cutoff": cutoff, "seed": seed}
    new = [evaluate_model(model, sequences, **options) for model in (Rules(), Popular())]
    old = [
        evaluate_model(model, sequences, keep_seen=True, targets="seen", **options)
        for model in (Rules(), BuyAgain())
    ]
    return [
        _comparison(
            "new-items",
            "What to show: items new to the user",
            f"items users had not had before, in the last {dataset.test_days} days",
            new,
        ),
        _comparison(
            "repeats-shown",
            "What to show: items to buy again",
            f"items users come back to, in the last {dataset.test_days} days",
            old,
            body=_example(log, sequences, cutoff, seed),
        ),
    ]


def _item_types(log: Log) -> list[str] | None:
    """Learn from purchases where a log has nothing else that names items."""
    return ["purchase"] if "campaign_received" in log.event_types else None


def _comparison(
    key: str, title: str, what: str, measured: list[Measured], *, body: str = ""
) -> Section:
    ours, baseline = measured
    factor = ours.metrics[_METRIC] / max(baseline.metrics[_METRIC], 1e-12)
    names = [n for n in ("hr@10", "ndcg@10", "mrr@10", "recall@10") if n in ours.metrics]
    table = pa.table(
        {"model": [m.model for m in measured]}
        | {name: [float(m.metrics[name]) for m in measured] for name in names}
    )
    return Section(
        key=key,
        title=title,
        finding=(
            f"Asked for {what}, {ours.model} reaches {factor:.2f} times the NDCG@10 of"
            f" {baseline.model}"
            f" ({ours.metrics[_METRIC]:.4f} against {baseline.metrics[_METRIC]:.4f},"
            f" {ours.protocol.users:,} users, all {ours.protocol.items_ranked:,} items ranked)."
        ),
        figures=[_bars(measured)],
        body=plain_table(table, best=0 if factor > 1 else 1) + body,
        terms={"protocol": f"\n{ours.protocol}"},
    )


def _bars(measured: list[Measured]) -> "go.Figure":
    import plotly.graph_objects as go

    from footfall.analytics.charts import GREY, TEAL, house_layout

    values = [m.metrics[_METRIC] for m in measured]
    ends = [m.protocol.interval.get(_METRIC, (v, v)) for m, v in zip(measured, values, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[m.model for m in measured],
            orientation="h",
            marker={"color": [TEAL, GREY]},
            text=[f"{value:.4f}" for value in values],
            textposition="inside",
            insidetextanchor="start",
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [high - v for (_, high), v in zip(ends, values, strict=True)],
                "arrayminus": [v - low for (low, _), v in zip(ends, values, strict=True)],
                "color": "#52606d",
            },
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_layout(
        **house_layout(
            f"How well {' and '.join(m.model for m in measured)} rank what users took next",
            subtitle="NDCG@10 with 95 % intervals over users",
            height=280,
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text="NDCG@10 (higher is better)", rangemode="tozero")
    return figure


def _example(log: Log, sequences: Sequences, cutoff: int, seed: int) -> str:
    """Show the list of one user: the one with the most purchases."""
    lengths = sequences.offsets[1:] - sequences.offsets[:-1]
    user = sequences.user_ids[int(lengths.argmax())].as_py()
    del cutoff  # the example is for today: it may know everything
    frame = Rules().fit(sequences, seed=seed).recommend([user], k=5, keep_seen=True)
    table = pa.table({"rank": frame.column("rank"), "item": _titles(log, frame.column("item_id"))})
    return f"<p>For example, user {user} would be shown:</p>{plain_table(table)}"


def _titles(log: Log, item_ids: pa.ChunkedArray) -> pa.Array:
    """Give items by their titles where the item table has them."""
    ids = item_ids.combine_chunks()
    if log.items is None or "title" not in log.items.column_names:
        return ids
    place = pc.index_in(ids, log.items.column("item_id").combine_chunks())
    titles = log.items.column("title").combine_chunks().take(place)
    return pc.coalesce(titles, ids)


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
