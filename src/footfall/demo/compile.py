"""Compiles every kernel once: ``python -m footfall.demo.compile``, run when footfall is set up."""

import importlib
import pkgutil
import sys

import footfall

__all__ = ["compile_kernels"]


def compile_kernels() -> int:
    """Import every module of footfall, which compiles its kernels and keeps them on disk.

    Returns
    -------
    int
        Number of modules imported.
    """
    names = [
        module.name
        for module in pkgutil.walk_packages(footfall.__path__, "footfall.")
        if not module.name.endswith("__main__")
    ]
    for name in names:
        importlib.import_module(name)
    return len(names)


if __name__ == "__main__":
    sys.stderr.write("Compiling the kernels (once a machine, under a minute) ...\n")
    compile_kernels()
