"""Makes a trained network smaller: fewer bits, fewer items, fewer layers, or another runtime."""
