"""A TCP proxy that can be cut: what goes through it ends at once, and nobody gets through for a while."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

_READ: Final = 65536
_PATIENCE: Final = 10.0  # seconds
T = TypeVar("T")


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
        self._links: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def cut(self, share: float, chance: random.Random) -> int:
        """Cut some of the connections, each without a word; return how many.

        Args:
            share: Of all there are; at least one where there is any.
            chance: Chooses which.
        """

        async def cut() -> int:
            links = list(self._links)
            chosen = chance.sample(links, min(len(links), max(1, round(len(links) * share))))
            for each in chosen:
                self._drop(each)
            return len(chosen)

        return self._do(cut())

    def close(self) -> None:
        """Cut every connection, and let nobody through."""

        async def close() -> None:
            self._is_closed = True
            for each in list(self._links):
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
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=_READ)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_closed:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target, limit=_READ)
        except OSError:
            writer.transport.abort()
            return
        link = (writer, back)
        self._links.add(link)
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            self._links.discard(link)
            self._drop(link)

    @staticmethod
    def _drop(link: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        for writer in link:
            writer.transport.abort()

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


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_READ):
            writer.write(data)
            await writer.drain()
    if reader.exception():
        writer.transport.abort()
    else:
        writer.close()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """Yield a proxy before a port of this host."""
    made = Proxy(target)
    made._start()  # noqa: SLF001 - it is made here
    try:
        yield made
    finally:
        made._stop()  # noqa: SLF001 - it is made here
