"""Lines of ``user item item ...``: the form in which recommenders are compared."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import InputError
from footfall.events.columns import TIMESTAMP_TYPE
from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Export
from footfall.events.readers.raw_columns import RawColumns, constant, draft_of

__all__ = ["Sequences", "UserSequences", "read_sequences"]

_START_SECONDS = 946_684_800  # 2000-01-01T00:00:00Z
# A character that no line has, so that a line stays one field.
_NO_DELIMITER = "\x1f"


class Sequences(Export):
    """Each line is a user and the items of that user, the earliest first.

    The form has no times, so the first item of a line gets 2000-01-01 00:00:00 UTC, the second one
    second later, and so on: order within a user is right, order between users means nothing.
    Every event is a `view`.

    Examples
    --------
    >>> raw = pa.table({"line": ["ann kettle cup"], "__row__": [1]})
    >>> draft = Sequences().convert(raw)
    >>> draft["item_id"].to_pylist(), str(draft["timestamp"][1])
    (['kettle', 'cup'], '2000-01-01 00:00:01+00:00')
    """

    name = "sequences"
    description = "Lines of `user item item ...`, without times"
    format = FormatOptions(format="csv", delimiter=_NO_DELIMITER, column_names=("line",))
    needs = ("line",)

    def _convert(self, raw: RawColumns) -> pa.Table:
        words = pc.utf8_split_whitespace(pc.fill_null(raw.text("line"), ""))
        counts = pc.list_value_length(words).to_numpy()
        parent = np.repeat(np.arange(raw.length), counts)
        place = np.arange(len(parent)) - (np.cumsum(counts) - counts)[parent]
        flat = words.flatten()
        item = np.flatnonzero(place > 0)
        user = item - place[item]
        seconds = _START_SECONDS + place[item] - 1
        return draft_of(
            raw.rows.take(pa.array(parent[item])),
            {
                "user_id": flat.take(pa.array(user)),
                "timestamp": pa.array(seconds * 1_000_000).cast(TIMESTAMP_TYPE),
                "event_type": constant("view", len(item)),
                "item_id": flat.take(pa.array(item)),
            },
        )


@dataclass(frozen=True)
class UserSequences:
    """Users' items in order, as flat arrays.

    Parameters
    ----------
    users
        U user ids, in the order of the lines.
    offsets
        int64[U + 1]: the items of user u are ``items[offsets[u]:offsets[u + 1]]``.
    items
        int32[N]: the place of each item in `item_ids`.
    item_ids
        I item ids, in the order of their first appearance.
    """

    users: list[str]
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    item_ids: list[str]


def read_sequences(path: str | Path) -> UserSequences:
    r"""Read a file of ``user item item ...`` lines straight into arrays.

    Parameters
    ----------
    path
        A text file, UTF-8. Blank lines are left out.

    Returns
    -------
    UserSequences

    Raises
    ------
    InputError
        When the file cannot be read, holds no line, or names a user twice.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "shop.txt"
    ...     _ = file.write_text("ann kettle cup kettle\nbob cup\n")
    ...     shop = read_sequences(file)
    >>> shop.users, shop.offsets.tolist(), shop.items.tolist(), shop.item_ids
    (['ann', 'bob'], [0, 3, 4], [0, 1, 0, 1], ['kettle', 'cup'])
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read as lines of 'user item item ...': {error}."
        ) from error
    lines = [words for words in map(str.split, text.splitlines()) if words]
    if not lines:
        raise InputError(f"{path} holds no lines of 'user item item ...'.")
    users = [words[0] for words in lines]
    if len(set(users)) < len(users):
        twice = next(user for user in users if users.count(user) > 1)
        raise InputError(f"{path} names the user {twice!r} in more than one line. Join the lines.")
    offsets = np.zeros(len(lines) + 1, np.int64)
    np.cumsum([len(words) - 1 for words in lines], out=offsets[1:])
    flat = pa.array([word for words in lines for word in words[1:]], pa.string())
    coded = flat.dictionary_encode()
    return UserSequences(
        users, offsets, coded.indices.to_numpy().astype(np.int32), coded.dictionary.to_pylist()
    )
