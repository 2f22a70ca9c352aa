"""Every command: parse, call one room, print."""

from footfall.cli.app import main

__all__ = ["main"]
