"""The chaos run: every process killed at every step, and everything compared afterwards."""
