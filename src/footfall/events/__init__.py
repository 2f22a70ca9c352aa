"""Reads anything a shop exports: vocabulary, columns, readers, cleaning, quality, simulator."""
