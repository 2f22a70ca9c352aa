"""Spark: the same questions and the same ingest as a task a bucket, on one machine or many."""
