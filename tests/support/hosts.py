"""Hosts of their own on one host: network namespaces on a switch, whose cables can be pulled.

A namespace lives as long as a descriptor of it is open, or a process is in it, so that nothing is left behind
however a test ends; nothing of this host's own network is touched. A thread enters one, and what it opens or
starts there is there: https://man7.org/linux/man-pages/man7/network_namespaces.7.html.
"""

import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET, linux/sched.h; `os` has it from Python 3.12 on
_HERE: Final = "/proc/thread-self/ns/net"
_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Host:
    """A host, by its name and address."""

    name: str
    address: str
    _namespace: int = field(repr=False)
    _switch: int = field(repr=False)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread, and whatever it opens or starts, be on this host meanwhile."""
        with _entered(self._namespace):
            yield

    def cut_off(self) -> None:
        """Pull its cable: what is sent is lost, and nobody is told."""
        with _entered(self._switch):
            _ip("link", "set", self.name, "down")

    def heal(self) -> None:
        """Put its cable back."""
        with _entered(self._switch):
            _ip("link", "set", self.name, "up")


def unable() -> str:
    """Return why there can be no hosts here; empty where there can."""
    if not Path(_HERE).exists():
        return "this system has no network namespaces"
    if shutil.which("ip") is None:
        return "ip (iproute2) is not installed"
    try:
        os.close(_new())
    except OSError as error:
        return f"a network namespace takes the rights of root: {error}"
    return ""


@contextmanager
def hosts(addresses: dict[str, str]) -> Iterator[dict[str, Host]]:
    """Yield hosts by their names, joined by one switch.

    Args:
        addresses: The IPv4 address of each name of 15 letters at most, all of one network of 24 bits.
    """
    switch = _new()
    opened = [switch]
    try:
        with _entered(switch):
            _ip("link", "add", "switch", "type", "bridge")
            _ip("link", "set", "switch", "up")
        made = {}
        for name, address in addresses.items():
            opened.append(_new())
            made[name] = Host(name, address, opened[-1], switch)
            _join(made[name], opened[-1], switch)
        yield made
    finally:
        for each in opened:
            os.close(each)


def _join(host: Host, namespace: int, switch: int) -> None:
    """Lay a cable from a host to the switch."""
    there = f"/proc/{os.getpid()}/fd/{namespace}"
    with _entered(switch):
        _ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", there)
        _ip("link", "set", host.name, "master", "switch", "up")
    with _entered(namespace):
        _ip("address", "add", f"{host.address}/24", "dev", "eth0")
        _ip("link", "set", "lo", "up")
        _ip("link", "set", "eth0", "up")


def _new() -> int:
    """Return a descriptor of a new namespace.

    Raises:
        OSError: If the system does not allow it.
    """
    made: list[int | OSError] = []

    def make() -> None:  # in a thread of its own, since it is in the namespace from then on
        try:
            _check(_libc.unshare(_NEW_NETWORK))
            made.append(os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            made.append(error)

    maker = threading.Thread(target=make)
    maker.start()
    maker.join()
    (found,) = made
    if isinstance(found, OSError):
        raise found
    return found


@contextmanager
def _entered(namespace: int) -> Iterator[None]:
    before = os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)
    _check(_libc.setns(namespace, _NEW_NETWORK))
    try:
        yield
    finally:
        _check(_libc.setns(before, _NEW_NETWORK))
        os.close(before)


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - no outside input; found by unable()
    assert done.returncode == 0, (arguments, done.stderr)
