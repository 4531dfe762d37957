"""Webhooks as tutorials take them: verify the HMAC, enqueue one RQ job, answer; nothing is written down.

The job carries the body as it came, unparsed, which is the cheapest that leaves a worker anything to do.
"""

import base64
import hashlib
import hmac
import os
from http import HTTPStatus

from flask import Flask, abort, request
from redis import Redis
from rq import Queue


def create_app() -> Flask:
    """Return the application; `BENCH_SECRET` signs, `REDIS_URL` queues."""
    app = Flask("tutorial", static_folder=None)
    secret = os.environ["BENCH_SECRET"].encode()
    queue = Queue("tutorial", connection=Redis.from_url(os.environ["REDIS_URL"]))

    @app.post("/webhooks/<source>/<account>")
    def receive(source: str, account: str) -> str:
        body = request.get_data()
        digest = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest())
        if not hmac.compare_digest(digest, request.headers.get("X-Shopify-Hmac-Sha256", "").encode()):
            abort(HTTPStatus.UNAUTHORIZED)
        queue.enqueue("tutorial.handle", source, account, body.decode())
        return "OK"

    return app
