"""Portraits: of one user, of all users, and of a segment against everybody."""
