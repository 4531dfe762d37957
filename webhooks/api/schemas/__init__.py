"""The shapes of what goes into the API and comes out of it."""
