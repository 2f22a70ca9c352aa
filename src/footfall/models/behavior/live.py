"""One user, event by event: the same answers as from the whole history, at the cost of one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from footfall.errors import OptionError
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.features.event_reading import NEVER
from footfall.models.behavior.answers import check_count
from footfall.models.behavior.fields import (
    CLOCK_NUMBERS,
    SECOND,
    USER,
    clock_fields,
    event_fields,
    user_field,
)
from footfall.models.behavior.network import BehaviorNetwork
from footfall.models.behavior.past import Past
from footfall.models.encoders import State
from footfall.store.ids import IdMap

if TYPE_CHECKING:
    from footfall.models.behavior.fitted import Fitted
    from footfall.models.behavior.model import BehaviorModel

__all__ = ["Live"]

Array = npt.NDArray[Any]

MOST_PRICE = 2.0**62  # what a log can hold
UNITS = (float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max))


@dataclass
class Live:
    """A user who is followed live.

    While a history fits into the network's context, the answers are those that
    `BehaviorModel.predict` gives from the log; after that, layers that look back remember a little
    more than a window would show them.

    Parameters
    ----------
    model : BehaviorModel
    user_id : str

    Examples
    --------
    >>> from footfall.models.behavior.model import BehaviorModel
    >>> from footfall.store.memory import MemoryLog
    >>> days = [("ann", f"2026-01-{day:02}", "view", "kettle") for day in range(1, 29)]
    >>> log = MemoryLog.from_rows([*days, ("bob", "2026-01-03", "purchase", "teapot")])
    >>> model = BehaviorModel(size="tiny", context=16, epochs=1).fit(log, held_out=0)
    >>> eve = model.live()
    >>> eve.add("view", "2026-02-01", item_id="kettle")
    >>> eve.predict("item", k=1).column_names
    ['user_id', 'item_id', 'score', 'rank']
    """

    model: "BehaviorModel"
    user_id: str
    _state: State = field(init=False, repr=False)
    _past: Past = field(init=False, repr=False, default_factory=Past)
    _sum: Tensor = field(init=False, repr=False)
    _count: int = field(init=False, default=0)
    _line: tuple[Tensor, int] | None = field(init=False, repr=False, default=None)
    _table: Tensor | None = field(init=False, repr=False)
    _items: IdMap = field(init=False, repr=False)
    _zero: int | None = field(init=False, repr=False, default=None)  # moment of the first token

    @torch.no_grad()
    def __post_init__(self) -> None:
        """Start with nothing but who the user is."""
        network, rows = self._network, self._fitted.rows
        self._state = network.core.start(1)
        self._sum = torch.zeros(1, network.plan.shape.width)
        self._table, self._items = network.table(), IdMap(rows.codes.item_ids)

    @classmethod
    def of(cls, model: "BehaviorModel", user_id: str | None) -> Self:
        """Follow a user from the latest events that the model keeps."""
        live = cls(model=model, user_id=user_id or "")
        rows = model.fitted.rows
        place = int(rows.places(pa.array([user_id], pa.string()))[0])
        if place >= 0:
            live._replay(place)
        return live

    def add(
        self,
        event_type: str,
        timestamp: Moment,
        *,
        item_id: str | None = None,
        price: float | None = None,
        quantity: float | None = None,
        query: str | None = None,
        properties: Mapping[str, str] | None = None,
        session_id: str | None = None,
    ) -> None:
        """Take one more event.

        Parameters
        ----------
        event_type : str
        timestamp : str, datetime or int
            Not before the event before.
        item_id : str or None
        price : float or None
            Of one unit, minor units; NaN, infinite, and what is below 0: not said.
        quantity : float or None
            NaN, infinite, 0 and less: not said.
        query : str or None
        properties : mapping of str to str, or None
        session_id : str or None
            Purchase lines of one session, or of one moment without sessions, are one order.

        Raises
        ------
        OptionError
            If the event is earlier than the one before.
        """
        moment = parse_moment(timestamp, option="timestamp", owner="Live.add")
        if moment < self._past.last:
            allowed = f"{shown_moment(self._past.last)} or later"
            raise OptionError.of("timestamp", "Live.add", allowed, shown_moment(moment))
        codes = self._fitted.rows.codes
        item = int(self._items.codes([item_id or ""])[0])
        category = int(codes.item_categories[item]) if item >= 0 else -1
        said = np.array([_minor_units(price)], np.int64)
        both = codes.prices(said, np.array([item], np.int32), np.array([category], np.int32))
        columns: dict[str, Array] = {
            "event_type": np.array([codes.type_code(event_type)]),
            "item": np.array([item]),
            "category": np.array([category]),
            "price": both[0],
            "relative_price": both[1],
            "quantity": np.log2(np.array([_units(quantity)], np.float32)),
            "query": np.array([-1 if query is None else 0]),
        }
        for key, values in codes.properties.items():
            value = (properties or {}).get(key)
            columns[f"properties.{key}"] = np.array(
                [values.index(value) if value in values else -1]
            )
        state = self._take(moment, self._event(columns, query))
        is_purchase = event_type == codes.purchase
        self._past = self._past.after(moment, is_purchase=is_purchase, session=session_id)
        self._sum, self._count = self._sum + state, self._count + 1
        if is_purchase:
            self._line = state, item

    def predict(
        self,
        head: str = "purchase",
        *,
        at: Moment | None = None,
        k: int = 10,
        wanted: str | Sequence[str] | None = None,
    ) -> pa.Table:
        """Say what a head expects now: see `BehaviorModel.predict`.

        Parameters
        ----------
        head : str
        at : str, datetime, int or None
            None: the moment of the last event.
        k : int
        wanted : str, sequence of str or None
        """
        fitted, ids = self._fitted, pa.array([self.user_id])
        if head not in fitted.heads:
            raise OptionError.of("head", "predict", f"one of {fitted.heads}", head)
        check_count(k)
        if head == "return":
            return self._return(ids)
        if head in fitted.tuned:
            return pa.table({"user_id": ids, head: fitted.tuned[head].answer(self.vector(at))})
        return fitted.say(head, self._request(at), ids, k=k, wanted=wanted)

    def vector(self, at: Moment | None = None) -> npt.NDArray[np.float32]:
        """Give the user's vector at a moment, shape (1, 2C): see `BehaviorModel.embed`."""
        state = self._request(at)
        both = torch.cat([state, (self._sum + state) / (self._count + 1)], 1)
        found: npt.NDArray[np.float32] = both.numpy()
        return found

    @property
    def _fitted(self) -> "Fitted":
        return self.model.fitted

    @property
    def _network(self) -> BehaviorNetwork:
        return self.model.fitted.network

    def _return(self, ids: pa.StringArray) -> pa.Table:
        """Say whether the last order line comes back."""
        codes = self._fitted.rows.codes
        if self._line is None:
            nothing = {"item_id": pa.array([None], pa.string()), "return_probability": [np.nan]}
            return pa.table({"user_id": ids, **nothing})
        state, item = self._line
        found = self._fitted.say("return", state, ids, k=1, wanted=None)
        items = codes.item_ids.take(pa.array([item if item >= 0 else None], pa.int64()))
        return found.add_column(1, "item_id", [items])

    @torch.no_grad()
    def _request(self, at: Moment | None) -> Tensor:
        """Give the state when asked; the user's own state stays as it is."""
        if at is None:
            moment = self._fitted.until if self._past.last == NEVER else self._past.last
        else:
            moment = parse_moment(at, option="at", owner="predict")
        if moment < self._past.last:
            allowed = f"{shown_moment(self._past.last)} or later"
            raise OptionError.of("at", "predict", allowed, shown_moment(moment))
        kept, zero = self._state, self._zero
        state = self._take(moment, self._nothing())
        self._state, self._zero = kept, zero
        return state

    @torch.no_grad()
    def _take(self, moment: int, said: dict[str, Array]) -> Tensor:
        """Let the network take one token, after the prefix if it is the first."""
        if self._zero is None:
            self._zero = moment
            if self._network.plan.prefix:
                self._prefix(moment)
        clock = self._past.clock(moment)
        return self._step(moment, said | clock_fields(clock, self._fitted.rows.codes))

    def _step(self, moment: int, fields: dict[str, Array]) -> Tensor:
        network, schema = self._network, self._network.plan.schema
        values = {
            each.name: torch.from_numpy(np.ascontiguousarray(fields[each.name]))
            for each in schema.fields
            if each.name in fields
        }
        if network.plan.prefix and USER not in values:
            size = next(each.size for each in schema.fields if each.name == USER)
            values[USER] = torch.full((1, size), torch.nan)
        time = torch.tensor([(moment - (self._zero or 0)) / SECOND], dtype=torch.float64)
        hidden, self._state = network.core.step(self._state, values, self._table, time)
        return hidden

    def _event(self, columns: dict[str, Array], query: str | None) -> dict[str, Array]:
        codes, schema = self._fitted.rows.codes, self._network.plan.schema
        vectors = np.empty((0, 0), np.float32)
        if query is not None:
            vectors = np.asarray(self.model.text_vectors(pa.array([query])), np.float32)
        return event_fields(codes, columns, vectors, np.zeros(1, np.int64), schema)

    def _nothing(self) -> dict[str, Array]:
        """Give the fields of a request."""
        rows, schema = self._fitted.rows, self._network.plan.schema
        empty = {name: column[:0] for name, column in rows.columns.items()}
        fields = event_fields(rows.codes, empty, rows.query_vectors, np.full(1, -1), schema)
        return {**fields, "event_type": np.array([len(rows.codes.event_types) + 1])}

    def _prefix(self, moment: int) -> None:
        """Say who the user is."""
        rows = self._fitted.rows
        place = int(rows.places(pa.array([self.user_id], pa.string()))[0])
        known = np.full((1, rows.attributes.shape[1]), -1, np.int32)
        if place >= 0:
            known = rows.attributes[[place]]
        clock: dict[str, Array] = {name: np.array([-1]) for name in ("gap", "hour", "weekday")}
        clock |= {name: np.array([np.nan], np.float32) for name in CLOCK_NUMBERS}
        fields = {**self._nothing(), **clock, USER: user_field(rows.codes, known)}
        self._step(moment, {**fields, "event_type": np.array([len(rows.codes.event_types)])})

    @torch.no_grad()
    def _replay(self, place: int) -> None:
        """Take the latest events that the model keeps of a user."""
        rows, length = self._fitted.rows, self._network.plan.length
        stop = int(rows.offsets[place + 1])
        first = max(int(rows.offsets[place]), stop - length + 1)
        purchase = rows.codes.type_code(rows.codes.purchase)
        for row in range(first, stop):
            self._past = Past.before(rows, place, row)
            schema, at = self._network.plan.schema, np.array([row])
            said = event_fields(rows.codes, rows.columns, rows.query_vectors, at, schema)
            state = self._take(int(rows["timestamp"][row]), said)
            self._sum, self._count = self._sum + state, self._count + 1
            if rows["event_type"][row] == purchase:
                self._line = state, int(rows["item"][row])
        self._past = Past.before(rows, place, stop)


def _minor_units(price: float | None) -> float:
    """Give a price as a log holds it, -1 where it says nothing."""
    if price is None or not np.isfinite(price) or price < 0:
        return -1
    return min(price, MOST_PRICE)


def _units(quantity: float | None) -> float:
    """Give a quantity of which the logarithm is a number, NaN where it says nothing."""
    if quantity is None or not np.isfinite(quantity) or quantity <= 0:
        return np.nan
    return float(np.clip(quantity, *UNITS))
