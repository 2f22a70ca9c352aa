"""Turns events into inputs and targets, as they stood at a cutoff."""
