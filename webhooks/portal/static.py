"""The portal's own files: each address holds a hash of its content, so that browsers may keep it for ever."""

import hashlib
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, url_for

_DIRECTORY: Final = Path(__file__).parent / "static"
_FOREVER: Final = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Make `file_url(name)` known to templates."""
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in _DIRECTORY.iterdir()
        if path.is_file()
    }

    def file_url(name: str) -> str:
        return url_for("portal.static", filename=name, v=hashes[name])

    def keep(response: Response) -> Response:
        if request.endpoint == "portal.static":
            known = request.args.get("v") in hashes.values()
            response.headers["Cache-Control"] = _FOREVER if known else "no-cache"
        return response

    app.jinja_env.globals["file_url"] = file_url
    app.after_request(keep)
