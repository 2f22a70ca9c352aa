"""Starting two processes that train together, for real."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
COMMAND += ["--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1"]  # any free port
SETTINGS = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def said_by_two(*arguments):
    """Run a script, or ``-m -- module``, with its arguments; give what the processes printed."""
    done = subprocess.run(
        [sys.executable, *COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | SETTINGS | {"PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
