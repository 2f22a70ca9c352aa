"""Segments saved under a name: a rule or a list of users, with all that the name stood for before.

A segment belongs to the workspace, not to a version of its log. Its document is small text, so
that it can be read, compared and moved to another log without footfall::

    {
     "format": 1,
     "name": "loyal",
     "versions": [
      {"version": 1, "saved": "2026-01-05T10:00:00+00:00", "rule": "count(purchase) >= 2"},
      {"version": 2, "saved": "2026-02-01T10:00:00+00:00", "users": ["ann", "bob"]}
     ]
    }
"""

import contextlib
import difflib
import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow.fs as pafs

from footfall.errors import OptionError, StoreError
from footfall.store.workspace import Workspace

__all__ = ["MemoryShelf", "SavedSegments", "Shelf", "WorkspaceShelf"]

_FORMAT = 1
_FOLDER = "segments"
_LONGEST = 60  # characters; file names may have 255 bytes, and a character up to 4
_NAME = re.compile(r"[\w-]+")


class Shelf(Protocol):
    """A place where documents lie by name."""

    def names(self) -> list[str]:
        """Name all documents, in any order."""

    def read(self, name: str) -> str | None:
        """Give a document; None if there is none."""

    def write(self, name: str, text: str) -> None:
        """Put a document in its place, whole or not at all."""

    def remove(self, name: str) -> None:
        """Take a document away."""

    def writing(self) -> AbstractContextManager[None]:
        """Keep others from writing meanwhile."""


class MemoryShelf:
    """Documents in memory."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def names(self) -> list[str]:
        """Name all documents."""
        return [*self._texts]

    def read(self, name: str) -> str | None:
        """Give a document; None if there is none."""
        return self._texts.get(name)

    def write(self, name: str, text: str) -> None:
        """Put a document in its place."""
        self._texts[name] = text

    def remove(self, name: str) -> None:
        """Take a document away."""
        del self._texts[name]

    def writing(self) -> AbstractContextManager[None]:
        """Nobody else writes here."""
        return nullcontext()


class WorkspaceShelf:
    """Documents in a folder of a workspace.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def names(self) -> list[str]:
        """Name all documents."""
        with self._said("list the segments in"):
            every = pafs.FileSelector(_FOLDER, allow_not_found=True)
            found = [info.base_name for info in self.workspace.filesystem().get_file_info(every)]
        return [name.removesuffix(".json") for name in found if name.endswith(".json")]

    def read(self, name: str) -> str | None:
        """Give a document; None if there is none."""
        files = self.workspace.filesystem()
        with self._said(f"read the segment {name!r} in"):
            if files.get_file_info(_path(name)).type != pafs.FileType.File:
                return None
            with files.open_input_file(_path(name)) as file:
                return str(file.read().decode())

    def write(self, name: str, text: str) -> None:
        """Put a document in its place: whoever reads meanwhile gets the old one or the new one."""
        files = self.workspace.filesystem()
        temporary = f"{_FOLDER}/{uuid.uuid4().hex}.tmp"
        with self._said(f"write the segment {name!r} in"):
            files.create_dir(_FOLDER)
            try:
                # The buffer: without one, delta-rs's files refuse what Arrow hands them.
                with files.open_output_stream(temporary, buffer_size=4096) as file:
                    file.write(text.encode())
                files.move(temporary, _path(name))
            except BaseException:
                with contextlib.suppress(OSError):  # it is not there, or only lost space
                    files.delete_file(temporary)
                raise

    def remove(self, name: str) -> None:
        """Take a document away."""
        with self._said(f"delete the segment {name!r} in"):
            self.workspace.filesystem().delete_file(_path(name))

    def writing(self) -> AbstractContextManager[None]:
        """Let one process of this machine write at a time."""
        return self.workspace.writing()

    @contextmanager
    def _said(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"Cannot {doing} {self.workspace.location}: {error}") from error


def _path(name: str) -> str:
    return f"{_FOLDER}/{name}.json"


class SavedSegments:
    """Segments by name, each with its history.

    Parameters
    ----------
    shelf : Shelf, optional
        Where the documents lie; in memory by default.

    Examples
    --------
    >>> segments = SavedSegments()
    >>> segments.save("loyal", {"rule": "count(purchase) >= 2"}, now=datetime(2026, 1, 5))
    1
    >>> segments.save("loyal", {"users": ["bob", "ann"]}, now=datetime(2026, 2, 1))
    2
    >>> segments.read("loyal")["users"], segments.read("loyal", version=1)["rule"]
    (['ann', 'bob'], 'count(purchase) >= 2')
    >>> [said["saved"] for said in segments.history("loyal")]
    ['2026-01-05T00:00:00+00:00', '2026-02-01T00:00:00+00:00']
    """

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf or MemoryShelf()

    def names(self) -> list[str]:
        """Name the saved segments, sorted."""
        return sorted(self._shelf.names())

    def save(self, name: str, definition: Mapping[str, Any], *, now: datetime | None = None) -> int:
        """Save what a name stands for from now on; see :meth:`LogView.save_segment`."""
        name, said = _checked_name(name), _checked(definition)
        moment = now or datetime.now(UTC)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        with self._shelf.writing():
            self._refuse_twins(name)
            versions = self._versions(name) or []
            if versions and _meaning(versions[-1]) == said:
                return len(versions)
            saved = moment.isoformat(timespec="seconds")
            versions.append({"version": len(versions) + 1, "saved": saved, **said})
            document = {"format": _FORMAT, "name": name, "versions": versions}
            self._shelf.write(name, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return len(versions)

    def read(self, name: str, *, version: int | None = None) -> dict[str, Any]:
        """Give what a name stands for; see :meth:`LogView.saved_segment`."""
        versions = self._known(name)
        if version is None:
            return versions[-1]
        whole = isinstance(version, int) and not isinstance(version, bool)
        if not whole or not 1 <= version <= len(versions):
            allowed = f"an int in [1, {len(versions)}] for {name!r}"
            raise OptionError.of("version", "saved_segment", allowed, version)
        return versions[version - 1]

    def history(self, name: str) -> list[dict[str, Any]]:
        """Give all a name stood for, oldest first."""
        return self._known(name)

    def delete(self, name: str) -> None:
        """Delete a segment with its history."""
        with self._shelf.writing():
            self._known(name)
            self._shelf.remove(unicodedata.normalize("NFC", name))

    def _known(self, name: str) -> list[dict[str, Any]]:
        proper = isinstance(name, str) and _NAME.fullmatch(name)
        versions = self._versions(unicodedata.normalize("NFC", name)) if proper else None
        if versions is None:
            raise OptionError(_unknown(name, self.names()))
        return versions

    def _versions(self, name: str) -> list[dict[str, Any]] | None:
        text = self._shelf.read(name)
        if text is None:
            return None
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise StoreError(
                    f"The segment {name!r} has format {document['format']}; this footfall reads"
                    f" format {_FORMAT}. Upgrade footfall."
                )
            if document["name"] != name:
                return None  # a disk that does not tell cases apart gave another one's
            versions = [
                {"version": int(v["version"]), "saved": str(v["saved"]), **_checked(_meaning(v))}
                for v in document["versions"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"The document {_path(name)} is damaged: {error}") from error
        if [v["version"] for v in versions] != [*range(1, len(versions) + 1)] or not versions:
            raise StoreError(f"The document {_path(name)} is damaged: versions are missing.")
        return versions

    def _refuse_twins(self, name: str) -> None:
        """Refuse names that some disks cannot tell apart."""
        for other in self.names():
            if other != name and other.casefold() == name.casefold():
                allowed = f"a name that differs from {other!r} in more than its case"
                raise OptionError.of("name", "save_segment", allowed, name)


def _meaning(version: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in version.items() if key not in {"version", "saved"}}


def _checked_name(name: str) -> str:
    allowed = (
        f"1 to {_LONGEST} letters (Chinese ones, too), digits, '-' or '_', such as 'big-spenders'"
    )
    if not isinstance(name, str):
        raise OptionError.of("name", "save_segment", allowed, name)
    proper = unicodedata.normalize("NFC", name)  # one file for one name, however it was typed
    if not _NAME.fullmatch(proper) or len(proper) > _LONGEST:
        raise OptionError.of("name", "save_segment", allowed, name)
    return proper


def _checked(definition: Mapping[str, Any]) -> dict[str, Any]:
    allowed = "{'rule': text} or {'users': [ids]}"
    keys = set(definition) if isinstance(definition, Mapping) else None
    if keys == {"rule"}:
        rule = definition["rule"]
        if isinstance(rule, str) and rule.strip():
            return {"rule": rule}
    elif keys == {"users"}:
        users = definition["users"]
        if isinstance(users, Iterable) and not isinstance(users, str | bytes | Mapping):
            return {"users": sorted({str(user) for user in users})}
    raise OptionError.of("definition", "save_segment", allowed, definition)


def _unknown(name: object, names: list[str]) -> str:
    near = difflib.get_close_matches(str(name), names, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    saved = ", ".join(names) if names else "none is; save one with log.save_segment(name, ...)"
    return f"The segment must be a saved one: {saved}. Got {name!r} instead.{hint}"
