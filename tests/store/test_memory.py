"""A log larger than the memory a process may use is answered all the same."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.store.chunk import CHUNK_COLUMNS
from footfall.store.log import open_log

ROWS = 1_600_000
ALLOWED_MB = 48

# The cap is on what a process may write to (RLIMIT_DATA): its own memory, not the files it maps.
CHILD = """
import json, resource, sys
import numpy as np
from footfall.store.chunk import CHUNK_COLUMNS
from footfall.store.engine import LocalEngine
from footfall.store.log import open_log

def data_bytes():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData"))

def total(chunk):
    return {name: float(np.nansum(chunk[name], dtype=np.float64)) for name in CHUNK_COLUMNS}

def merge(parts):
    return {name: sum(part[name] for part in parts) for name in CHUNK_COLUMNS}

def all_rows(chunk):
    return {name: chunk[name].copy() for name in CHUNK_COLUMNS}

small, large, allowed = sys.argv[1], sys.argv[2], int(sys.argv[3])
open_log(small, engine=LocalEngine(threads=1)).map(total, merge, columns=[*CHUNK_COLUMNS])
resource.setrlimit(resource.RLIMIT_DATA, (data_bytes() + allowed, -1))
log = open_log(large, engine=LocalEngine(threads=1))
before = data_bytes()
answer = log.map(total, merge, columns=[*CHUNK_COLUMNS])
used = data_bytes() - before
try:
    log.map(all_rows, list, columns=[*CHUNK_COLUMNS])
    whole = "fits"
except MemoryError:
    whole = "does not fit"
print(json.dumps({"answer": answer, "whole": whole, "used": used}))
"""


def many(rows, seed):
    rng = np.random.default_rng(seed)
    columns = {
        "user_id": pa.array(np.char.add("u", rng.integers(0, rows // 20, rows).astype(str))),
        "timestamp": pa.array(rng.integers(0, 10**15, rows)).cast(TIMESTAMP_TYPE),
        "event_type": pa.array(np.array(["view", "purchase"])[rng.integers(0, 2, rows)]),
    }
    for name in ("quantity", "price", "amount", "slot"):
        columns[name] = pa.array(rng.integers(0, 1000, rows), EVENT_SCHEMA.field(name).type)
    for name in ("rating", "propensity", "reward"):
        columns[name] = pa.array(rng.random(rows), EVENT_SCHEMA.field(name).type)
    return pa.table(columns)


@pytest.mark.slow
def test_a_log_larger_than_memory_is_answered(tmp_path):
    open_log(tmp_path / "small", create=True, buckets=1).append(many(1000, 0))
    log = open_log(tmp_path / "large", create=True, buckets=32)
    log.append(lambda: (many(ROWS // 8, seed) for seed in range(8)))
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "small"), str(tmp_path / "large"),
         str(ALLOWED_MB << 20)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    cached = sum(path.stat().st_size for path in log.workspace.cache.glob("chunks/*/*/*.npy"))
    print(f"cache {cached >> 20} MB, cap {ALLOWED_MB} MB, used {said['used'] >> 20} MB")  # noqa: T201  # shown with -s
    assert cached > 2 * (ALLOWED_MB << 20), "the log is more than twice what may be used"
    assert said["whole"] == "does not fit", "the cap holds"
    expected = log.map(
        lambda chunk: [float(np.nansum(chunk[name], dtype=np.float64)) for name in CHUNK_COLUMNS],
        lambda parts: np.sum(parts, axis=0),
        columns=[*CHUNK_COLUMNS],
    )
    assert np.allclose([said["answer"][name] for name in CHUNK_COLUMNS], expected, rtol=1e-12)
