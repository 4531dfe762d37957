"""Pure decisions: from what is known to what is to be done, always with a reason; no I/O."""
