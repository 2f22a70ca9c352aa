"""What was learned, on disk: a card in JSON says what it is, an ``.npz`` beside it has the numbers.

Neither can run code when read. The card is written last and names the digest of the arrays, so a
folder is either whole or refused.
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from footfall.errors import InputError

__all__ = ["CardFolder", "part_of", "replaced"]

FORMAT = 1
DIGEST = "arrays_sha256"
TEXT, ENDS = ".text", ".ends"


@dataclass(frozen=True, kw_only=True)
class CardFolder:
    """One kind of folder: what its files are called, and what its card has to say.

    Parameters
    ----------
    what : str
        What it holds, as errors say it: "an embedding".
    again : str
        How to get another one: "Make the embedding again".
    card, arrays : str
        Names of the files.
    marks : tuple of str
        Keys by which a card of this kind is known.
    says : mapping of str to type
        Keys that it has besides, and what kind of value each has.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> kept = CardFolder(
    ...     what="a list", again="Write it again", card="list.json", arrays="list.npz",
    ...     marks=("name",),
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     kept.write(Path(folder), card={"name": "tea"}, arrays={"ids": pa.array(["kettle"])})
    ...     card, arrays = kept.read(Path(folder))
    >>> card["name"], arrays["ids"].to_pylist()
    ('tea', ['kettle'])
    """

    what: str
    again: str
    card: str
    arrays: str
    marks: tuple[str, ...]
    says: Mapping[str, type] = field(default_factory=dict)

    def write(self, folder: Path, *, card: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        """Write a folder; what was in it before is replaced.

        Parameters
        ----------
        folder : Path
            Made when it is not there.
        card : mapping
            Plain values.
        arrays : mapping of name to array
            NumPy arrays, and Arrow arrays of strings.
        """
        folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        plain = [_plain(name, array) for name, array in arrays.items()]
        np.savez(buffer, **{name: values for each in plain for name, values in each.items()})
        data = buffer.getvalue()
        whole = {"format": FORMAT, **card, DIGEST: hashlib.sha256(data).hexdigest()}
        text = json.dumps(whole, indent=2, ensure_ascii=False)
        for name, content in ((self.arrays, data), (self.card, text.encode())):
            with replaced(folder / name) as file:
                file.write(content)

    def read(self, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the card and the arrays, those of strings as Arrow arrays.

        Raises
        ------
        InputError
            When the folder holds none, damaged ones or those of another version.
        """
        card, path = self.read_card(folder), folder / self.arrays
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from error
        if hashlib.sha256(data).hexdigest() != card[DIGEST]:
            raise InputError(
                f"{path} is damaged or not of this {self._name.split()[-1]}. Save it again."
            )
        arrays: dict[str, Any] = {}
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            for name in stored.files:
                if name.endswith(TEXT):
                    inner = name.removesuffix(TEXT)
                    arrays[inner] = _strings(stored[name], stored[inner + ENDS])
                elif not name.endswith(ENDS):
                    arrays[name] = stored[name]
        return card, arrays

    def read_card(self, folder: Path) -> dict[str, Any]:
        """Read what a folder says of itself.

        Raises
        ------
        InputError
            When it holds nothing of the kind, a damaged one or one of another version.
        """
        path = folder / self.card
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"{folder} holds no {self._name}: {self.card} cannot be read."
            ) from error
        except ValueError as error:
            raise InputError(
                f"{path} is damaged: it is no JSON. Save the {self._name} again."
            ) from error
        if not isinstance(card, dict) or not {"format", *self.marks} <= card.keys():
            raise InputError(f"{path} is not the card of {self.what}.")
        if card["format"] != FORMAT:
            raise InputError(
                f"{folder} was written in format {card['format']}, this footfall reads {FORMAT}. "
                f"{self.again}, or install the footfall that wrote it."
            )
        said = {**self.says, DIGEST: str}
        if not all(isinstance(card.get(key), kind) for key, kind in said.items()):
            raise InputError(
                f"{path} is damaged: a part of it is missing. Save the {self._name} again."
            )
        return card

    @property
    def _name(self) -> str:
        return self.what.partition(" ")[2]


def part_of(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the arrays of one part, ``name.*``, by their names within it."""
    lead = f"{name}."
    return {key.removeprefix(lead): v for key, v in arrays.items() if key.startswith(lead)}


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Write beside a file and move into place, so that no reader meets half of it."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _plain(name: str, array: Any) -> dict[str, Any]:
    """Give what NumPy can store: the text of strings, and where each ends."""
    if not isinstance(array, pa.Array):
        return {name: array}
    text = [str(each).encode() for each in array.to_pylist()]
    ends = np.cumsum([len(each) for each in text], dtype=np.int64)
    return {name + TEXT: np.frombuffer(b"".join(text), dtype=np.uint8), name + ENDS: ends}


def _strings(text: Any, ends: Any) -> pa.StringArray:
    offsets = np.concatenate(([0], ends)).astype(np.int64)
    large = pa.LargeStringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))
    )
    return large.cast(pa.string())
