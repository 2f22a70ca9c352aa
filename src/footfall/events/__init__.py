"""Reads anything a shop exports: the vocabulary, the columns, readers, cleaning, the quality report and the simulator."""
