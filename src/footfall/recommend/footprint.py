"""What a model takes and what it gives: size, time of an answer, quality on held-out items."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import NotEnoughDataError
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.sequences import Sequences
from footfall.recommend.contract import Recommender
from footfall.recommend.mixing import gather, quality
from footfall.store.view import LogView

__all__ = ["Footprint", "compare_forms", "footprint_of", "ranking_quality"]

ASKED = 200  # users asked one by one
AT_ONCE = 2_000  # users asked in one go


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """A model's cost and worth.

    Parameters
    ----------
    size_mb : float
        What was learned, in MB of 2**20 bytes, without the histories of the fit.
    p50_ms, p99_ms : float
        CPU time of one user's recommendation, so that what else a machine does is left out: half
        of them take less, 99 of 100 do.
    users_per_second : float
        Recommendations of many users in one go, a second of CPU time.
    ndcg : float or None
        NDCG@10 of held-out items; None: none were asked.
    """

    size_mb: float
    p50_ms: float
    p99_ms: float
    users_per_second: float
    ndcg: float | None = None


def footprint_of(
    model: Recommender, visits: Sequences, held_out: HeldOut | None = None
) -> Footprint:
    """Measure a fitted model.

    Parameters
    ----------
    model : Recommender
    visits : Sequences
        Histories to be answered, item codes of the model's catalogue; at least one user.
    held_out : HeldOut or None
        In the same codes: see `ranking_quality`.

    Returns
    -------
    Footprint
    """
    users = np.flatnonzero(np.diff(visits.offsets) > 0)[:AT_ONCE]
    stop = visits.offsets[users + 1]
    singles = [visits.select(users[u : u + 1], stop[u : u + 1]) for u in range(len(users))[:ASKED]]
    waits = []
    for visit in [*singles[:3], *singles]:  # the first ones make what a model makes once
        started = time.process_time()
        model.recommend(visit, k=10)
        waits.append(time.process_time() - started)
    together = visits.select(users, stop)
    started = time.process_time()
    model.recommend(together, k=10)
    spent = max(time.process_time() - started, 1e-9)
    p50, p99 = np.percentile(waits[3:] or [0.0], [50, 99]) * 1e3
    return Footprint(
        size_mb=model.size_mb,
        p50_ms=float(p50),
        p99_ms=float(p99),
        users_per_second=len(users) / spent,
        ndcg=None if held_out is None else ranking_quality(model, held_out),
    )


def compare_forms(
    models: Mapping[str, Recommender], log: LogView | Sequences | None = None
) -> pa.Table:
    """Measure forms of one model, side by side.

    Parameters
    ----------
    models : mapping of name to Recommender
        Fitted ones, of one catalogue.
    log : LogView, Sequences or None
        Whose users are asked, and whose latest items are held out: those that `fit` holds out,
        too, to choose when to stop. None: what the first model was fitted on.

    Returns
    -------
    pa.Table
        ``form`` (string), ``mb``, ``p50_ms``, ``p99_ms``, ``users_per_second``, ``ndcg_at_10``
        (float): see `Footprint`.

    Raises
    ------
    NotEnoughDataError
        If nobody has an item of the catalogue.
    """
    first = next(iter(models.values()))
    fitted = first._fitted  # noqa: SLF001  # its histories are asked again
    rows = fitted.sequences if log is None else fitted.recoded(first.read(log))
    if len(rows.items) == 0:
        raise NotEnoughDataError("Nobody has an item that the model knows: nothing to measure.")
    _, held_out = hold_out(rows)
    visits = held_out.histories if len(held_out.items) else rows
    found = [asdict(footprint_of(model, visits, held_out)) for model in models.values()]
    names = {"size_mb": "mb", "ndcg": "ndcg_at_10"}
    columns = {names.get(key, key): [each[key] for each in found] for key in found[0]}
    return pa.table({"form": list(models), **columns})


def ranking_quality(model: Recommender, held_out: HeldOut) -> float:
    """Give NDCG@10 of held-out items among all items that the user has not had.

    Parameters
    ----------
    model : Recommender
    held_out : HeldOut
        Item codes of the model's catalogue.

    Examples
    --------
    >>> from footfall.recommend import Popular
    >>> shop = Sequences.from_arrays([0, 2, 4], [0, 1, 1, 2])
    >>> visits = Sequences.from_arrays([0, 1], [0], n_items=3)
    >>> asked = HeldOut(histories=visits, items=np.array([1], np.int32))
    >>> ranking_quality(Popular().fit(shop), asked)
    1.0
    """
    held_out = held_out.new_only()
    histories = held_out.histories

    def scores(low: int, high: int) -> npt.NDArray[np.float32]:
        users = np.arange(low, high)
        return model.scores(histories.select(users, histories.offsets[users + 1]))

    return quality(gather([scores], held_out), [1.0])
