"""Carry a refund across: read, decide, write once, record."""
