"""Virtual environments of the benches' own, in which other libraries live."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".bench-venv"


def peers_python(name: str, *steps: Sequence[str]) -> str:
    """Give the Python of an environment, made when it is missing or was made of something else.

    Parameters
    ----------
    name : str
        Of the environment; "" is the one at the top.
    steps : sequences of str
        What pip installs, one step after the other: packages, and options for pip.
    """
    place = FOLDER / name
    python, ready = place / "bin" / "python", place / "peers.txt"
    wanted = " ".join(word for step in steps for word in step)
    if not (ready.exists() and ready.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        for step in steps:
            subprocess.run([str(python), "-m", "pip", "install", "-q", *step], check=True)
        ready.write_text(wanted)
    return str(python)
