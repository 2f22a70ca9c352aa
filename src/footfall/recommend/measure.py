"""Fits a recommender on one part of a log and measures it on the other, with the protocol card."""

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError
from footfall.evaluate import (
    Estimate,
    ProtocolCard,
    Split,
    Targets,
    bootstrap_interval,
    leave_one_out,
    rank_targets,
    ranking_metrics,
    select_targets,
    time_cut,
)
from footfall.events.moments import Moment, parse_moment
from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.recommend.contract import Recommender
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.shown import (
    ShownLists,
    estimates_in_json,
    estimates_in_words,
    look_beyond,
    segments_in_words,
)
from footfall.store.progress import Progress, silent
from footfall.store.view import LogView

__all__ = ["SPLITS", "Measured", "evaluate_model"]

Float32 = npt.NDArray[np.float32]

SPLITS = ("leave-one-out", "time-cut")
DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How good a recommender was, how that was measured and what it cost.

    Parameters
    ----------
    model : str
        Name of the recommender.
    options : dict
        Its options, as it was measured.
    metrics : dict of float
        ``{"hr@10": ..., "ndcg@10": ..., ...}``, means over users.
    protocol : ProtocolCard
        How they were measured, with an interval for each.
    fit_cpu_seconds : float
        CPU time of the fit, all threads.
    peak_memory_mb : float
        Most memory the process has held so far, in MB of 2**20 bytes.
    beyond : dict of Estimate or None
        ``{"coverage@10": (value, low, high), "novelty@10": ...}``; None: not asked for.
    by_segment : dict of dict of Estimate or None
        The metrics of each kind of user; None: not asked for.
    """

    model: str
    options: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, float]
    protocol: ProtocolCard
    fit_cpu_seconds: float
    peak_memory_mb: float
    beyond: dict[str, Estimate] | None = None
    by_segment: dict[str, dict[str, Estimate]] | None = None

    def __str__(self) -> str:
        """Lay the metrics and the card out as text."""
        lines = [f"model  {self.model}", ""]
        for name, value in self.metrics.items():
            low, high = self.protocol.interval.get(name, (None, None))
            spread = "" if low is None else f"  [{low:.4f}, {high:.4f}]"
            lines.append(f"{name:<13} {value:.4f}{spread}")
        if self.beyond is not None:
            lines += ["", *estimates_in_words(self.beyond)]
        if self.by_segment is not None:
            lines += ["", *segments_in_words(self.by_segment)]
        cost = f"fit {self.fit_cpu_seconds:.2f} CPU s, peak {self.peak_memory_mb:.0f} MB"
        return "\n".join([*lines, "", cost, "", str(self.protocol)])

    def to_json(self) -> dict[str, object]:
        """Return plain values, ready for `json.dumps`."""
        plain: dict[str, object] = {
            "model": self.model,
            "protocol": self.protocol.to_json(),
            "metrics": dict(self.metrics),
            "fit_cpu_seconds": self.fit_cpu_seconds,
            "peak_memory_mb": self.peak_memory_mb,
        }
        if self.beyond is not None:
            plain["beyond"] = estimates_in_json(self.beyond)
        if self.by_segment is not None:
            segments = self.by_segment.items()
            plain["by_segment"] = {name: estimates_in_json(each) for name, each in segments}
        return plain


def evaluate_model(
    model: Recommender,
    log: LogView | Sequences,
    *,
    split: str = "leave-one-out",
    held_out: str = "test",
    train_on_validation: bool = False,
    cutoff: Moment | None = None,
    horizon_days: float | None = None,
    keep_seen: bool = False,
    targets: str | None = None,
    k: Sequence[int] = (5, 10, 20),
    intervals: bool = True,
    beyond: bool = False,
    segments: Mapping[str, str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Measured:
    """Fit a recommender on the training part of a split and rank all items for the rest.

    Parameters
    ----------
    model : Recommender
        Fitted here anew, on training rows only. A `Hybrid` whose `repeats` is None finds its
        weights for the lists that are measured: with repeats where `keep_seen` is set, else
        without. One that was told keeps to that.
    log : LogView or Sequences
        All rows, training and held out.
    split : {"leave-one-out", "time-cut"}
        Each user's last item, or everything after one moment.
    held_out : {"test", "validation"}
        Of leave-one-out: the last item, or the one before it. Choose options by the validation.
    train_on_validation : bool
        Of leave-one-out: learn from the validation items before the test. The card says so.
    cutoff : str, datetime, int or None
        Of the time cut: the last moment the model may see.
    horizon_days : float or None
        Of the time cut: days of targets after the cutoff; None: all that follow.
    keep_seen : bool
        Whether items of a user's history stay in the ranking.
    targets : {"new", "seen", "all"} or None
        Which targets count; None: new ones when seen items are masked, else all.
    k : sequence of int
        List lengths.
    intervals : bool
        Whether to draw a 95 % bootstrap interval for each metric.
    beyond : bool
        Whether to look beyond accuracy, too: coverage, novelty, diversity, popularity bias,
        serendipity, and the metrics of each kind of user. Items are alike by category and brand
        where the recommender reads them, else by the users who took them in training.
    segments : mapping of user id to name, or None
        Kinds of users for `beyond`; users not named are ``"other"``. None: by the length of the
        history.
    seed : int
        Of the fit and the intervals.
    progress : callable (label, done, total) or None
        Told how many users are done.

    Returns
    -------
    Measured
        Metrics, protocol card and cost.

    Raises
    ------
    OptionError
        When options do not go together, or no user has anything to guess.

    Examples
    --------
    >>> from footfall.recommend import Popular
    >>> sequences = Sequences.from_arrays([0, 3, 6], [0, 1, 2, 1, 0, 2])
    >>> evaluate_model(Popular(), sequences, k=[1]).metrics["hr@1"]
    1.0
    """
    kind = _target_kind(targets, keep_seen=keep_seen)
    sequences = model.read(log)
    parts = _split_of(
        sequences,
        split=split,
        held_out=held_out,
        train_on_validation=train_on_validation,
        cutoff=cutoff,
        horizon_days=horizon_days,
    )
    chosen = select_targets(
        parts, sequences.offsets, sequences.items, n_items=sequences.n_items, kind=kind
    )
    if len(chosen.asked) == 0:
        raise OptionError(
            f"No user has a target of kind {kind!r} in this split. "
            "Choose another cutoff, or a log with longer histories."
        )
    leakage = _checked_leakage(sequences, parts)
    training = sequences.select(np.arange(sequences.n_users), parts.train_stop)
    started = time.process_time()
    told = _told_of_repeats(model, keep_seen=keep_seen)
    _fit(told, sequences, parts, training, seed=seed)
    model.take(told._fitted)  # noqa: SLF001  # whoever gave the model reads there what was found
    fit_seconds = time.process_time() - started
    tell = progress or silent
    score = _scorer(model, sequences, parts, chosen)
    shown = ShownLists.of(chosen, training, k=max(k) if beyond else 0, keep_seen=keep_seen)
    ranks = rank_targets(
        shown.watch(score) if beyond else score,
        chosen,
        n_items=sequences.n_items,
        keep_seen=keep_seen,
        progress=lambda done, total: tell(f"evaluate {model.name}", done, total),
    )
    metrics, ends = ranking_metrics(
        ranks,
        k=k,
        interval=(lambda values: bootstrap_interval(values, seed=seed)) if intervals else None,
    )
    further, by_segment = None, None
    if beyond:
        further, by_segment = look_beyond(
            shown, ranks, sequences, parts, k=k, segments=segments, intervals=intervals, seed=seed
        )
    return Measured(
        model=model.name,
        options=told.options,
        metrics=metrics,
        protocol=_card(
            parts, chosen, sequences, keep_seen=keep_seen, leakage=leakage, ends=ends, seed=seed
        ),
        fit_cpu_seconds=round(fit_seconds, 4),
        peak_memory_mb=round(_peak_memory_mb(), 1),
        beyond=further,
        by_segment=by_segment,
    )


def _told_of_repeats(model: Recommender, *, keep_seen: bool) -> Recommender:
    """Tell a mix which lists it is measured by, unless it was told which ones it is for."""
    if isinstance(model, Hybrid) and model.repeats is None:
        return replace(model, repeats=keep_seen)
    return model


def _fit(
    model: Recommender, sequences: Sequences, parts: Split, training: Sequences, *, seed: int
) -> None:
    """Fit on the training rows; what a model chooses, it chooses by the validation rows.

    Where those are to be guessed themselves, or the split has none, it holds out training rows.
    """
    if parts.name != "leave-one-out":
        model.fit(training, seed=seed)
        return
    validation = parts.history_stop - 1  # the row before the one to be guessed
    held_out = HeldOut.of_rows(sequences, parts.users, validation)
    if not parts.validation_in_training:
        model.fit(training, seed=seed, held_out=held_out)
        return
    stop = training.offsets[1:].copy()
    stop[parts.users] -= 1
    model.fit(training.select(np.arange(training.n_users), stop), seed=seed, held_out=held_out)
    model.refit(training, seed=seed)


def _target_kind(targets: str | None, *, keep_seen: bool) -> str:
    kind = targets or ("all" if keep_seen else "new")
    if not keep_seen and kind != "new":
        raise OptionError.of("targets", "evaluate", "'new' when seen items are masked", kind)
    return kind


def _split_of(
    sequences: Sequences,
    *,
    split: str,
    held_out: str,
    train_on_validation: bool,
    cutoff: Moment | None,
    horizon_days: float | None,
) -> Split:
    if split not in SPLITS:
        raise OptionError.of("split", "evaluate", f"one of {SPLITS}", split)
    if split == "leave-one-out":
        if cutoff is not None or horizon_days is not None:
            raise OptionError.of("cutoff", "evaluate", "left out in leave-one-out", cutoff)
        return leave_one_out(
            sequences.offsets, held_out=held_out, train_on_validation=train_on_validation
        )
    if cutoff is None:
        allowed = "a moment when the split is 'time-cut'"
        raise OptionError.of("cutoff", "evaluate", allowed, cutoff)
    if sequences.timestamps is None:
        raise OptionError.of("split", "evaluate", "'leave-one-out' when times are unknown", split)
    if held_out != "test" or train_on_validation:
        allowed = "left at 'test' in a time cut; choose an earlier cutoff to validate"
        raise OptionError.of("held_out", "evaluate", allowed, held_out)
    return time_cut(
        sequences.offsets,
        sequences.timestamps,
        parse_moment(cutoff, option="cutoff", owner="evaluate"),
        horizon=None if horizon_days is None else round(horizon_days * DAY),
    )


def _scorer(
    model: Recommender, sequences: Sequences, parts: Split, chosen: Targets
) -> Callable[[int, int], Float32]:
    """Return a function that scores the asked users ``low .. high`` by their histories."""
    users, stop = parts.users[chosen.asked], parts.history_stop[chosen.asked]

    def score(low: int, high: int) -> Float32:
        return model.scores(sequences.select(users[low:high], stop[low:high]))

    return score


def _checked_leakage(sequences: Sequences, parts: Split) -> str:
    """See that nothing to be guessed is known, and say what hindsight the split leaves."""
    if np.any(parts.train_stop[parts.users] > parts.history_stop):
        raise OptionError("The split leaks: a row to be guessed is among the training rows.")
    if parts.cutoff is None:
        return (
            "checked: no target row is among the training or history rows; "
            "leave-one-out lets a model see other users' later events"
        )
    times = sequences.timestamps
    if times is not None and len(parts.users):
        known = times[parts.history_stop - 1]
        first_target = times[parts.history_stop]
        if known.max() > parts.cutoff or first_target.min() <= parts.cutoff:
            raise OptionError("The split leaks: rows after the cutoff are among the known ones.")
    return "checked: every training and history row is at or before the cutoff, every target after"


def _card(
    parts: Split,
    chosen: Targets,
    sequences: Sequences,
    *,
    keep_seen: bool,
    leakage: str,
    ends: dict[str, tuple[float, float]],
    seed: int,
) -> ProtocolCard:
    cutoff = None
    history = "all events before the target, the validation item among them"
    if parts.name.endswith("(validation)"):
        history = "all events before the validation item"
    if parts.cutoff is not None:
        start = datetime(1970, 1, 1, tzinfo=UTC)
        cutoff = (start + timedelta(microseconds=parts.cutoff)).isoformat()
        history = "all events up to the cutoff"
    return ProtocolCard(
        split=parts.name,
        cutoff=cutoff,
        seen_items="kept" if keep_seen else "masked",
        targets=chosen.kind,
        items_ranked=sequences.n_items,
        users=len(chosen.asked),
        users_left_out=sequences.n_users - len(chosen.asked),
        targets_dropped=chosen.dropped,
        history=history,
        validation_in_training=parts.validation_in_training,
        leakage=leakage,
        interval=ends,
        interval_method=f"95 % bootstrap over users, 1,000 draws, seed {seed}" if ends else "",
    )


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
