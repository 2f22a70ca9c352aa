"""Runs commands in this process: starting a process costs seconds, and test_commands.py does it."""

import contextlib
import contextvars
import io
import json
import sys
from dataclasses import dataclass
from typing import Any

from footfall.cli.app import main


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def footfall(*words: object) -> Done:
    """Run ``footfall`` with some arguments."""
    out, err, arguments = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["footfall", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = contextvars.copy_context().run(_exit_code)
    finally:
        sys.argv = arguments
    return Done(code, out.getvalue(), err.getvalue())


def answer_of(*words: object) -> dict[str, Any]:
    """Run a command with ``--json`` and read its answer: one JSON object and nothing else."""
    done = footfall(*words, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _exit_code() -> int:
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
