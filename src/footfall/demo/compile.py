"""Compiles every kernel once: ``python -m footfall.demo.compile``, run when footfall is set up."""

import importlib
import subprocess
import sys
from pathlib import Path

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
    # By files: walking packages would import them, and with the networks torch.
    root = Path(footfall.__path__[0])
    files = sorted(path.relative_to(root.parent) for path in root.rglob("*.py"))
    every = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    names = [
        name
        for name in every
        if not name.endswith("__main__")
        and ".spark" not in name
        and (".models." not in name or ".embeddings" in name or name.endswith("compress.products"))
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
