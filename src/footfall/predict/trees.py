"""Boosted trees: LightGBM's own interface, one thread, the same numbers for the same seed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.errors import InputError
from footfall.predict.samples import Sample, Samples, stack

__all__ = ["Trees", "fit_trees"]

Float64 = npt.NDArray[np.float64]

_BACKGROUND = 64  # users that stand for "anybody" in explanations
_PATIENCE = 30
_MOST_ROUNDS = 1500


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """A trained model and some users to compare with.

    Parameters
    ----------
    text : str
        LightGBM's text form; in memory and on disk the same, so both give the same numbers.
    rounds : int
        Number of trees.
    background : ndarray of float64, shape (up to 64, F)
        Users drawn from the last sample.
    """

    text: str
    rounds: int
    background: Float64
    _booster: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        import lightgbm

        try:
            booster = lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise InputError(f"The trees cannot be read: {error}. Save the model again.") from error
        object.__setattr__(self, "_booster", booster)

    def score(self, values: Float64) -> Float64:
        """Give raw scores (log-odds before calibration), shape (N,), of users (N, F)."""
        if len(values) == 0:
            return np.zeros(0)
        return np.asarray(self._booster.predict(values, raw_score=True, num_threads=1))

    def contributions(self, values: Float64) -> Float64:
        """Give each feature's share of the raw score, shape (N, F + 1); the last is the base.

        References
        ----------
        Lundberg, S. et al. (2020). From local explanations to global understanding with
        explainable AI for trees. Nature Machine Intelligence.
        """
        return np.asarray(self._booster.predict(values, pred_contrib=True, num_threads=1))

    def save(self, folder: Path) -> None:
        """Write model.txt and background.npz."""
        (folder / "model.txt").write_text(self.text, encoding="utf-8")
        np.savez_compressed(folder / "background.npz", background=self.background)

    @classmethod
    def load(cls, folder: Path) -> "Trees":
        """Read what `save` wrote."""
        text = (folder / "model.txt").read_text(encoding="utf-8")
        with np.load(folder / "background.npz", allow_pickle=False) as arrays:
            background = arrays["background"]
        return cls(text=text, rounds=text.count("\nTree="), background=background)


def fit_trees(samples: Samples, names: tuple[str, ...], *, seed: int) -> Trees:
    """Train on the past, stop by the later.

    How many rounds are good is found by training on all training samples but the last and
    watching log-loss on the last, which is later in time; then all of them are trained on for
    that many rounds. With one training sample the calibration sample is watched instead.

    Parameters
    ----------
    samples : Samples
    names : tuple of str, length F
        Of the features.
    seed : int

    Returns
    -------
    Trees

    References
    ----------
    Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS.
    """
    import lightgbm

    whole = samples.training
    early, watched = (whole[:-1], whole[-1]) if len(whole) > 1 else (whole, samples.calibration)
    options = _options(sum(len(sample.target) for sample in early), seed)
    best = lightgbm.train(
        options,
        _dataset(early, names),
        num_boost_round=_MOST_ROUNDS,
        valid_sets=[_dataset((watched,), names)],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )
    rounds = max(best.best_iteration, 1)
    if len(whole) > 1:
        best = lightgbm.train(options, _dataset(whole, names), num_boost_round=rounds)
    rng = np.random.default_rng(seed)
    users = samples.calibration.values
    drawn = np.sort(rng.permutation(len(users))[:_BACKGROUND])
    return Trees(
        text=best.model_to_string(num_iteration=rounds), rounds=rounds, background=users[drawn]
    )


def _options(rows: int, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 7,
        "min_data_in_leaf": int(np.clip(rows // 50, 1, 50)),
        "lambda_l2": 10.0,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "seed": seed,
        "verbosity": -1,
    }


def _dataset(samples: tuple[Sample, ...], names: tuple[str, ...]) -> Any:
    import lightgbm

    values, target = stack(samples)
    return lightgbm.Dataset(
        values, label=target, feature_name=list(names), params={"verbosity": -1}
    )
