"""Measures how good a log is, flags what looks odd, and reports it as text, JSON and HTML."""
