"""Keeps the log on disk: a Delta table by bucket, chunks of whole users, engines."""
