"""Flask's hello world: what the framework and the server cost without any work."""

from flask import Flask


def create_app() -> Flask:
    """Return an application that reads a body and says hello."""
    app = Flask("hello", static_folder=None)

    @app.post("/webhooks/<source>/<account>")
    def hello(source: str, account: str) -> str:
        del source, account
        return "hello"

    return app
