"""Control routes that are the same for every platform: health, reset, faults, calls, writes, settings."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask import Blueprint, Response, request

from sandbox.clock import iso_millis
from sandbox.jsonish import ControlError, Fields, dumps, loads
from sandbox.world import Platform, World


def json_response(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON."""
    return Response(dumps(value), status=status, content_type="application/json")


def body_fields() -> Fields:
    """Read the current control request's body as a JSON object; an empty body is an empty object.

    Raises:
        ControlError: The body is not a JSON object.
    """
    data = request.get_data()
    if not data:
        return Fields({})
    try:
        return Fields(loads(data))
    except ControlError:
        raise
    except ValueError as error:
        raise ControlError("The body is not JSON.") from error


def refuse(error: ControlError) -> Response:
    """Answer a control request that makes no sense."""
    return json_response({"error": str(error)}, HTTPStatus.BAD_REQUEST)


def build_control(world: World, platforms: Sequence[Platform]) -> Blueprint:
    """Return the control routes shared by all platforms, to be mounted at ``/_control``.

    Args:
        world: What they control.
        platforms: The platforms, to be reset with it.
    """
    blueprint = Blueprint("control", __name__)
    handlers: list[tuple[str, str, Callable[[], Response]]] = [
        ("GET", "/healthz", lambda: json_response({"status": "ok"})),
        ("POST", "/reset", lambda: _reset(world, platforms)),
        ("POST", "/faults", lambda: json_response({"id": world.faults.add(body_fields())})),
        ("DELETE", "/faults", lambda: _cleared(world.faults.clear)),
        ("GET", "/calls", lambda: _calls(world)),
        ("DELETE", "/calls", lambda: _cleared(world.calls.clear)),
        ("GET", "/writes", lambda: _writes(world, platforms)),
        ("GET", "/webhooks/pending", lambda: json_response({"pending": world.courier.pending()})),
        ("POST", "/settings", lambda: _settings(world)),
    ]
    for method, path, handler in handlers:
        blueprint.add_url_rule(path, f"{method} {path}".replace(".", ""), handler, methods=[method])
    return blueprint


def _cleared(clear: Callable[[], None]) -> Response:
    clear()
    return json_response({"cleared": True})


def _reset(world: World, platforms: Sequence[Platform]) -> Response:
    body_fields().finish()
    with world.lock:
        world.reset()
        for platform in platforms:
            platform.reset()
    return json_response({"reset": True})


def _calls(world: World) -> Response:
    return json_response(world.calls.rows(request.args.get("platform"), request.args.get("tenant")))


def _writes(world: World, platforms: Sequence[Platform]) -> Response:
    """Answer the counts, with every platform there even if nothing was written to it."""
    counts = world.writes.as_json()
    return json_response({platform.name: counts.get(platform.name, {}) for platform in platforms})


def _settings(world: World) -> Response:
    """Set what is given, answer what holds."""
    fields = body_fields()
    retry_scale = fields.maybe_decimal("retry_scale")
    latency_ms = fields.maybe_decimal("latency_ms")
    advance = fields.maybe_decimal("advance_seconds")
    fields.finish()
    if any(value is not None and value < 0 for value in (retry_scale, latency_ms, advance)):
        raise ControlError("The body: a setting must not be negative.")
    if retry_scale is not None:
        before = world.settings.retry_scale
        world.settings.retry_scale = float(retry_scale)
        world.courier.hurry(world.settings.retry_scale / before if before else 0.0)
    if latency_ms is not None:
        world.settings.latency_ms = float(latency_ms)
    if advance is not None:
        world.clock.advance(float(advance))
    return json_response(
        {
            "retry_scale": world.settings.retry_scale,
            "latency_ms": world.settings.latency_ms,
            "now": iso_millis(world.clock.now()),
            "timestamp": world.clock.now().timestamp(),
        }
    )
