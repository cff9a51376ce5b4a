"""Reaching the ports of a container: at its own address, or where they are published on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

from edge.containers.engine import NotListening
from edge.kernel.clock import Clock
from sandbox.engines.process.pipes import FdConnection

_CONNECT_S = 10.0
_LISTEN = "0A"
#: The sockets of a container, as its kernel lists them.
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


async def connect(clock: Clock, host: str, port: int) -> FdConnection:
    """Raises OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        with clock.hold(f"a connection to port {port}"):
            async with asyncio.timeout(_CONNECT_S):
                await loop.sock_connect(sock, address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fd = sock.detach()
    return FdConnection(fd, fd)


def published(found: Any) -> dict[int, int]:
    """Which port of the daemon's machine stands for each published one, from an inspected container."""
    ports: Mapping[str, Any] = found["NetworkSettings"]["Ports"] or {}
    return {int(name.partition("/")[0]): int(hosts[0]["HostPort"]) for name, hosts in ports.items() if hosts}


def listens(table: bytes, port: int) -> bool:
    """Whether a table of sockets has one that listens on `port`."""
    wanted = f":{port:04X}"
    for line in table.decode().splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[1].endswith(wanted) and fields[3] == _LISTEN:
            return True
    return False


def not_published(port: int) -> NotListening:
    return NotListening(
        f"port {port} cannot be reached: the daemon's containers have no address here, so that only ports "
        f"that the Dockerfile names (EXPOSE {port}) are published"
    )
