"""What to show: the mix of recommenders beside its best simple part and beside a baseline."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from footfall.demo.datasets import Dataset
from footfall.demo.page import Section, plain_table
from footfall.features.sequences import Sequences
from footfall.recommend import BuyAgain, Hybrid, Measured, Popular, Rules, evaluate_model
from footfall.store.log import Log

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["recommendations"]

_DAY = 86_400_000_000
_METRIC = "ndcg@10"
# Networks small enough for a demo of minutes; `footfall train` takes its time.
_NEW_PARTS = ("sequential", "rules", "item-knn", "content", "popular")
_REPEAT_PARTS = ("rules", "buy-again", "item-knn", "popular")


def recommendations(log: Log, dataset: Dataset, *, seed: int) -> list[Section]:
    """Recommend new items and repeats, each beside its baseline, on the last days held out."""
    if log.items_seen == 0:
        return []
    sequences = Hybrid(event_types=_item_types(log)).read(log)
    span = log.span or (0, 0)
    cutoff = span[1] - dataset.test_days * _DAY
    split: dict[str, Any] = {"split": "time-cut", "cutoff": cutoff, "seed": seed}
    new = Hybrid(parts=_NEW_PARTS, part_options={"sequential": dict(dataset.network)})
    again = Hybrid(parts=_REPEAT_PARTS, repeats=True)
    to_new = [evaluate_model(model, sequences, **split) for model in (new, Rules(), Popular())]
    to_old = [
        evaluate_model(model, sequences, keep_seen=True, targets="seen", **split)
        for model in (again, Rules(), BuyAgain())
    ]
    days = f"in the last {dataset.test_days} days"
    return [
        _comparison(
            "new-items",
            "What to show: items new to the user",
            f"items users had not had before, {days}",
            to_new,
            adds=new.adds_,
        ),
        _comparison(
            "repeats-shown",
            "What to show: items to buy again",
            f"items users come back to, {days}",
            to_old,
            adds=again.adds_,
            body=_example(log, again.refit(sequences, seed=seed), sequences),
        ),
    ]


def _item_types(log: Log) -> tuple[str, ...] | None:
    """Learn from purchases where a log has nothing else that names items."""
    return ("purchase",) if "campaign_received" in log.event_types else None


def _comparison(
    key: str,
    title: str,
    what: str,
    measured: Sequence[Measured],
    *,
    adds: pa.Table,
    body: str = "",
) -> Section:
    ours, baseline = measured[0], measured[-1]
    factor = ours.metrics[_METRIC] / max(baseline.metrics[_METRIC], 1e-12)
    names = [n for n in ("hr@10", "ndcg@10", "mrr@10", "recall@10") if n in ours.metrics]
    table = pa.table(
        {"model": [m.model for m in measured]}
        | {name: [float(m.metrics[name]) for m in measured] for name in names}
    )
    best = max(range(len(measured)), key=lambda place: measured[place].metrics[_METRIC])
    return Section(
        key=key,
        title=title,
        finding=(
            f"Asked for {what}, {ours.model} reaches {factor:.2f} times the NDCG@10 of"
            f" {baseline.model}"
            f" ({ours.metrics[_METRIC]:.4f} against {baseline.metrics[_METRIC]:.4f},"
            f" {ours.protocol.users:,} users, all {ours.protocol.items_ranked:,} items ranked)."
            f" {_most_missed(adds)}"
        ),
        figures=[_bars(measured), _parts(adds)],
        body=plain_table(table, best=best) + body,
        terms={"protocol": f"\n{ours.protocol}"},
    )


def _most_missed(adds: pa.Table) -> str:
    """Say without which part the mix would lose most."""
    rows, together = _rows(adds)
    missed = min(rows, key=lambda row: row["without"])
    loss = 1 - missed["without"] / max(together, 1e-12)
    if loss <= 0:
        return "None of its parts would be missed."
    return f"Of its parts {missed['part']} would be missed most ({-100 * loss:.0f} %)."


def _rows(adds: pa.Table) -> tuple[list[dict[str, Any]], float]:
    """Give the parts, and the quality of all together."""
    *rows, together = adds.to_pylist()
    return rows, float(together["alone"])


def _bars(measured: Sequence[Measured]) -> "go.Figure":
    import plotly.graph_objects as go

    from footfall.analytics.charts import AMBER, GREY, TEAL, house_layout

    values = [m.metrics[_METRIC] for m in measured]
    ends = [m.protocol.interval.get(_METRIC, (v, v)) for m, v in zip(measured, values, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[m.model for m in measured],
            orientation="h",
            marker={"color": [TEAL, AMBER, GREY]},
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
            f"How well {_listed([m.model for m in measured])} rank what users took next",
            subtitle="NDCG@10 with 95 % intervals over users",
            height=320,
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text="NDCG@10 (higher is better)", rangemode="tozero")
    return figure


def _parts(adds: pa.Table) -> "go.Figure":
    """Draw what each part of the mix reaches alone, and the mix without it."""
    import plotly.graph_objects as go

    from footfall.analytics.charts import FAINT, TEAL, house_layout, tinted

    rows, together = _rows(adds)
    names = [f"{row['part']} ({100 * row['weight']:.0f} %)" for row in rows]
    shown: Mapping[str, str] = {"alone": TEAL, "without": tinted(TEAL, 0.35)}
    words = {"alone": "this part alone", "without": "the mix without it"}
    figure = go.Figure(
        [
            go.Bar(
                x=[row[column] for row in rows],
                y=names,
                name=words[column],
                orientation="h",
                marker={"color": color},
                hovertemplate=f"%{{y}}, {words[column]}: %{{x:.4f}}<extra></extra>",
            )
            for column, color in shown.items()
        ]
    )
    figure.add_vline(
        x=together,
        line={"color": FAINT, "dash": "dot"},
        annotation={"text": f"all together {together:.4f}", "font": {"color": FAINT}},
        annotation_position="top",
    )
    figure.update_layout(
        **house_layout(
            "What each part adds to the mix",
            subtitle="NDCG@10 on held-out items of the training days; in brackets a part's weight",
            height=120 + 56 * len(rows),
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text="NDCG@10 (higher is better)", rangemode="tozero")
    return figure


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _example(log: Log, model: Hybrid, sequences: Sequences) -> str:
    """Show the list of one user as of today: the one with the most purchases."""
    lengths = sequences.offsets[1:] - sequences.offsets[:-1]
    user = sequences.user_ids[int(lengths.argmax())].as_py()
    frame = model.recommend([user], k=5, keep_seen=True)
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
