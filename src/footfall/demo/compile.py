"""Compiles every kernel once: ``python -m footfall.demo.compile``, run when footfall is set up."""

import importlib
import pkgutil
import subprocess
import sys

import footfall

__all__ = ["HALVES", "compile_kernels"]

# Two processes side by side: the questions of analytics, and all other rooms.
HALVES = ("questions", "rest")


def compile_kernels(half: str) -> int:
    """Import half of footfall's modules, which compiles their kernels and keeps them on disk.

    Parameters
    ----------
    half : {"questions", "rest"}

    Returns
    -------
    int
        Number of modules imported.
    """
    names = [
        module.name
        for module in pkgutil.walk_packages(footfall.__path__, "footfall.")
        if not module.name.endswith("__main__")
        and ".spark" not in module.name
        # Networks have no kernels and would load torch; walks over graphs have some.
        and (".models." not in module.name or ".embeddings" in module.name)
    ]
    questions = [name for name in names if name.startswith("footfall.analytics")]
    mine = questions if half == "questions" else [name for name in names if name not in questions]
    for name in mine:
        importlib.import_module(name)
    return len(mine)


def main() -> int:
    """Compile one half where it is named, both side by side otherwise."""
    if sys.argv[1:]:
        compile_kernels(sys.argv[1])
        return 0
    sys.stderr.write("Compiling the kernels (once a machine, a minute or two) ...\n")
    command = [sys.executable, "-m", "footfall.demo.compile"]
    running = [subprocess.Popen([*command, half]) for half in HALVES]  # noqa: S603  # ourselves
    return max(process.wait() for process in running)


if __name__ == "__main__":
    sys.exit(main())
