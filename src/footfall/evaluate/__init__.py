"""Says how good an answer is: splits, ranking metrics, probability metrics. Frames and arrays, never a model."""
