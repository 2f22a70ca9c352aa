"""Says what happened: funnels, paths, sessions, repeat purchases."""
