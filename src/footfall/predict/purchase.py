"""Purchases within a horizon: boosted trees on features at past cutoffs, calibrated."""

from dataclasses import dataclass
from pathlib import Path

from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.features import FEATURE_NAMES
from footfall.predict.explanation import Explanation, explain_row
from footfall.predict.learned import Scorer
from footfall.predict.predictor import Predictor
from footfall.predict.samples import Samples
from footfall.predict.trees import Trees, fit_trees
from footfall.store.view import LogView

__all__ = ["Purchase"]


@dataclass(frozen=True, kw_only=True)
class Purchase(Predictor):
    """Predicts from all features of :data:`footfall.features.FEATURES` with boosted trees.

    Users are taken as they stood at past cutoffs, one horizon apart. All but the latest train
    the trees, and how many trees there are is decided at a later cutoff than those that trained
    them; the latest, which no tree has seen, turns scores into probabilities. Nothing is split
    at random, since what is asked is always later than what is known.

    ``low`` and ``high`` are the two Venn-Abers probabilities: what the calibration would say of
    this user with one more user like them who did not, or did, buy. They are far apart where few
    such users have been seen. They say how well the probability is known, not how the user's
    choice may fall.

    References
    ----------
    Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS.
    Vovk, V. and Petej, I. (2014). Venn-Abers predictors. UAI.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> day = 86_400_000_000
    >>> log = MemoryLog.from_rows(
    ...     [(f"often-{u}", day * k + u, "purchase") for u in range(30) for k in range(0, 90, 2)]
    ...     + [(f"once-{u}", u * day, "purchase") for u in range(30)]
    ... )
    >>> model = Purchase(horizon="7d").fit(log)
    >>> often, once, new = model.predict(["often-3", "once-3", "nobody"]).to_pylist()
    >>> often["probability"] > 0.9, once["probability"] < 0.1, new["high"] - new["low"] > 0.5
    (True, True, True)
    """

    def explain(
        self, user: str, *, at: Moment | None = None, log: LogView | None = None
    ) -> Explanation:
        """Say what each feature adds to a user's score.

        Parameters
        ----------
        user : str
            A user id.
        at, log : optional
            As in `predict`.

        Returns
        -------
        Explanation
            Its ``frame`` has feature, value, contribution; its ``faithfulness`` says how far
            they can be believed.

        Raises
        ------
        NotFittedError
            Before `fit`.
        OptionError
            If nothing is known of the user at the moment.
        """
        learned = self._fitted("explain")
        known = self._look_up(at, log)
        place = known.user_ids.index(user).as_py()
        if place < 0:
            raise OptionError.of(
                "user", "explain", "a user with an event by the moment of prediction", user
            )
        trees = learned.scorer
        if not isinstance(trees, Trees):
            raise TypeError(f"Purchase scores with trees, not with {type(trees).__name__}")
        return explain_row(trees, known.values[place], FEATURE_NAMES, user)

    def _fit(self, samples: Samples, *, seed: int) -> Scorer:
        return fit_trees(samples, FEATURE_NAMES, seed=seed)

    @classmethod
    def _load_scorer(cls, folder: Path) -> Scorer:
        return Trees.load(folder)
