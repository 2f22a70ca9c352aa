"""Who comes back: retention, stickiness, life cycle, survival, intervals and distributions."""
