"""What a worker runs: one task a piece of work, its result or its error sent back as bytes.

Work and tasks are shipped by cloudpickle, as Spark ships functions itself. An error of ours is a
result: it comes back as the same error with the same message. An error of the machine (a disk, a
folder that one worker lacks) is left to Spark, which tries the task again elsewhere.
"""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from footfall.errors import StoreError

__all__ = ["RESULT_SCHEMA", "Shipped", "Tasks", "results_of", "ship"]

RESULT_SCHEMA = "number int, piece int, payload binary"
_COLUMNS = pa.schema([("number", pa.int32()), ("piece", pa.int32()), ("payload", pa.binary())])
_PIECE_BYTES = 64 << 20  # Spark holds a cell as one Java array: far below its 2 GB


@dataclass(frozen=True)
class Shipped:
    """All a job sends to its workers, once a machine.

    Parameters
    ----------
    key : str
        Different for every job.
    version : str
        Version of footfall on the driver.
    payload : bytes
        The function and the list of what it is called with, pickled together: what several tasks
        hold in common travels once.
    """

    key: str
    version: str
    payload: bytes


def ship(value: object) -> bytes:
    """Pickle a function or its argument for the workers.

    Raises
    ------
    StoreError
        If it cannot be sent.
    """
    from pyspark import cloudpickle

    try:
        return bytes(cloudpickle.dumps(value, protocol=5))
    except Exception as error:  # whatever an object's own pickling raises
        raise StoreError(
            f"A question cannot be sent to Spark: {error}."
            " It must be a function of plain data, without logs, locks or open files."
        ) from error


def _unship(payload: bytes) -> Any:
    from pyspark import cloudpickle

    return cloudpickle.loads(payload)


# The job this worker is on, unpickled once: its function and its tasks.
_job: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {}


@dataclass(frozen=True)
class Tasks:
    """The function that ``mapInArrow`` calls with the numbers of tasks.

    Parameters
    ----------
    shipped : pyspark.Broadcast of Shipped
    attempts : int
        How often Spark tries a task.
    piece_bytes : int
        A result is sent in pieces of so many bytes.
    """

    shipped: Any
    attempts: int
    piece_bytes: int = _PIECE_BYTES

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Run the tasks and give each result in pieces."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                payload = memoryview(self._result(number))
                for piece, start in enumerate(range(0, len(payload), self.piece_bytes)):
                    cell = payload[start : start + self.piece_bytes]
                    yield pa.record_batch([[number], [piece], [bytes(cell)]], schema=_COLUMNS)

    def _result(self, number: int) -> bytes:
        try:
            shipped = self.shipped.value
            if shipped.key not in _job:
                _check_version(shipped.version)
                _job.clear()
                _job[shipped.key] = _unship(shipped.payload)
            work, tasks = _job[shipped.key]
            return ship((work(tasks[number]), None))
        except (StoreError, OSError, MemoryError) as error:
            if not self._is_last_attempt():
                raise
            return _failure(error)
        except Exception as error:  # it would fail again elsewhere: the driver raises it
            return _failure(error)

    def _is_last_attempt(self) -> bool:
        from pyspark import TaskContext

        context = TaskContext.get()
        return context is None or context.attemptNumber() + 1 >= self.attempts


def _check_version(driver: str) -> None:
    from importlib.metadata import version

    here = version("footfall")
    if here != driver:
        raise StoreError(
            f"A worker has footfall {here}, this process {driver}."
            " Install the same version on every machine of the cluster."
        )


def _failure(error: Exception) -> bytes:
    trace = "".join(traceback.format_exception(error))
    try:
        sent = ship((None, (error, trace)))
        _unship(sent)
    except Exception:  # an error that does not travel: its words do
        return ship((None, (StoreError(f"{type(error).__name__}: {error}"), trace)))
    return sent


def results_of(table: pa.Table, total: int) -> list[Any]:
    """Put the pieces together and give the results in the order of the tasks.

    Raises
    ------
    Exception
        The error of the first task that failed, as it was raised in the worker.
    StoreError
        If a result is missing.
    """
    pieces: dict[int, dict[int, bytes]] = {}
    for batch in table.to_batches():
        for number, piece, payload in zip(*(c.to_pylist() for c in batch.columns), strict=True):
            pieces.setdefault(number, {})[piece] = payload
    results = []
    for number in range(total):
        if number not in pieces:
            raise StoreError(f"Spark gave no result for part {number} of {total}. Ask again.")
        mine = pieces.pop(number)
        result, failed = _unship(b"".join(mine[piece] for piece in sorted(mine)))
        if failed is not None:
            error, trace = failed
            error.add_note(f"On a worker of Spark:\n{trace}")
            raise error
        results.append(result)
    return results
