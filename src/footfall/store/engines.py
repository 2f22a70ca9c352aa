"""Engines by name: ``local`` for threads of this machine, ``spark`` for a cluster."""

from footfall.errors import OptionError
from footfall.store.engine import Engine, LocalEngine
from footfall.store.progress import Progress, silent

__all__ = ["engine_named"]

_ALLOWED = "'local', 'spark' or 'spark=' and a master's address, such as spark=spark://host:7077"


def engine_named(name: str, *, progress: Progress = silent) -> Engine:
    """Give the engine of a name, as ``--engine`` takes it.

    Parameters
    ----------
    name : str
        ``local``: threads of this machine. ``spark``: Spark inside this process, on all its
        cores. ``spark=MASTER``: a cluster by its address, or ``spark=local[2]``.
    progress : callable, default=silent
        Told (label, done, total); see :mod:`footfall.store.progress`.

    Raises
    ------
    OptionError
        If there is no such engine.
    MissingExtraError
        If Spark is asked for and its packages are not installed.

    Examples
    --------
    >>> engine_named("local").threads > 0
    True
    """
    kind, separator, master = name.partition("=")
    if name == "local":
        return LocalEngine(progress=progress)
    if kind != "spark" or (separator and not master):
        raise OptionError.of("engine", "a log", _ALLOWED, name)
    from footfall.store.spark.engine import SparkEngine

    return SparkEngine(master or None, progress=progress)
