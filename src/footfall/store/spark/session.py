"""Starts a Spark session fit for our tasks, shares it in this process, and stops it."""

import atexit
import os
import re
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from footfall.errors import MissingExtraError, OptionError, StoreError
from footfall.store.spark.java import find_java, packaged_java

__all__ = ["Lease", "check_installed", "is_alive", "lease", "quiet"]

# Without an appender Spark would take this for no configuration at all.
_WORDLESS_LOG = """rootLogger.level = off
logger.shell.name = org.apache.spark.api.python.PythonGatewayServer
logger.shell.level = off
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
"""
_ATTEMPTS = 4
# Our tasks compute in Python: a Java that compiles less starts in half the time.
_LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@dataclass
class Lease:
    """The right to use a session; the last one that is ended stops the session.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
    """

    session: Any
    _shared: "_Shared | None" = None

    def abandon(self) -> None:
        """Forget a session whose Java died, whoever uses it: the next question starts another."""
        shared, self._shared = self._shared, None
        if shared is not None:
            with _lock:
                _stop(shared)

    def end(self) -> None:
        """Give the session back. Sessions that were handed in are left running."""
        shared, self._shared = self._shared, None
        if shared is not None:
            with _lock:
                shared.users -= 1
                if shared.users == 0 and shared in _running:
                    _stop(shared)


@dataclass
class _Shared:
    master: str
    settings: dict[str, str]
    session: Any
    scratch: Path
    users: int = 0


_lock = threading.RLock()
_running: list[_Shared] = []  # none or one: a process holds one Spark at a time


def check_installed() -> None:
    """Say what to install when PySpark is missing.

    Raises
    ------
    MissingExtraError
    """
    try:
        with quiet():
            import pandas as pd  # noqa: F401  # mapInArrow asks for it, and passes only Arrow
            import pyspark  # noqa: F401
    except ImportError as error:
        name = (error.name or "pyspark").split(".")[0]
        raise MissingExtraError.of(name, "spark", "Questions on Spark") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what PySpark says about pandas 3: only Arrow passes between it and us."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        yield


def lease(master: str, settings: Mapping[str, str], session: Any = None) -> Lease:
    """Give the session of a master, starting it when this process has none.

    Parameters
    ----------
    master : str
        ``local[2]``, ``spark://host:7077``, ``yarn``, ...
    settings : mapping of str to str
        Settings of Spark that stand before ours.
    session : pyspark.sql.SparkSession, optional
        One that runs already.

    Raises
    ------
    OptionError
        If this process holds a Spark with another master or other settings.
    StoreError
        If there is no Java, or Spark does not start.
    """
    if session is not None:
        return Lease(session)
    with _lock:
        shared = next(iter(_running), None)
        if shared is not None and not is_alive(shared.session):
            _stop(shared)
            shared = None
        if shared is None:
            shared = _start(master, dict(settings))
            _running.append(shared)
        elif (shared.master, shared.settings) != (master, dict(settings)):
            raise _occupied(shared.master)
        shared.users += 1
        return Lease(shared.session, shared)


def is_alive(session: Any) -> bool:
    """Say whether a session can still be asked: a cluster may have ended it, or Java died."""
    from py4j.protocol import Py4JError

    try:
        java = session.sparkContext._jsc  # noqa: SLF001  # PySpark has no other way to tell
        return java is not None and not java.sc().isStopped()
    except (Py4JError, OSError, AttributeError):
        return False


def _occupied(master: str) -> OptionError:
    return OptionError(
        f"This process runs Spark on {master} already, and can hold one only."
        " Close that engine first, or hand its session over: SparkEngine(session=spark)."
    )


def _start(master: str, settings: dict[str, str]) -> _Shared:
    check_installed()
    with quiet():
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    running = SparkSession.getActiveSession()
    if running is not None:
        raise _occupied(running.sparkContext.master)
    scratch = Path(tempfile.mkdtemp(prefix="footfall-spark-"))
    # In one process, too, a task whose worker dies gets another try.
    patient = re.sub(r"^local\[([\d*]+)\]$", rf"local[\1,{_ATTEMPTS}]", master)
    builder = SparkSession.builder.master(patient).appName("footfall")
    for name, value in {**_settings(master, scratch), **settings}.items():
        builder = builder.config(name, value)
    try:
        with _environment(master), quiet():
            session = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        shutil.rmtree(scratch, ignore_errors=True)
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise StoreError(f"Spark does not start on {master}: {reason}") from error
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return _Shared(master, settings, session, scratch)


def _settings(master: str, scratch: Path) -> dict[str, str]:
    """Give what our tasks need, and what keeps Spark quiet and out of the current folder."""
    words = scratch / "log4j2.properties"
    words.write_text(_WORDLESS_LOG)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={words.as_uri()} {_LIGHT}",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "local"),
        "spark.driver.maxResultSize": "0",  # all partial answers are needed
        "spark.driver.memory": f"{_gigabytes()}g",
    }
    if _is_here(master):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    return settings


def _gigabytes() -> int:
    """Give how much Java may take: a quarter of the machine, 1 GB at least and 4 at most."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(4, memory >> 32))


def _is_here(master: str) -> bool:
    """Say whether nobody but this machine needs to reach the driver."""
    host = urlsplit(master).hostname if "://" in master else None
    return master.startswith("local") or host in ("localhost", "127.0.0.1")


@contextmanager
def _environment(master: str) -> Iterator[None]:
    """Name Java and Python to Spark while it starts; what the user named stands."""
    from pyspark import SparkContext

    named = {"PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable)}
    if SparkContext._gateway is None:  # noqa: SLF001  # a Java that runs already is used again
        named["JAVA_HOME"] = find_java(packaged=packaged_java())
    if _is_here(master):
        named["SPARK_LOCAL_IP"] = "127.0.0.1"
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _stop(shared: _Shared) -> None:
    from py4j.protocol import Py4JError

    if shared not in _running:
        return
    _running.remove(shared)
    try:
        shared.session.stop()
    except (Py4JError, OSError):
        _forget_java()  # it died: there is nothing to stop
    shutil.rmtree(shared.scratch, ignore_errors=True)


def _forget_java() -> None:
    """Let the next session start a Java of its own, for the one it would use is gone."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001  # PySpark never forgets it
    SparkContext._active_spark_context = None  # noqa: SLF001
    SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001


@atexit.register
def _stop_all() -> None:
    """Stop what nobody closed, so that no folder is left."""
    for shared in [*_running]:
        _stop(shared)
