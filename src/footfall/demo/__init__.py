"""Runs the main job on real input, from raw export to one self-contained page."""
