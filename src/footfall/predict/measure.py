"""How good a predictor is on a shop's own log: fitted up to a cutoff, compared with what came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, text_table
from footfall.errors import NotEnoughDataError, OptionError
from footfall.evaluate import (
    auc,
    average_precision,
    brier,
    calibration_error,
    log_loss,
    reliability_table,
)
from footfall.events.durations import parse_duration
from footfall.features import purchases_within, shown_moment
from footfall.predict.predictor import Predictor
from footfall.predict.purchase import Purchase
from footfall.predict.recency import Recency
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["HIGHER_IS_BETTER", "PurchaseReport", "evaluate_purchase"]

Float64 = npt.NDArray[np.float64]
Outcomes = npt.NDArray[np.int8]


def _calibration_error(outcome: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    return calibration_error(outcome, probability, by="count")


METRICS: dict[str, Callable[[npt.ArrayLike, npt.ArrayLike], float]] = {
    "auc": auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier": brier,
    "calibration_error": _calibration_error,
}
HIGHER_IS_BETTER = ("auc", "average_precision")


@dataclass(frozen=True, kw_only=True, eq=False)
class PurchaseReport(Answer):
    """Predictors beside each other on the same users.

    Parameters
    ----------
    frame : pa.Table
        model, metric, value, low, high: a row a model and metric; low and high hold 95 % of
        what other draws of users would have given.
    gains : pa.Table
        metric, gain, low, high: how much better the first model is than the last (above 0 is
        better for every metric), on the same draws of users.
    reliability : pa.Table
        model, low, high, rows, predicted, observed: ten bins of about equal numbers of users.
    users, positives : int
        Users known at the cutoff, and how many of them did it within the horizon.
    definition : mapping of str to str
        What was measured.
    """

    frame: pa.Table
    gains: pa.Table
    reliability: pa.Table
    users: int
    positives: int
    definition: Mapping[str, str]

    def value(self, model: str, metric: str) -> float:
        """Give one figure."""
        for row in self.frame.to_pylist():
            if (row["model"], row["metric"]) == (model, metric):
                return float(row["value"])
        raise OptionError.of(
            "metric", "value", "a model and a metric of the report", (model, metric)
        )

    def __str__(self) -> str:
        rows = self.frame.to_pylist()
        models = list(dict.fromkeys(row["model"] for row in rows))
        columns: dict[str, list[str]] = {"model": models}
        for metric in METRICS:
            cells = [row for row in rows if row["metric"] == metric]
            columns[metric] = [_figure(row["value"], row["low"], row["high"]) for row in cells]
        table = text_table(pa.table(columns))
        return f"{table}\n{self.positives:,} of {self.users:,} users; {self.definition['window']}"

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain values."""
        return {
            "users": self.users,
            "positives": self.positives,
            "metrics": self.frame.to_pylist(),
            "gains": self.gains.to_pylist(),
            "reliability": self.reliability.to_pylist(),
            "definition": dict(self.definition),
        }

    def plot(self) -> "go.Figure":
        """Draw what was predicted against what came, a line a model."""
        from footfall.predict.charts import reliability_figure

        return reliability_figure(self)


def evaluate_purchase(
    log: LogView,
    *,
    horizon: str | timedelta = "28d",
    models: Sequence[Predictor] | None = None,
    event_type: str = "purchase",
    seed: int = 0,
    draws: int = 200,
) -> PurchaseReport:
    """Fit up to one horizon before the log's end, predict there, compare with what came.

    Parameters
    ----------
    log : LogView
        Any log.
    horizon : str or timedelta, default="28d"
        Choose one within which some users buy and some do not.
    models : sequence of Predictor, optional
        All of this horizon and event type; the last is what the first is compared with. By
        default :class:`~footfall.predict.Purchase` and :class:`~footfall.predict.Recency`.
    event_type : str, default="purchase"
        What has to happen.
    seed : int, default=0
        Of the models and the draws.
    draws : int, default=200
        Draws of users, with replacement, for the intervals.

    Returns
    -------
    PurchaseReport

    Raises
    ------
    OptionError
        If the log does not hold three horizons and some history, a model has another horizon or
        event type, or `draws` is below 1.

    References
    ----------
    Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics.
    """
    length = parse_duration(horizon, option="horizon", owner="evaluate_purchase")
    if draws < 1:
        raise OptionError.of("draws", "evaluate_purchase", "an int of at least 1", draws)
    chosen = models or (
        Purchase(horizon=horizon, event_type=event_type),
        Recency(horizon=horizon, event_type=event_type),
    )
    names = _names(chosen, length, event_type)
    span = log.span
    if span is None:
        raise NotEnoughDataError("evaluate_purchase needs a log with events: it is empty.")
    cutoff = span[1] - length
    truth = purchases_within(log, cutoff=cutoff, horizon=f"{length}us", event_type=event_type)
    guesses = [
        model.fit(log, until=cutoff, seed=seed).predict(truth.user_ids).column("probability")
        for model in chosen
    ]
    probability = np.vstack([guess.to_numpy() for guess in guesses])
    values, drawn = _measured(truth.target, probability, draws=draws, seed=seed)
    return PurchaseReport(
        frame=_figures(names, values, drawn),
        gains=_gains(values[0] - values[-1], drawn[:, 0] - drawn[:, -1]),
        reliability=_reliability(names, truth.target, probability),
        users=len(truth.target),
        positives=int(truth.target.sum()),
        definition={
            "unit": "users known at the cutoff",
            "window": f"{event_type} in the {_shown(length)} after {shown_moment(cutoff)}",
            "order": "models see events up to the cutoff only",
            "ties": "equal probabilities count half in auc",
            "time_zone": "UTC",
            "interval": f"95 % of {draws} draws of users",
        },
    )


def _shown(length: int) -> str:
    hours = length / 3_600_000_000
    return f"{hours / 24:g} days" if hours >= 24 else f"{hours:.3g} hours"


def _names(models: Sequence[Predictor], length: int, event_type: str) -> list[str]:
    names: list[str] = []
    for model in models:
        mine = parse_duration(model.horizon, option="horizon", owner="models")
        if (mine, model.event_type) != (length, event_type):
            raise OptionError.of(
                "models", "evaluate_purchase", "of the same horizon and event type", model
            )
        name = type(model).__name__.lower()
        names.append(name if name not in names else f"{name} {len(names) + 1}")
    return names


def _measured(
    outcome: Outcomes, probability: Float64, *, draws: int, seed: int
) -> tuple[Float64, Float64]:
    """Give all metrics of all models, shape (models, metrics), and of each draw of users."""

    def of(rows: npt.NDArray[np.int64] | slice) -> Float64:
        return np.array(
            [[metric(outcome[rows], guess[rows]) for metric in METRICS.values()]
             for guess in probability]
        )  # fmt: skip

    rng = np.random.default_rng(seed)
    size = len(outcome)
    return of(slice(None)), np.stack([of(rng.integers(0, size, size)) for _ in range(draws)])


def _interval(drawn: Float64) -> tuple[float, float]:
    kept = drawn[~np.isnan(drawn)]  # a draw may hold one outcome only
    if len(kept) == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [0.025, 0.975])
    return float(low), float(high)


def _figures(names: list[str], values: Float64, drawn: Float64) -> pa.Table:
    rows = []
    for model, name in enumerate(names):
        for place, metric in enumerate(METRICS):
            low, high = _interval(drawn[:, model, place])
            value = float(values[model, place])
            rows.append({"model": name, "metric": metric, "value": value, "low": low, "high": high})
    return pa.Table.from_pylist(rows)


def _gains(difference: Float64, drawn: Float64) -> pa.Table:
    rows = []
    for place, metric in enumerate(METRICS):
        sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
        low, high = _interval(sign * drawn[:, place])
        gain = sign * float(difference[place])
        rows.append({"metric": metric, "gain": gain, "low": low, "high": high})
    return pa.Table.from_pylist(rows)


def _reliability(names: list[str], outcome: Outcomes, probability: Float64) -> pa.Table:
    tables = []
    for name, guess in zip(names, probability, strict=True):
        table = reliability_table(outcome, guess, by="count")
        tables.append(table.add_column(0, "model", pa.array([name] * table.num_rows)))
    return pa.concat_tables(tables)


def _figure(value: float, low: float, high: float) -> str:
    return f"{value:.4f} ({low:.4f} to {high:.4f})"
