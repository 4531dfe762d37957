"""Everything one sandbox holds, and what a platform module must offer to be part of it."""

import threading
from typing import Protocol

from flask import Blueprint

from sandbox.calls import CallLog, WriteCounts
from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.gateway import Gateway, Settings
from sandbox.webhooks import Courier


class Platform(Protocol):
    """One simulated platform: its API, and the control routes that play the people behind it."""

    name: str

    def routes(self) -> Blueprint:
        """Return the platform's own API, to be mounted at ``/{name}``."""

    def control(self) -> Blueprint:
        """Return the control routes, to be mounted at ``/_control/{name}``."""

    def reset(self) -> None:
        """Forget all state."""


class World:
    """What the platforms of one sandbox share.

    Attributes:
        lock: Guards all platform state; held for an effect, never while waiting or sending.
        clock: The sandbox's time.
        settings: What the control API can set for all.
        faults: Faults still to happen.
        calls: Log of platform API calls.
        writes: Count of effects through the platforms' APIs.
        courier: Sends the webhooks.
        gateway: The way into every platform API.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.settings = Settings()
        self.faults = FaultBook()
        self.calls = CallLog()
        self.writes = WriteCounts()
        self.courier = Courier(self.clock, self.settings)
        self.gateway = Gateway(self.clock, self.settings, self.faults, self.calls)

    def reset(self) -> None:
        """Go back to the start, the platforms' own state aside."""
        self.faults.clear()
        self.courier.clear()
        self.calls.clear()
        self.writes.clear()
        self.clock.reset()
        self.settings.retry_scale = Settings.retry_scale
        self.settings.latency_ms = Settings.latency_ms

    def stop(self) -> None:
        """End what runs in the background."""
        self.faults.clear()
        self.courier.stop()
