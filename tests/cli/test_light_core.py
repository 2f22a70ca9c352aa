"""Importing footfall and asking for help stay fast: heavy rooms load when they are used."""

import resource
import subprocess
import sys

HEAVY = ("torch", "pyspark", "fastapi", "numba", "pyarrow", "lightgbm", "sklearn", "plotly")


def _modules_after(code: str) -> set[str]:
    script = f"import sys; {code}; print(' '.join(sys.modules))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_footfall_loads_no_heavy_library() -> None:
    assert not _modules_after("import footfall") & {*HEAVY, "numpy"}


def test_the_command_line_loads_no_heavy_library_before_a_command_runs() -> None:
    assert not _modules_after("import footfall.cli") & {*HEAVY, "numpy"}


def test_no_room_loads_a_network_library_a_cluster_or_a_web_framework() -> None:
    code = "from footfall.demo import compile as room; [*map(room.compile_kernels, room.HALVES)]"
    assert not _modules_after(code) & {"torch", "pyspark", "fastapi", "starlette", "flask"}


def _fastest(command: list[str], *, tries: int) -> float:
    """Give the least CPU seconds of some runs: what the work costs when nobody else disturbs."""
    costs = []
    for _ in range(tries):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(costs)


def test_importing_costs_under_three_tenths_of_a_second() -> None:
    assert _fastest([sys.executable, "-c", "import footfall"], tries=3) < 0.3


def test_help_costs_under_half_a_second() -> None:
    assert _fastest([sys.executable, "-m", "footfall.cli", "--help"], tries=3) < 0.5
