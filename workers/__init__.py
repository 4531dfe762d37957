"""The worker processes: everything that runs off a queue."""
