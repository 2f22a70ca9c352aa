"""The contract of every predictor: fit on a log up to a moment, answer for users, save and load."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import NotEnoughDataError, NotFittedError, OptionError
from footfall.events.durations import parse_duration
from footfall.events.moments import Moment
from footfall.features import FEATURE_NAMES, parse_moment, shown_moment, user_features
from footfall.predict.calibration import fit_calibrator
from footfall.predict.learned import Known, Learned, Scorer, load_learned, save_learned
from footfall.predict.samples import Sample, Samples, by_user_id, place_cutoffs, take_samples
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Predictor"]

Float64 = npt.NDArray[np.float64]

_TENURE = FEATURE_NAMES.index("days_since_first")
_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Predictor(ABC):
    """Says how likely each user is to do something within a horizon.

    Parameters
    ----------
    horizon : str or timedelta, default="28d"
        How far ahead.
    event_type : str, default="purchase"
        What has to happen.
    cutoffs : int, default=6
        Most past moments to learn from, one horizon apart; 2 at least. A shorter log gives fewer.
    utc_offset_minutes : int, default=0
        The shop's clock minus UTC; see :func:`footfall.features.user_features`.
    """

    horizon: str | timedelta = "28d"
    event_type: str = "purchase"
    cutoffs: int = 6
    utc_offset_minutes: int = 0
    learned_: Learned | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parse_duration(self.horizon, option="horizon", owner=self._owner)
        if not isinstance(self.cutoffs, int) or self.cutoffs < 2:
            raise OptionError.of("cutoffs", self._owner, "an int of at least 2", self.cutoffs)

    def fit(self, log: LogView, *, until: Moment | None = None, seed: int = 0) -> Self:
        """Learn from the log up to a moment, and forget what was learned before.

        Parameters
        ----------
        log : LogView
            Any log.
        until : str, datetime or int, optional
            The last moment that may be seen; by default the log's end.
        seed : int, default=0
            Same seed, same answers.

        Returns
        -------
        Predictor
            Itself.

        Raises
        ------
        OptionError
            If the log up to then does not hold two horizons and some history before them, or
            the event type never occurs.
        """
        object.__setattr__(self, "learned_", None)
        span = log.span
        if span is None:
            raise NotEnoughDataError(f"{self._owner} needs a log with events: it is empty.")
        at = span[1] if until is None else parse_moment(until, option="until", owner=self._owner)
        horizon = parse_duration(self.horizon, option="horizon", owner=self._owner)
        end = _last_event(log, at)  # what was not recorded yet is not known not to happen
        if end is None:
            raise NotEnoughDataError(f"{self._owner} needs events to learn from: none by {until}.")
        cutoffs = place_cutoffs(span[0], end, horizon, self.cutoffs, owner=self._owner)
        samples = take_samples(
            log,
            cutoffs,
            horizon=f"{horizon}us",
            event_type=self.event_type,
            utc_offset_minutes=self.utc_offset_minutes,
        )
        scorer = self._fit(samples, seed=seed)
        last = samples.calibration
        calibrator = fit_calibrator(scorer.score(last.values), last.target, seed=seed)
        learned = Learned(
            scorer=scorer,
            calibrator=calibrator,
            cold=_cold_answer(last, calibrator(scorer.score(last.values)), horizon),
            known=self._known(log, at),
            facts=_facts(samples),
        )
        object.__setattr__(self, "learned_", learned)
        return self

    def predict(
        self,
        users: Sequence[str] | pa.Array | None = None,
        *,
        at: Moment | None = None,
        log: LogView | None = None,
    ) -> pa.Table:
        """Say how likely it is that each user does it within the horizon.

        Parameters
        ----------
        users : sequence of str, optional
            User ids, answered in this order; by default all users known at the moment, by id.
            A user who is not known gets the rate of newcomers and a wide interval.
        at : str, datetime or int, optional
            The moment to predict from. By default that of `fit`, or the end of `log` if given.
        log : LogView, optional
            Where to look up what users did by then; needed for any moment but that of `fit`.

        Returns
        -------
        pa.Table
            user_id, probability, low, high: one row a user asked.

        Raises
        ------
        NotFittedError
            Before `fit`.
        OptionError
            If `at` is another moment than that of `fit` and no log is given.
        """
        learned = self._fitted("predict")
        known = self._look_up(at, log)
        if users is None:
            asked, place = known.user_ids, np.arange(len(known.user_ids))
        else:
            asked, place = _find(users, known, self._owner)
        found = place >= 0
        answers = np.tile(np.array(learned.cold), (len(asked), 1))
        scores = learned.scorer.score(known.values[place[found]])
        answers[found] = np.column_stack(learned.calibrator(scores))
        return pa.table([asked, *answers.T.copy()], names=["user_id", "probability", "low", "high"])

    def save(self, folder: str | Path) -> None:
        """Write the model into a folder: JSON, npz, Parquet and, for trees, LightGBM's text.

        The folder also holds the users' features at the moment of `fit`, so that `predict` can
        answer without the log.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        length = parse_duration(self.horizon, option="horizon", owner=self._owner)
        options = {
            "horizon": self.horizon if isinstance(self.horizon, str) else f"{length}us",
            "event_type": self.event_type,
            "cutoffs": self.cutoffs,
            "utc_offset_minutes": self.utc_offset_minutes,
        }
        learned = self._fitted("save")
        save_learned(learned, Path(folder), predictor=self._owner, options=options)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a model that `save` wrote; it answers with the same numbers.

        Raises
        ------
        InputError
            If the folder holds no such model.
        """
        options, learned = load_learned(
            Path(folder), predictor=cls.__name__, load_scorer=cls._load_scorer
        )
        model = cls(**options)
        object.__setattr__(model, "learned_", learned)
        return model

    @abstractmethod
    def _fit(self, samples: Samples, *, seed: int) -> Scorer:
        """Learn to score users; the calibration sample is not for training."""

    @classmethod
    @abstractmethod
    def _load_scorer(cls, folder: Path) -> Scorer:
        """Read what the scorer's own `save` wrote."""

    @property
    def _owner(self) -> str:
        return type(self).__name__

    def _fitted(self, method: str) -> Learned:
        if self.learned_ is None:
            raise NotFittedError(f"{self._owner} must be fitted before {method}: call fit(log).")
        return self.learned_

    def _look_up(self, at: Moment | None, log: LogView | None) -> Known:
        known = self._fitted("predict").known
        moment = None if at is None else parse_moment(at, option="at", owner=self._owner)
        if log is not None:
            end = log.span
            return self._known(log, moment if moment is not None else end[1] if end else known.at)
        if moment is not None and moment != known.at:
            raise OptionError(
                f"{self._owner} knows its users as of {shown_moment(known.at)}. To predict from"
                f" {shown_moment(moment)}, give the log too: predict(users, at=..., log=log)."
            )
        return known

    def _known(self, log: LogView, at: int) -> Known:
        features = user_features(
            log,
            cutoff=at,
            event_type=self.event_type,
            utc_offset_minutes=self.utc_offset_minutes,
        )
        order = by_user_id(features)
        return Known(
            at=at, user_ids=features.user_ids.take(pa.array(order)), values=features.values[order]
        )


def _find(
    users: Sequence[str] | pa.Array, known: Known, owner: str
) -> tuple[pa.StringArray, npt.NDArray[np.int64]]:
    """Give the ids asked for and the row of each in what is known, -1 for none."""
    if isinstance(users, str):
        raise OptionError.of("users", owner, f"a list of user ids, such as [{users!r}]", users)
    if isinstance(users, pa.ChunkedArray):
        users = users.combine_chunks()
    asked = users if isinstance(users, pa.Array) else pa.array(list(users), pa.string())
    place = pc.index_in(asked, value_set=known.user_ids).fill_null(-1)
    return asked, np.asarray(place, np.int64)


def _cold_answer(
    last: Sample, answers: tuple[Float64, Float64, Float64], horizon: int
) -> tuple[float, float, float]:
    """Answer for a user of whom nothing is known.

    The probability is the rate of newcomers (first seen within a horizon before the calibration
    cutoff; of everybody if nobody is new). As the user might be like any other, the interval
    spans from the lows' 5 % to the highs' 95 % point.
    """
    _, low, high = answers
    new = last.values[:, _TENURE] * _DAY < horizon
    happened = last.target[new] if new.any() else last.target
    rate = float((happened.sum() + 0.5) / (len(happened) + 1))
    if len(low) == 0:
        return rate, 0.0, 1.0
    return (
        rate,
        min(rate, float(np.quantile(low, 0.05))),
        max(rate, float(np.quantile(high, 0.95))),
    )


def _facts(samples: Samples) -> dict[str, Any]:
    def told(sample: Sample) -> dict[str, Any]:
        users, positives = len(sample.target), int(sample.target.sum())
        return {"cutoff": shown_moment(sample.cutoff), "users": users, "positives": positives}

    return {
        "training": [told(sample) for sample in samples.training],
        "calibration": told(samples.calibration),
    }


def _last_event(log: LogView, moment: int) -> int | None:
    """Give the time of the last event at or before a moment: later events must not matter."""
    return log.map(partial(_last_in_chunk, moment), _latest, columns=["timestamp"])


def _last_in_chunk(moment: int, chunk: UserChunk) -> int | None:
    times = chunk["timestamp"]
    seen = times[times <= moment]
    return int(seen.max()) if len(seen) else None


def _latest(times: list[int | None]) -> int | None:
    return max((time for time in times if time is not None), default=None)
