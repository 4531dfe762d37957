"""The `refund-sync` command: puts the rooms together."""
