"""A workspace: one folder (or object-store URL) with the log, its tables and its settings.

::

    shop/
      footfall.toml     format version, number of buckets, when it was made
      events/           the log: a Delta table, a partition a bucket
      ids/              user, item and event-type strings with their codes
      items/ users/     the shop's own tables
      segments/         saved segments, a JSON document each
      rejects/          rows that could not be kept, with the reason
      .cache/           memory-mapped chunks and the index of event ids: can be deleted at any time
"""

import fcntl
import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.fs as pafs
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler

from footfall.errors import OptionError, StoreError

__all__ = ["SETTINGS_FILE", "Settings", "Workspace"]

SETTINGS_FILE = "footfall.toml"
FORMAT_VERSION = 1
DEFAULT_BUCKETS = 16


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a workspace was made with; none of it ever changes.

    Parameters
    ----------
    buckets : int, default=16
        Parts the users are spread over. One part is sorted in memory at a time: about 30 M events
        a bucket are comfortable on 8 GB.
    created : str
        ISO time of making.
    """

    buckets: int = DEFAULT_BUCKETS
    created: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.buckets <= 4096:
            raise OptionError.of("buckets", "a workspace", "an int in [1, 4096]", self.buckets)

    def to_toml(self) -> str:
        """Write the settings as the text of footfall.toml."""
        return (
            "# A footfall workspace. These settings were fixed when it was made.\n"
            f"format = {FORMAT_VERSION}\nbuckets = {self.buckets}\n"
            f'created = "{self.created}"\n'
        )

    @classmethod
    def from_toml(cls, text: str, *, where: str) -> "Settings":
        """Read footfall.toml.

        Raises
        ------
        StoreError
            If it is not the settings of a workspace this version can read.
        """
        try:
            values = tomllib.loads(text)
            version = int(values["format"])
            if version == FORMAT_VERSION:
                return cls(buckets=int(values["buckets"]), created=str(values.get("created", "")))
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{where} is not the settings of a footfall log: {error}") from error
        raise StoreError(
            f"{where} has format {version}; this footfall reads format {FORMAT_VERSION}."
            " Upgrade footfall."
        )


@dataclass(frozen=True)
class Workspace:
    """Where a log lives: local folders by path, anything else by URL through delta-rs.

    Parameters
    ----------
    location : str
        A folder, or a URL such as ``s3://bucket/shop``.
    storage_options : mapping of str to str
        Passed to delta-rs as they are (keys, regions, endpoints).
    """

    location: str
    storage_options: Mapping[str, str] = field(default_factory=dict)

    @property
    def local(self) -> Path | None:
        """The folder, or None when the workspace is a URL."""
        return None if "://" in self.location else Path(self.location).absolute()

    def absolute(self) -> "Workspace":
        """Give the same workspace as processes with another working folder name it."""
        return replace(self, location=str(self.local or self.location))

    def uri(self, table: str) -> str:
        """Give the address of one table for delta-rs."""
        return str(self.local / table) if self.local else f"{self.location.rstrip('/')}/{table}"

    def filesystem(self) -> pafs.FileSystem:
        """Give an Arrow file system whose root is the workspace.

        Raises
        ------
        StoreError
            If a URL cannot be reached.
        """
        if self.local:
            return pafs.SubTreeFileSystem(str(self.local), pafs.LocalFileSystem())
        try:
            handler = DeltaStorageHandler(self.location, dict(self.storage_options))
        except (DeltaError, OSError, ValueError) as error:
            raise StoreError(f"Cannot reach {self.location}: {error}") from error
        return pafs.PyFileSystem(handler)

    @property
    def cache(self) -> Path:
        """The folder for what can be rebuilt: in the workspace, or in the user's cache.

        The user's cache serves URLs and folders that this user may only read.
        """
        if self.local and os.access(self.local, os.W_OK):
            return self.local / ".cache"
        base = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
        where = str(self.local or self.location)
        name = hashlib.sha256(where.encode()).hexdigest()[:16]
        return base / "footfall" / name

    def settings(self) -> Settings | None:
        """Read the settings; None where no workspace was made yet.

        Raises
        ------
        StoreError
            If they cannot be read, or are not settings.
        """
        files = self.filesystem()
        where = self.uri(SETTINGS_FILE)
        try:
            if files.get_file_info(SETTINGS_FILE).type != pafs.FileType.File:
                return None
            with files.open_input_file(SETTINGS_FILE) as file:
                text = file.read().decode()
        except OSError as error:
            raise StoreError(f"Cannot read {where}: {error}") from error
        except UnicodeDecodeError as error:
            raise StoreError(f"{where} is not the settings of a footfall log: {error}") from error
        return Settings.from_toml(text, where=where)

    def make(self, settings: Settings) -> Settings:
        """Make the workspace, or give the settings of the one that is there.

        Raises
        ------
        StoreError
            If the folder cannot be written, or holds something else than a log.
        """
        if self.local:
            self._make_folder(self.local)
        found = self.settings()
        if found:
            return found
        with self.writing():  # of two that make it at once, the second takes the first one's
            return self.settings() or self._write_settings(settings)

    def _write_settings(self, settings: Settings) -> Settings:
        stamped = Settings(buckets=settings.buckets, created=datetime.now(UTC).isoformat())
        temporary = f"{SETTINGS_FILE}.{os.getpid()}"
        files = self.filesystem()
        try:
            # The buffer: without one, delta-rs's files refuse what Arrow hands them.
            with files.open_output_stream(temporary, buffer_size=4096) as file:
                file.write(stamped.to_toml().encode())
            files.move(temporary, SETTINGS_FILE)
        except OSError as error:
            raise StoreError(f"Cannot write {self.uri(SETTINGS_FILE)}: {error}") from error
        return stamped

    @staticmethod
    def _make_folder(folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            names = sorted(path.name for path in folder.iterdir())
        except OSError as error:
            raise StoreError(f"Cannot make the folder {folder}: {error.strerror}.") from error
        strangers = [name for name in names if not name.startswith((".", "footfall"))]
        if strangers and not (folder / SETTINGS_FILE).exists():
            raise StoreError(
                f"{folder} is not a footfall log and not empty (it holds {strangers[0]!r})."
                " Name a new or empty folder."
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let one process of this machine write at a time; a killed one lets go by itself.

        Other machines that write to the same URL are not held back: there the commit itself finds
        the conflict.
        """
        folder = self.local or self.cache
        try:
            if not self.local:
                folder.mkdir(parents=True, exist_ok=True)
            file = (folder / ".lock").open("a")
        except OSError as error:
            raise StoreError(f"Cannot write in {folder}: {error.strerror}.") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
