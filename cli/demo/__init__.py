"""The demo: the whole service against the sandbox, over real HTTP with real signatures."""
