"""Benchmarks and the chaos run: `python -m bench NAME` runs one, prints a table and the same as JSON."""
