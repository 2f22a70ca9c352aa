"""Why a user got this score: each feature's part of it, and how far that can be believed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.predict.trees import Trees

__all__ = ["Explanation", "explain_row"]

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """A user's score taken apart.

    Parameters
    ----------
    user_id : str
        Who.
    frame : pa.Table
        feature, value (null: missing), contribution: log-odds before calibration that the
        feature adds or takes, the largest first.
    base : float
        Log-odds of the average user; base and contributions add up to `score`.
    score : float
        The user's log-odds before calibration.
    additivity_gap : float
        How far they miss it: 0 but for rounding.
    faithfulness : float
        Deletion test: each feature's value is swapped for those of other users, and the mean fall
        of the score is correlated with the contribution. 1: contributions are what the model does;
        nan: no swap moves the score.

    References
    ----------
    Bhatt, U., Weller, A. and Moura, J. (2020). Evaluating and aggregating feature-based model
    explanations. IJCAI.
    """

    user_id: str
    frame: pa.Table
    base: float
    score: float
    additivity_gap: float
    faithfulness: float


def explain_row(trees: Trees, values: Float64, names: tuple[str, ...], user_id: str) -> Explanation:
    """Take apart the score of one user.

    Parameters
    ----------
    trees : Trees
    values : ndarray of float64, shape (F,)
    names : tuple of str, length F
    user_id : str

    Returns
    -------
    Explanation
    """
    parts = trees.contributions(values[None, :])[0]
    score = float(trees.score(values[None, :])[0])
    contribution = parts[:-1]
    order = np.argsort(-np.abs(contribution), kind="stable")
    return Explanation(
        user_id=user_id,
        frame=pa.table(
            {
                "feature": [names[place] for place in order],
                "value": pa.array(values[order], from_pandas=True),
                "contribution": contribution[order],
            }
        ),
        base=float(parts[-1]),
        score=score,
        additivity_gap=abs(float(parts.sum()) - score),
        faithfulness=_faithfulness(trees, values, contribution, score),
    )


def _faithfulness(trees: Trees, values: Float64, contribution: Float64, score: float) -> float:
    """Correlate contributions with how much the score falls when a feature is somebody else's."""
    count, others = len(values), trees.background
    swapped = np.tile(values, (count, len(others), 1))  # (F, B, F)
    for place in range(count):
        swapped[place, :, place] = others[:, place]
    scores = trees.score(swapped.reshape(-1, count)).reshape(count, len(others))
    fall = score - scores.mean(axis=1)
    if np.ptp(fall) == 0 or np.ptp(contribution) == 0:
        return float("nan")
    return float(np.corrcoef(fall, contribution)[0, 1])
