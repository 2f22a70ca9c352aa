"""What commands print: an answer as text, or one JSON object and nothing else."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.errors import StoreError

__all__ = ["Json", "LogFolder", "note", "progress", "say", "write_page"]

LogFolder = Annotated[str, typer.Option("--log", help="Folder (or URL) of the log.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def say(text: object, record: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an answer: its text for people, or its record for programs."""
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False, default=_plain) + "\n")
    else:
        sys.stdout.write(f"{text}\n")


def _plain(value: object) -> object:
    """Give numbers of NumPy and times as what JSON has."""
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not part of a JSON answer")


def note(text: str) -> None:
    """Tell people something beside the answer, on standard error."""
    sys.stderr.write(f"{text}\n")


@contextmanager
def progress(*, as_json: bool) -> Iterator[Any]:
    """Draw bars for people at a terminal; stay silent for programs."""
    from footfall.store.progress import bars, silent

    if as_json or not sys.stderr.isatty():
        yield silent
    else:
        with bars() as shown:
            yield shown


def write_page(path: str, html: str) -> None:
    """Write a page.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    try:
        Path(path).write_text(html, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write {path}: {error.strerror}.") from error
