"""What a behaviour model learned: answers about users, in memory and on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from footfall.errors import InputError, OptionError
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.features.event_codes import ARRAYS, EventCodes
from footfall.features.event_rows import EventRows
from footfall.features.item_bags import bags_among
from footfall.models.behavior.answers import answer_of, best_items, check_count, check_wanted
from footfall.models.behavior.linear import LinearHead
from footfall.models.behavior.network import BehaviorNetwork, Plan, new_network, window_states
from footfall.models.behavior.tokens import Tokens, request_tokens
from footfall.models.embeddings.checks import ids_of
from footfall.models.network import Shape
from footfall.models.schema import Schema
from footfall.models.training import Epoch, Trained
from footfall.store.card_folder import CardFolder, part_of
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.models.behavior.model import BehaviorModel

__all__ = [
    "AskedUsers",
    "Fitted",
    "load_fitted",
    "rows_of",
    "save_fitted",
    "unit_halves",
]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

ITEMS = "core.items."
FOLDER = CardFolder(
    what="a behaviour model", again="Fit the model again", card="behavior.json",
    arrays="arrays.npz", marks=("until",), says={"options": dict},
)  # fmt: skip
ROWS = ("offsets", "user_ids", "query_vectors", "attributes", "began", "earlier")


@dataclass(frozen=True, kw_only=True, eq=False)
class AskedUsers:
    """Users who are asked about.

    Parameters
    ----------
    ids : pa.StringArray, length B
    rows : EventRows
        Their histories, known up to the moment.
    users : int64 array, shape (B,)
        Their places in the rows; -1 for nobody.
    at : int
        Microseconds UTC.
    """

    ids: pa.StringArray
    rows: EventRows
    users: Int64
    at: int

    def take(self, which: Int64) -> "AskedUsers":
        """Give some of them."""
        return replace(self, ids=self.ids.take(pa.array(which)), users=self.users[which])

    def tokens(self, length: int) -> Tokens:
        """Lay out their latest events and the request."""
        moments = np.full(len(self.users), self.at, np.int64)
        return request_tokens(self.rows, self.users, moments, length=length)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A trained network and the latest events of the users it was trained on.

    Parameters
    ----------
    network : BehaviorNetwork
    rows : EventRows
    until : int
        Last moment that was learned from.
    trained : Trained
        How the training went.
    skill : mapping of head to float
    tuned : mapping of name to LinearHead
        Heads on users' vectors.
    only_tuned : bool
        Whether the network was changed for the tuned head, so that the others are not its own.
    """

    network: BehaviorNetwork
    rows: EventRows
    until: int
    trained: Trained
    skill: Mapping[str, float]
    tuned: Mapping[str, LinearHead] = field(default_factory=dict)
    only_tuned: bool = False

    @property
    def heads(self) -> tuple[str, ...]:
        """What may be asked."""
        own = () if self.only_tuned else tuple(self.network.plan.heads)
        return (*own, *self.tuned)

    def asked(
        self,
        model: "BehaviorModel",
        users: Sequence[str] | pa.Array | None,
        *,
        at: Moment | None,
        log: LogView | None,
    ) -> AskedUsers:
        """Find users and their histories: see `BehaviorModel.predict`."""
        moment = None if at is None else parse_moment(at, option="at", owner="predict")
        if log is not None:
            rows = rows_of(model, log, until=moment)
            moment = rows.end if moment is None else moment
        else:
            rows = self.rows
            moment = self.until if moment is None else moment
            if moment < self.until:
                allowed = f"{shown_moment(self.until)} or later, unless a log is given, too"
                raise OptionError.of("at", "predict", allowed, shown_moment(moment))
        if users is None:
            places = np.flatnonzero(np.diff(rows.offsets))
            return AskedUsers(
                ids=rows.user_ids.take(pa.array(places)), rows=rows, users=places, at=moment
            )
        ids = ids_of(users, "users", "predict")
        return AskedUsers(ids=ids, rows=rows, users=rows.places(ids), at=moment)

    def vectors(self, asked: AskedUsers) -> Float32:
        """Give last and mean states, (B, 2C)."""
        tokens = asked.tokens(self.network.plan.length)
        found: Float32 = window_states(self.network, asked.rows, tokens, mean=True).numpy()
        return found

    def answer(
        self, asked: AskedUsers, head: str, *, k: int, wanted: str | Sequence[str] | None
    ) -> pa.Table:
        """Say what a head expects: see `BehaviorModel.predict`."""
        if head not in self.heads:
            raise OptionError.of("head", "predict", f"one of {self.heads}", head)
        check_count(k)
        if head in self.tuned:
            found = self.tuned[head].answer(self.vectors(asked))
            return pa.table({"user_id": asked.ids, head: found})
        if head == "return":
            return self._returns(asked)
        tokens = asked.tokens(self.network.plan.length)
        states = window_states(self.network, asked.rows, tokens)
        return self.say(head, states, asked.ids, k=k, wanted=wanted)

    def say(
        self,
        head: str,
        states: Tensor,
        ids: pa.StringArray,
        *,
        k: int,
        wanted: str | Sequence[str] | None,
    ) -> pa.Table:
        """Say what one of the network's own heads expects of states, (B, C)."""
        outcomes, codes = check_wanted(wanted), self.rows.codes
        if head == "item":
            return best_items(self.network, states, ids, codes, k=k, wanted=outcomes)
        if outcomes:
            raise OptionError.of("wanted", "predict", "left out for this head", wanted)
        return pa.table({"user_id": ids, **answer_of(self.network, head, states, codes)})

    def _returns(self, asked: AskedUsers) -> pa.Table:
        """Ask about the latest order line of each user."""
        rows, tokens = asked.rows, asked.tokens(self.network.plan.length)
        purchase = rows.codes.type_code(rows.codes.purchase)
        line = np.zeros(len(tokens.rows), np.bool_)
        there = tokens.rows >= 0
        line[there] = rows["event_type"][tokens.rows[there]] == purchase
        place = np.where(line, np.arange(len(line)), -1)
        last = np.full(len(asked.users), -1, np.int64)
        if len(place):
            last = np.maximum.reduceat(place, tokens.first)
        some = np.flatnonzero(last >= 0)
        cut = replace(tokens, first=tokens.first[some], stop=last[some] + 1)
        states = window_states(self.network, rows, cut)
        chance = np.full(len(asked.users), np.nan)
        chance[some] = answer_of(self.network, "return", states, rows.codes)["return_probability"]
        item = np.full(len(asked.users), -1, np.int64)
        item[some] = rows["item"][tokens.rows[last[some]]]
        items = rows.codes.item_ids.take(pa.array(item, mask=item < 0))
        return pa.table({"user_id": asked.ids, "item_id": items, "return_probability": chance})


def rows_of(model: "BehaviorModel", log: LogView, *, until: Moment | None) -> EventRows:
    """Read a log with the codes that a model was fitted with."""
    codes = model.fitted.rows.codes
    rows = EventRows.from_log(log, until=until, codes=codes, text_vectors=model.text_vectors)
    size = model.fitted.rows.query_vectors.shape[1]
    if len(rows.query_vectors) and rows.query_vectors.shape[1] != size:
        allowed = f"the callable the model was fitted with, which gives {size} numbers"
        raise OptionError.of("text_vectors", "BehaviorModel", allowed, rows.query_vectors.shape[1])
    return rows


def unit_halves(vectors: Float32) -> Float32:
    """Bring the last and the mean state to length 1 each."""
    halves = vectors.reshape(len(vectors), 2, -1)
    lengths = np.linalg.norm(halves, axis=2, keepdims=True)
    return np.asarray((halves / np.maximum(lengths, 1e-12)).reshape(vectors.shape), np.float32)


def save_fitted(fitted: Fitted, folder: Path, *, options: Mapping[str, Any]) -> None:
    """Write everything into a folder."""
    plan, rows = fitted.network.plan, fitted.rows
    arrays: dict[str, Any] = {
        **{f"weights.{name}": w.numpy() for name, w in fitted.network.state_dict().items()},
        **{f"rows.{name}": getattr(rows, name) for name in ROWS},
        **{f"columns.{name}": column for name, column in rows.columns.items()},
        **{f"codes.{name}": getattr(rows.codes, name) for name in ARRAYS},
    }
    tuned: dict[str, Any] = {}
    for name, head in fitted.tuned.items():
        tuned[name] = {"kind": head.kind, "bias": head.bias, "penalty": head.penalty}
        arrays |= {f"tuned.{name}.{n}": getattr(head, n) for n in ("center", "scale", "weights")}
    card = {
        "options": dict(options),
        "plan": {
            "schema": plan.schema.to_json(),
            "shape": plan.shape.to_json(),
            "heads": plan.heads,
            "types": plan.types,
            "horizons_days": plan.horizons_days,
            "churn_days": plan.churn_days,
        },
        "codes": rows.codes.to_json(),
        "end": rows.end,
        "until": fitted.until,
        "trained": asdict(fitted.trained),
        "skill": dict(fitted.skill),
        "tuned": tuned,
        "only_tuned": fitted.only_tuned,
    }
    FOLDER.write(folder, card=card, arrays=arrays)


def load_fitted(folder: Path) -> tuple[Fitted, dict[str, Any]]:
    """Read what `save_fitted` wrote, and the options.

    Raises
    ------
    InputError
        If the folder is not as it was written.
    """
    card, arrays = FOLDER.read(folder)
    try:
        codes = EventCodes.from_json(card["codes"], part_of(arrays, "codes"))
        rows = EventRows(
            **{name: arrays[f"rows.{name}"] for name in ROWS},
            columns=part_of(arrays, "columns"),
            codes=codes,
            end=card["end"],
        )
        network = _network(card["plan"], part_of(arrays, "weights"))
        tuned = {
            name: LinearHead(**words, **part_of(arrays, f"tuned.{name}"))
            for name, words in card["tuned"].items()
        }
        trained = Trained(
            epochs=[Epoch(**epoch) for epoch in card["trained"]["epochs"]],
            best=card["trained"]["best"],
        )
        fitted = Fitted(
            network=network, rows=rows, until=card["until"], trained=trained,
            skill=card["skill"], tuned=tuned, only_tuned=card["only_tuned"],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{folder} holds no behaviour model that can be read: {error}") from error
    return fitted, card["options"]


def _network(words: Mapping[str, Any], weights: Mapping[str, Array]) -> BehaviorNetwork:
    plan = Plan(
        schema=Schema.from_json(words["schema"]),
        shape=Shape(**words["shape"]),
        heads=tuple(words["heads"]),
        types=words["types"],
        horizons_days=tuple(words["horizons_days"]),
        churn_days=words["churn_days"],
    )
    network = new_network(plan, bags_among(weights, ITEMS))
    network.load_state_dict({name: torch.from_numpy(np.asarray(w)) for name, w in weights.items()})
    network.eval()
    return network
