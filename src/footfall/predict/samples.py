"""What a predictor learns from: users as they stood at past cutoffs, and what they did next."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import NotEnoughDataError
from footfall.features import UserFeatures, purchases_within, shown_moment, user_features
from footfall.store.view import LogView

__all__ = ["Sample", "Samples", "by_user_id", "place_cutoffs", "stack", "take_samples"]

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """The users known at one cutoff.

    Parameters
    ----------
    cutoff : int
        Microseconds UTC.
    values : ndarray of float64, shape (U, F)
        Their features at the cutoff, users ascending by id.
    target : ndarray of int8, shape (U,)
        Whether it happened within the horizon.
    """

    cutoff: int
    values: Float64
    target: npt.NDArray[np.int8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Samples in order of time; no target of one reaches past the next one's cutoff.

    Parameters
    ----------
    training : tuple of Sample
        At least one. The last is also what early stopping looks at, when there are more.
    calibration : Sample
        The latest; a model is not trained on it.
    """

    training: tuple[Sample, ...]
    calibration: Sample


def place_cutoffs(first: int, until: int, horizon: int, count: int, *, owner: str) -> list[int]:
    """Place cutoffs one horizon apart, the last one horizon before the end.

    Parameters
    ----------
    first, until : int
        Where the log begins, and where what may be learned from ends: microseconds UTC.
    horizon : int
        Microseconds.
    count : int
        Most cutoffs.
    owner : str
        Whose horizon it is: the error says so.

    Returns
    -------
    list of int
        Ascending, two at least. Cutoffs before which the log is shorter than a horizon are left
        out, unless fewer than two would remain.

    Raises
    ------
    OptionError
        If the log does not hold two horizons and some history before them.

    Examples
    --------
    >>> place_cutoffs(0, 100, 20, 3, owner="Purchase")
    [40, 60, 80]
    >>> place_cutoffs(0, 100, 40, 3, owner="Purchase")
    [20, 60]
    """
    every = [until - horizon * back for back in range(count, 0, -1)]
    full = [cutoff for cutoff in every if cutoff - first >= horizon]
    if len(full) >= 2:
        return full
    if every[-2] > first:
        return every[-2:]
    days = (until - first) / 86_400_000_000
    raise NotEnoughDataError(
        f"The 'horizon' option of {owner} must fit into the log more than twice: once to learn"
        f" from, once to calibrate with. The log spans {days:.1f} days, from"
        f" {shown_moment(first)} to {shown_moment(until)}; the horizon is"
        f" {horizon / 86_400_000_000:.1f} days. Take a shorter horizon or a longer log."
    )


def take_samples(
    log: LogView, cutoffs: list[int], *, horizon: str, event_type: str, utc_offset_minutes: int
) -> Samples:
    """Measure features and targets at each cutoff.

    Parameters
    ----------
    log : LogView
        Any log.
    cutoffs : list of int
        Microseconds UTC, ascending, two at least.
    horizon : str
        Such as ``"28d"``.
    event_type : str
        What has to happen.
    utc_offset_minutes : int
        The shop's clock minus UTC.
    """
    samples = []
    for cutoff in cutoffs:
        known = user_features(
            log, cutoff=cutoff, event_type=event_type, utc_offset_minutes=utc_offset_minutes
        )
        happened = purchases_within(
            log, cutoff=cutoff, horizon=horizon, event_type=event_type, allow_censored=True
        )
        order = by_user_id(known)
        samples.append(
            Sample(cutoff=cutoff, values=known.values[order], target=happened.target[order])
        )
    return Samples(training=tuple(samples[:-1]), calibration=samples[-1])


def by_user_id(known: UserFeatures) -> npt.NDArray[np.int64]:
    """Give the order of users by id: codes depend on who was read first, ids do not."""
    order: pa.Array = pc.sort_indices(known.user_ids)
    return np.asarray(order, np.int64)


def stack(samples: tuple[Sample, ...]) -> tuple[Float64, npt.NDArray[np.int8]]:
    """Put samples below each other: values (N, F) and target (N,)."""
    return (
        np.concatenate([sample.values for sample in samples]),
        np.concatenate([sample.target for sample in samples]),
    )
