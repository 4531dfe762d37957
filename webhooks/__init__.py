"""The web process: everything that speaks HTTP to us."""
