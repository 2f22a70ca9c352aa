"""Says what happened: funnels, paths, sessions."""
