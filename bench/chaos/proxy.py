"""A TCP proxy that can be cut: what goes through it ends at once, and nobody gets through for a while."""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

_PATIENCE: Final = 10.0  # seconds
T = TypeVar("T")


class _End(asyncio.Protocol):
    """One end of a link: what comes here goes on from the other."""

    other: "_End"
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        self.other.transport.write(data)

    def pause_writing(self) -> None:
        """Take nothing more until this end is read."""
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """End the other one, too: as this one did, or once it has said what it has to say."""
        if error:
            self.other.transport.abort()
        else:
            self.other.transport.close()


class _Caller(_End):
    """The end of whoever calls: connected through once it is there."""

    def __init__(self, link: Callable[["_Caller"], Coroutine[Any, Any, None]]) -> None:
        self.other = self  # until there is another
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to connect through; nothing is read before that is done."""
        super().connection_made(transport)
        self.transport.pause_reading()
        self.connecting = asyncio.get_running_loop().create_task(self._link(self))


class Proxy:
    """Passes bytes on to another port of this host.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._is_closed = False
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._callers: set[_Caller] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def cut(self, share: float, chance: random.Random) -> int:
        """Cut some of the connections, each without a word; return how many.

        Args:
            share: Of all there are; at least one where there is any.
            chance: Chooses which.
        """

        async def cut() -> int:
            self._forget_ended()
            callers = sorted(self._callers, key=id)
            chosen = chance.sample(callers, min(len(callers), max(1, round(len(callers) * share))))
            for each in chosen:
                self._drop(each)
            return len(chosen)

        return self._do(cut())

    def close(self) -> None:
        """Cut every connection, and let nobody through."""

        async def close() -> None:
            self._is_closed = True
            for each in list(self._callers):
                self._drop(each)

        self._do(close())

    def open(self) -> None:
        """Let everybody through again."""
        self._is_closed = False

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_PATIENCE)

    def _start(self) -> None:
        self._thread.start()
        self._do(self._listen())

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(lambda: _Caller(self._link), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _link(self, caller: _Caller) -> None:
        if self._refuses(caller):
            caller.transport.abort()
            return
        try:
            _, callee = await self._loop.create_connection(_End, "127.0.0.1", self._target)
        except OSError:
            caller.transport.abort()
            return
        caller.other, callee.other = callee, caller
        self._forget_ended()
        self._callers.add(caller)
        if self._refuses(caller):
            self._drop(caller)
        else:
            caller.transport.resume_reading()

    def _refuses(self, caller: _Caller) -> bool:
        return self._is_closed or caller.transport.is_closing()

    def _forget_ended(self) -> None:
        self._callers = {each for each in self._callers if not each.transport.is_closing()}

    def _drop(self, caller: _Caller) -> None:
        self._callers.discard(caller)
        for each in (caller, caller.other):
            each.transport.abort()

    def _stop(self) -> None:
        async def end() -> None:
            if self._server is not None:
                self._server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for each in others:
                each.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.close()
        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """Yield a proxy before a port of this host."""
    made = Proxy(target)
    made._start()  # noqa: SLF001 - it is made here
    try:
        yield made
    finally:
        made._stop()  # noqa: SLF001 - it is made here
