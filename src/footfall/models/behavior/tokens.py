"""From events to tokens: a prefix of who the user is, events, and requests that show silence."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.features.event_rows import EventRows

__all__ = ["Tokens", "request_tokens", "training_tokens"]

Int64 = npt.NDArray[np.int64]

BLANK_SHARE = 0.02  # of the users are also asked about as if nothing were known of them


@dataclass(frozen=True, kw_only=True, eq=False)
class Tokens:
    """Tokens of users in time order, and the windows they are read in.

    Parameters
    ----------
    users, moments : int64 arrays, shape (N,)
        Place of the user in the event rows; microseconds UTC.
    rows : int64 array, shape (N,)
        The event a token is; -1 for a request, which only says that time has passed.
    known : int64 array, shape (N,)
        The row after the last one that came before the token, of all that the network may know.
    ahead : int64 array, shape (N,)
        The first row that came after the token: what has to be guessed starts there.
    first, stop : int64 arrays, shape (W,)
        The tokens of each window; each belongs to one user.
    """

    users: Int64
    moments: Int64
    rows: Int64
    known: Int64
    ahead: Int64
    first: Int64
    stop: Int64

    @property
    def lengths(self) -> Int64:
        """Tokens of each window."""
        return self.stop - self.first

    def layout(self, windows: Int64) -> tuple[Int64, npt.NDArray[np.bool_]]:
        """Put some windows side by side.

        Returns
        -------
        tokens : int64 array, shape (B, T)
            Token numbers; what is filled up is the window's last token again.
        there : bool array, shape (B, T)
        """
        first, stop = self.first[windows], self.stop[windows]
        place = np.arange((stop - first).max(initial=0))
        tokens = np.minimum(first[:, None] + place, stop[:, None] - 1)
        return tokens, place < (stop - first)[:, None]


def training_tokens(
    rows: EventRows, *, length: int, requests: int, rng: np.random.Generator
) -> Tokens:
    """Lay out all events of all users, with requests at moments drawn between them.

    The moments are drawn evenly over the time a user is known, not over the user's events: in
    training as later when asked, most users are silent. A few users are also asked about as if
    nothing were known of them.

    Parameters
    ----------
    rows : EventRows
    length : int
        Tokens of a window, at most; a longer history is several windows, cut from its end.
    requests : int
        Moments drawn for each user.
    rng : Generator

    Returns
    -------
    Tokens
    """
    there = np.flatnonzero(np.diff(rows.offsets))
    began = rows.began[there]
    span = rows.end - began + 1
    drawn = np.sort(rng.random((len(there), requests)), axis=1)
    asked = (began[:, None] + (drawn * span[:, None]).astype(np.int64)).ravel()
    of = np.repeat(there, requests)
    known = rows.known_at(of, asked)
    # Rows keep their order: before row r stand r rows and the requests that do not know it yet.
    before = np.cumsum(np.bincount(known, minlength=rows.n_events + 1))[:-1]
    of_event = np.arange(rows.n_events)
    place_event, place_request = of_event + before, known + np.arange(len(known))
    count = rows.n_events + len(known)
    owner = np.repeat(np.arange(rows.n_users), np.diff(rows.offsets))
    filled = {
        name: _scattered(count, place_event, at_event, place_request, at_request)
        for name, at_event, at_request in (
            ("users", owner, of),
            ("moments", rows["timestamp"], asked),
            ("rows", of_event, np.full(len(known), -1)),
            ("known", of_event, known),
            ("ahead", of_event + 1, known),
        )
    }
    offsets = rows.offsets + np.concatenate(([0], np.cumsum(np.diff(rows.offsets) > 0))) * requests
    first, stop = _windows(offsets, length)
    return _with_blanks(rows, filled, first, stop, rng)


def request_tokens(
    rows: EventRows, users: Int64, moments: Int64, *, length: int, after_row: bool = False
) -> Tokens:
    """Lay out the latest events of users at given moments, with a request at the end of each.

    Parameters
    ----------
    rows : EventRows
    users, moments : int64 arrays, shape (B,)
        Places of users (-1: of whom nothing is known), and when they are asked about.
    length : int
        Tokens of a window, at most.
    after_row : bool
        Leave the request out: the window ends with the last event.

    Returns
    -------
    Tokens
        A window for each of them, in this order.
    """
    somebody = users >= 0
    place = np.where(somebody, users, 0)
    known = np.zeros(len(users), np.int64)
    start = np.zeros(len(users), np.int64)
    if somebody.any():
        known[somebody] = rows.known_at(users[somebody], moments[somebody])
        start[somebody] = rows.offsets[place[somebody]]
    extra = 0 if after_row else 1
    counts = np.minimum(known - start, length - extra)
    stop = np.cumsum(counts + extra)
    first = stop - counts - extra
    size = int(stop[-1]) if len(stop) else 0
    within = np.arange(size) - np.repeat(first, counts + extra)
    is_event = within < np.repeat(counts, counts + extra)
    row = np.repeat(known - counts, counts + extra) + within
    at = np.where(is_event, _taken(rows["timestamp"], row), np.repeat(moments, counts + extra))
    return Tokens(
        users=np.repeat(users, counts + extra),
        moments=at,
        rows=np.where(is_event, row, -1),
        known=row,
        ahead=row + is_event,
        first=first,
        stop=stop,
    )


def _taken(values: Int64, at: Int64) -> Int64:
    """Take values, anything where `at` is beyond them."""
    return values[np.minimum(at, len(values) - 1)] if len(values) else np.zeros(len(at), np.int64)


def _scattered(
    count: int, place_event: Int64, at_event: Int64, place_request: Int64, at_request: Int64
) -> Int64:
    whole = np.empty(count, np.int64)
    whole[place_event], whole[place_request] = at_event, at_request
    return whole


def _windows(offsets: Int64, length: int) -> tuple[Int64, Int64]:
    """Cut each user's run of tokens from its end; see `footfall.models.next_item.windows`."""
    counts = np.diff(offsets)
    runs = -(-counts // length)
    owner = np.repeat(np.arange(len(counts)), runs)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(runs) - runs, runs)
    stop = offsets[1:][owner] - (runs[owner] - 1 - place) * length
    return np.maximum(stop - length, offsets[:-1][owner]), stop


def _with_blanks(
    rows: EventRows, filled: dict[str, Int64], first: Int64, stop: Int64, rng: np.random.Generator
) -> Tokens:
    """Add windows of one request each that know nothing of their user."""
    asked = np.flatnonzero(filled["rows"] < 0)
    some = asked[rng.random(len(asked)) < BLANK_SHARE]
    count = len(filled["rows"])
    blank = {name: values[some] for name, values in filled.items()}
    blank["known"] = rows.offsets[blank["users"]]
    own = count + np.arange(len(some))
    return Tokens(
        **{name: np.concatenate([filled[name], blank[name]]) for name in filled},
        first=np.concatenate([first, own]),
        stop=np.concatenate([stop, own + 1]),
    )
