"""The behaviour model: fit on all events of a log, ask about the future, take user vectors out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pyarrow as pa

from footfall.errors import NotFittedError, OptionError
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.features.event_rows import EventRows
from footfall.features.hashed_words import TextVectors, hashed_words
from footfall.models.behavior.options import BehaviorOptions
from footfall.models.embeddings.vectors import Embedding
from footfall.models.options import check_torch
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.models.behavior.fitted import Fitted
    from footfall.models.behavior.live import Live
    from footfall.models.running import Running
    from footfall.models.size import Cost

__all__ = ["BehaviorModel"]


@dataclass
class _Slot:
    """Where a model keeps what it learned."""

    fitted: "Fitted | None" = None


@dataclass(frozen=True, kw_only=True)
class BehaviorModel(BehaviorOptions):
    """One network of all events of users, with a head for each question about their future.

    Its options are those of `footfall.models.behavior.options.BehaviorOptions`.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> days = [("ann", f"2026-01-{day:02}", "view", "kettle") for day in range(1, 29)]
    >>> log = MemoryLog.from_rows([*days, ("bob", "2026-01-03", "purchase", "teapot")])
    >>> model = BehaviorModel(size="tiny", context=16, epochs=1).fit(log, held_out=0)
    >>> model.predict(["ann"], "event_type").column_names
    ['user_id', 'purchase', 'view']
    """

    _slot: _Slot = field(default_factory=_Slot, init=False, repr=False, compare=False)

    def fit(
        self,
        log: LogView,
        *,
        until: Moment | None = None,
        held_out: float = 0.1,
        seed: int = 0,
        running: "Running | None" = None,
    ) -> Self:
        """Learn from all events of a log.

        Parameters
        ----------
        log : LogView
        until : str, datetime, int or None
            Last moment that is seen; None: everything.
        held_out : float
            Share of the users (5,000 at most) who are not learned from and say when to stop; 0:
            all epochs are trained.
        seed : int
            Same seed, same model.
        running : Running or None
            Checkpoints, progress, reports, other processes: see `footfall.models.running`.

        Returns
        -------
        BehaviorModel
            Itself; what it learned before is forgotten.

        Raises
        ------
        NotEnoughDataError
            If there is nothing to learn from.
        MissingExtraError
            If torch is not installed.
        """
        check_torch()
        if not 0 <= held_out < 1:
            raise OptionError.of("held_out", "fit", "a share from 0 to below 1", held_out)
        from footfall.models.behavior.fitted import Fitted
        from footfall.models.behavior.learning import learn_behavior

        rows = self._rows(log, until)
        learned = learn_behavior(
            rows,
            self.recipe(),
            item_table=log.items,
            held_out=held_out,
            seed=seed,
            running=running,
        )
        moment = rows.end if until is None else parse_moment(until, option="until", owner="fit")
        self._slot.fitted = Fitted(
            network=learned.network,
            rows=rows.latest(self.context + 1),  # one more: gaps are to the event before
            until=moment,
            trained=learned.trained,
            skill=learned.skill,
        )
        return self

    def cost(self, log: LogView, *, until: Moment | None = None) -> "Cost":
        """Say what a fit costs before it is begun; the log is read, no network is made.

        Heads that turn out to have nothing to learn from are counted, too.

        Parameters
        ----------
        log, until
            As in `fit`.

        Returns
        -------
        Cost
            Parameters, operations a token, memory.

        Raises
        ------
        MissingExtraError
            If torch is not installed.
        """
        check_torch()
        from footfall.models.behavior.learning import learning_cost

        return learning_cost(self._rows(log, until), self.recipe(), item_table=log.items)

    def _rows(self, log: LogView, until: Moment | None) -> EventRows:
        """Read what is learned from."""
        return EventRows.from_log(
            log,
            until=until,
            event_type=self.event_type,
            returned=self.returned,
            most_items=self.most_items,
            properties=self.properties,
            utc_offset_minutes=self.utc_offset_minutes,
            text_vectors=self.text_vectors,
        )

    def predict(
        self,
        users: Sequence[str] | pa.Array | None = None,
        head: str = "purchase",
        *,
        at: Moment | None = None,
        log: LogView | None = None,
        k: int = 10,
        wanted: str | Sequence[str] | None = None,
    ) -> pa.Table:
        """Say what a head expects of users.

        Users of whom nothing is known get what is usual.

        Parameters
        ----------
        users : sequence of str or None
            Ids; None: all users who had an event.
        head : str
            One of `heads_`, or the name of a head that was tuned.
        at : str, datetime, int or None
            The moment that is asked about: how long users have been silent by then counts. None:
            the last moment that was learned from, or the end of `log`.
        log : LogView or None
            Histories to look at, those up to `at`; None: those learned from.
        k : int
            Items for each user.
        wanted : str, sequence of str or None
            "order", "margin", "low_return": what should become of the item.

        Returns
        -------
        pa.Table
            ``user_id`` and, by the head: ``item_id, score, rank``; a probability for each event
            type; ``purchase_7d``...; ``churn_30d``; ``order_within_1h``... and ``median_days``;
            ``item_id`` of the last order line and its ``return_probability``; ``order_value`` in
            minor units; ``target``. NaN where a user never ordered and a return is asked about.

        Raises
        ------
        OptionError
            If there is no such head, or `at` is before the histories at hand.
        NotFittedError
        """
        asked = self.fitted.asked(self, users, at=at, log=log)
        return self.fitted.answer(asked, head, k=k, wanted=wanted)

    def embed(
        self,
        users: Sequence[str] | pa.Array | None = None,
        *,
        at: Moment | None = None,
        log: LogView | None = None,
        normalize: bool = False,
    ) -> Embedding:
        """Give a vector a user: the state when asked, then the mean of all states.

        Parameters
        ----------
        users, at, log
            As in `predict`.
        normalize : bool
            Bring each half to length 1.

        Returns
        -------
        Embedding
            Of kind "user", twice the network's width; ids asked for twice are there once.
        """
        from footfall.models.behavior.fitted import unit_halves

        asked = self.fitted.asked(self, users, at=at, log=log)
        first = np.unique(asked.ids.to_numpy(zero_copy_only=False), return_index=True)[1]
        asked = asked.take(np.sort(first)) if len(first) < len(asked.ids) else asked
        vectors = self.fitted.vectors(asked)
        made = {"model": "behavior", "encoder": self.encoder, "size": self.size, "at": asked.at}
        return Embedding(
            ids=asked.ids,
            vectors=unit_halves(vectors) if normalize else vectors,
            kind="user",
            made={**made, "normalized": normalize},
        )

    def fine_tune(
        self,
        log: LogView,
        target: pa.Table,
        *,
        how: Literal["frozen", "partial", "full", "scratch"] = "frozen",
        kind: Literal["binary", "number"] | None = None,
        name: str = "target",
        at: Moment | None = None,
        known_future: bool = False,
        epochs: int = 8,
        seed: int = 0,
    ) -> "BehaviorModel":
        """Learn a head for something else that is known of some users.

        Parameters
        ----------
        log : LogView
            Their histories.
        target : pa.Table
            ``user_id``, ``target`` (0 and 1, or numbers) and, if it differs from row to row,
            ``at``: the moment as of which the target has to be guessed.
        how : {"frozen", "partial", "full", "scratch"}
            Leave the network as it is and fit a linear head on its vectors; or go on from there
            and train the last layer, or everything, at a tenth of its size's learning rate. Tuned
            networks keep the new head only. "scratch" forgets all that was learned and trains
            the same network on these targets alone: what the learning was worth.
        kind : {"binary", "number"} or None
            None: binary when all targets are 0 or 1.
        name : str
            What the head is called in `predict`.
        at : str, datetime, int or None
            The moment for all of them, unless the table says it; None: the last one that was
            learned from.
        known_future : bool
            Take moments before the last one that was learned from, too. The network has learned
            what those users did afterwards, so targets look easier to guess than they are;
            "scratch" forgets it and needs no permission.
        epochs : int
            At most, for all but "frozen"; a fifth of the users says when to stop.
        seed : int

        Returns
        -------
        BehaviorModel
            Another one; this one stays as it is.

        Raises
        ------
        OptionError
            If an option is not as above.
        NotEnoughDataError
            If there are fewer than two targets, or all are the same.
        """
        from footfall.models.behavior.tuning import tune

        tuned = replace(self)
        tuned._slot.fitted = tune(  # noqa: SLF001  # its own
            self, log, target, how=how, kind=kind, name=name, at=at, known_future=known_future,
            epochs=epochs, seed=seed,
        )  # fmt: skip
        return tuned

    def live(self, user_id: str | None = None) -> "Live":
        """Follow one user event by event, from what was learned of them on.

        Parameters
        ----------
        user_id : str or None
            None, or a user who was not learned from: nothing is known yet.
        """
        from footfall.models.behavior.live import Live

        return Live.of(self, user_id)

    @property
    def fitted(self) -> "Fitted":
        """What was learned.

        Raises
        ------
        NotFittedError
            If nothing was.
        """
        if self._slot.fitted is None:
            raise NotFittedError("The behaviour model has not been fitted: call fit(log) first.")
        return self._slot.fitted

    @property
    def heads_(self) -> tuple[str, ...]:
        """Names of the heads that `predict` knows."""
        return self.fitted.heads

    @property
    def skill_(self) -> dict[str, float]:
        """How much less surprising held-out users are than by saying the same of all, by head."""
        return dict(self.fitted.skill)

    @property
    def until_(self) -> str:
        """Last moment that was learned from."""
        return shown_moment(self.fitted.until)

    def save(self, folder: str | Path) -> None:
        """Write the model, and the latest events of its users, into a folder."""
        from footfall.models.behavior.fitted import save_fitted

        save_fitted(self.fitted, Path(folder), options=self.record())

    @classmethod
    def load(cls, folder: str | Path, *, text_vectors: TextVectors = hashed_words) -> Self:
        """Read what `save` wrote.

        Parameters
        ----------
        folder : str or Path
        text_vectors : callable
            The one the model was fitted with: functions are not written.

        Raises
        ------
        InputError
            If the folder holds no behaviour model, a damaged one or one of another version.
        """
        check_torch()
        from footfall.models.behavior.fitted import load_fitted

        fitted, options = load_fitted(Path(folder))
        model = replace(cls.of(options), text_vectors=text_vectors)
        model._slot.fitted = fitted  # noqa: SLF001  # its own
        return model
