"""Runs questions as Spark tasks: a bucket a task, with the kernels and merges of LocalEngine."""

import os
import re
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa

from footfall.errors import FootfallError, StoreError
from footfall.store.chunk import UserChunk
from footfall.store.engine import ChunkSource
from footfall.store.progress import Progress, silent
from footfall.store.spark.session import Lease, check_installed, is_alive, lease, quiet
from footfall.store.spark.tasks import RESULT_SCHEMA, Shipped, Tasks, results_of, ship

__all__ = ["SparkEngine"]

P = TypeVar("P")
A = TypeVar("A")
T = TypeVar("T")
_LOOK_SECONDS = 0.1
_PER_CORE = 4  # tasks of a question: a task has a cost, few of them leave cores idle at the end
_ABORTED = re.compile(r"(?:Job aborted due to|Caused by:) (.*)")
_PYTHON_ERROR = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Interrupt)\w*: .*)$", re.MULTILINE)


class SparkEngine:
    """Runs a task a chunk on Spark; the answers are those of LocalEngine, bit for bit.

    The session is started by the first question and stopped by :meth:`close`, by the end of a
    ``with`` block, or with the process.

    Parameters
    ----------
    master : str, optional
        ``local[2]`` for two threads in this process, or a cluster's address such as
        ``spark://host:7077``; all cores of this machine by default.
    session : pyspark.sql.SparkSession, optional
        A session that runs already (a notebook's ``spark``); it is left running.
    settings : mapping of str to str, optional
        Settings of Spark, such as ``{"spark.executor.memory": "8g"}``.
    progress : callable, default=silent
        Told (label, done, total) while a job runs; see :mod:`footfall.store.progress`.

    Raises
    ------
    MissingExtraError
        If the packages of the extra ``spark`` are not installed.
    """

    def __init__(
        self,
        master: str | None = None,
        *,
        session: Any = None,
        settings: Mapping[str, str] | None = None,
        progress: Progress = silent,
    ) -> None:
        check_installed()
        self.master = master or f"local[{os.cpu_count() or 2}]"
        self.settings = dict(settings or {})
        self.progress = progress
        self._given = session
        self._lease: Lease | None = None
        self._end: weakref.finalize[Any, Any] | None = None

    @property
    def session(self) -> Any:
        """The session, started now if it was not."""
        if self._lease is not None and not is_alive(self._lease.session):
            self._abandon()
        if self._lease is None:
            self._lease = lease(self.master, self.settings, self._given)
            # An engine that nobody closes and nobody can reach any more holds no session.
            self._end = weakref.finalize(self, self._lease.end)
        return self._lease.session

    def close(self) -> None:
        """Stop the session unless others use it; the next question starts it again."""
        held, self._lease = self._lease, None
        if held is not None:
            held.end()

    def _abandon(self) -> None:
        held, self._lease = self._lease, None
        if held is not None:
            held.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def map(
        self,
        source: ChunkSource,
        measure: Callable[[UserChunk], P],
        merge: Callable[[list[P]], A],
        *,
        label: str = "",
    ) -> A:
        """Measure every chunk in a task of its own and merge the partials in chunk order.

        Ctrl-C cancels the job. A task whose worker dies runs again elsewhere.

        Parameters
        ----------
        source : ChunkSource
        measure : callable
            ``measure(chunk) -> partial``, a function of plain data that can be pickled.
        merge : callable
            ``merge(partials) -> answer``; runs in this process.
        label : str, default=""
            What the progress bar says.

        Raises
        ------
        StoreError
            If the job fails, or the question cannot be sent.
        """
        parts = [source.part(number) for number in range(len(source))]
        return merge(self._run(parts, partial(_measure, measure), label, self.progress, _PER_CORE))

    def run(
        self,
        tasks: Sequence[Any],
        work: Callable[[Any], T],
        *,
        label: str = "",
        progress: Progress | None = None,
    ) -> list[T]:
        """Call a function with each of some values, a Spark task each.

        Parameters
        ----------
        tasks : sequence of object
            Plain data.
        work : callable
            ``work(task) -> result``. It may run twice for a task when a worker dies.
        label : str, default=""
            What the progress bar says.
        progress : callable, optional
            Told instead of the engine's own.

        Returns
        -------
        list
            A result a task, in their order.
        """
        return self._run(tasks, work, label, progress or self.progress, len(tasks))

    def _run(
        self,
        tasks: Sequence[Any],
        work: Callable[[Any], T],
        label: str,
        told: Progress,
        per_core: int,
    ) -> list[T]:
        """Run a job of at most so many Spark tasks a core."""
        if not tasks:
            return []
        context = self.session.sparkContext
        shipped = Shipped(uuid.uuid4().hex, version("footfall"), ship((work, list(tasks))))
        sent = context.broadcast(shipped)
        try:
            slices = min(len(tasks), per_core * context.defaultParallelism)
            numbers = self.session.range(0, len(tasks), 1, slices)
            with quiet():
                job = numbers.mapInArrow(Tasks(sent, _attempts(context)), RESULT_SCHEMA)
            table = _Job(context, job, label or "footfall", len(tasks), slices, told).table()
        except ConnectionError as error:
            self._abandon()
            raise StoreError(
                "The Java of Spark died, mostly of too little memory. Give it more, as in"
                " SparkEngine(settings={'spark.driver.memory': '8g'})."
            ) from error
        sent.destroy()
        return results_of(table, len(tasks))


def _measure(measure: Callable[[UserChunk], P], part: ChunkSource) -> P:
    return measure(part.open(0))


def _attempts(context: Any) -> int:
    """Give how often Spark tries a task."""
    if context.master.startswith("local"):
        said = re.fullmatch(r"local\[[^,]*,\s*(\d+)\]", context.master)
        return int(said[1]) if said else 1
    return int(context.getConf().get("spark.task.maxFailures", "4"))


@dataclass(frozen=True)
class _Job:
    """One job: runs in a thread of its own, so that this one can watch it and stop it."""

    context: Any
    frame: Any
    label: str
    total: int
    slices: int
    progress: Progress

    def table(self) -> pa.Table:
        group = uuid.uuid4().hex
        with ThreadPoolExecutor(1, thread_name_prefix="footfall-spark") as pool:
            running = pool.submit(self._collect, group)
            try:
                while not wait([running], timeout=_LOOK_SECONDS).done:
                    if self.progress is not silent:
                        self.progress(self.label, self._done(group), self.total)
                table = running.result()
            except BaseException as error:
                if not isinstance(error, ConnectionError):
                    self._cancel(group, running)
                raise _as_ours(error, self.label) from error
        self.progress(self.label, self.total, self.total)
        return table

    def _collect(self, group: str) -> pa.Table:
        self.context.setJobGroup(group, self.label, interruptOnCancel=True)
        return self.frame.toArrow()

    def _done(self, group: str) -> int:
        tracker = self.context.statusTracker()
        done = 0
        for number in tracker.getJobIdsForGroup(group):
            job = tracker.getJobInfo(number)
            stages = [tracker.getStageInfo(stage) for stage in (job.stageIds if job else [])]
            done += sum(stage.numCompletedTasks for stage in stages if stage)
        return min(done, self.slices) * self.total // self.slices

    def _cancel(self, group: str, running: Future[pa.Table]) -> None:
        """Cancel until the thread is free: the job may not have begun when it was cancelled."""
        while not running.done():
            self.context.cancelJobGroup(group)
            wait([running], timeout=_LOOK_SECONDS)


def _as_ours(error: BaseException, label: str) -> BaseException:
    """Say in one line why a job failed; what is no failure of a job stays as it is."""
    if isinstance(error, FootfallError) or not isinstance(error, Exception):
        return error
    from py4j.protocol import Py4JError, Py4JNetworkError
    from pyspark.errors import PySparkException

    if isinstance(error, Py4JNetworkError):
        return ConnectionError(str(error))
    if not isinstance(error, PySparkException | Py4JError):
        return error
    text = str(error)
    if "No module named 'footfall'" in text:
        return StoreError(
            "The workers' Python has no footfall. Install it on every machine of the cluster, and"
            " name that Python with PYSPARK_PYTHON."
        )
    found = _PYTHON_ERROR.findall(text) or _ABORTED.findall(text) or text.splitlines()
    return StoreError(f"The Spark job {label!r} failed: {found[-1][:400]}")
