"""The way out of a sandbox that may use the internet: an HTTP proxy, the only thing its network reaches.

The proxy listens inside the sandbox's network and connects from this machine: `CONNECT` for everything
encrypted, whole URLs for plain HTTP. It refuses this machine itself, so that no sandbox reaches the
emulator, another server on a developer's machine or the metadata service of a cloud. When this machine
itself needs a proxy to go out (HTTPS_PROXY), encrypted connections go through that one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from edge.containers.egress import Egress as Rules
from edge.kernel.clock import Clock
from sandbox.engines.process.authority import Authority
from sandbox.engines.process.intercepted import Destination, serve

_log = logging.getLogger("edge.containers")

#: The networks of the docker engine's containers. They are set aside for measurements between networks
#: (RFC 2544), so that they are nobody's.
CONTAINERS = ipaddress.IPv4Network("198.18.0.0/15")
#: Where the proxy listens inside a sandbox.
PORT = 61080
_HEAD_BYTES = 64 * 1024
_CONNECT_S = 20.0
_CHUNK = 65536
_REFUSED = "403 Forbidden"
_UNREACHABLE = "502 Bad Gateway"
_HOP_BY_HOP = (b"proxy-connection:", b"connection:", b"proxy-authorization:", b"keep-alive:")


def environment(host: str = "127.0.0.1") -> dict[str, str]:
    """What tells the programs of a sandbox about the proxy at `host`."""
    url = f"http://{host}:{PORT}"
    here = "localhost,127.0.0.1,::1"
    found = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), url)
    return {**found, "no_proxy": here, "NO_PROXY": here, "NODE_USE_ENV_PROXY": "1"}


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Refused(Exception):
    """A sandbox asked for something it may not reach."""


class Egress:
    """The proxy of one sandbox."""

    def __init__(
        self,
        clock: Clock,
        host_env: Mapping[str, str] = os.environ,
        *,
        rules: Rules | None = None,
        authority: Authority | None = None,
        internet: bool = True,
        peer: str | None = None,
    ) -> None:
        """`host_env`: where this machine's own proxy is named, if it has one. `rules`: what a Worker answers,
        `authority` signs for it where it is encrypted. `internet`: whether all the rest goes there. `peer`:
        whom alone to serve, where others could reach it, too."""
        self._clock = clock
        self._rules = rules or Rules()
        self._authority = authority
        self._internet = internet
        self._peer = peer
        self._upstream = _upstream(host_env)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self, listener: socket.socket) -> None:
        """Serve what connects to `listener`, which the sandbox made in its own network."""
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=_HEAD_BYTES)

    async def close(self) -> None:
        """Stop, and cut what is under way."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._peer is not None and writer.get_extra_info("peername")[0] != self._peer:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            with self._clock.hold("an outgoing request of a sandbox"):
                await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            _log.debug("a request of a sandbox ended early: %s", error)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        try:
            method, target, version = line.decode("latin-1").split(" ")
            host, port, path = _destination(method, target)
        except ValueError:
            await _say(writer, "400 Bad Request", "This is a proxy: ask for whole URLs, or CONNECT.")
            return
        try:
            if await self._answered_by_worker(method, host, port, head, (reader, writer)):
                return
            far_reader, far_writer = await self._connect(host, port, tunnel=method == "CONNECT")
        except Refused as error:
            _log.warning("a sandbox was refused %s:%d: %s", host, port, error)
            await _say(writer, _REFUSED, str(error))
            return
        except (OSError, TimeoutError) as error:
            await _say(writer, _UNREACHABLE, f"{host}:{port}: {error or 'no answer'}")
            return
        self._open.add(far_writer)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far_writer.write(f"{method} {path} {version}\r\n".encode("latin-1") + _one_request(rest))
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._open.discard(far_writer)
            far_writer.close()

    async def _answered_by_worker(
        self, method: str, host: str, port: int, head: bytes, streams: _Streams
    ) -> bool:
        """Whether a Worker answers in the place of the outside; it has, then."""
        encrypted = method == "CONNECT"
        to = Destination("https" if encrypted else "http", host, port)
        if not self._rules.takes(host, port, to.scheme) or (encrypted and self._authority is None):
            return False
        refuse_own(host)  # a Worker that passes requests on would reach this machine's own servers
        reader, writer = streams
        if encrypted and self._authority is not None:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._authority.context(host))
            head = b""
        await serve(self._rules, to, reader, writer, head)
        return True

    async def _connect(self, host: str, port: int, *, tunnel: bool) -> _Streams:
        if not self._internet:
            raise Refused("This container has no internet.")
        async with asyncio.timeout(_CONNECT_S):
            if tunnel and self._upstream is not None:
                refuse_own(host)
                return await _through(self._upstream, host, port)
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(address[0]) for *_, address in found]
            # Looked at after the name has become an address, and connected to that address: a name that
            # means something else the next time changes nothing.
            for address in addresses:
                refuse_own(address)
            error: OSError | None = None
            for address in addresses:
                try:
                    return await asyncio.open_connection(address, port, limit=_HEAD_BYTES)
                except OSError as failed:
                    error = failed
            raise error or OSError(f"no address for {host}")


def refuse_own(host: str) -> None:
    """Raise Refused when `host` is an address of this machine, or of no other in particular."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            raise Refused("This is the machine that the sandbox runs on.") from None
        return
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    if (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address in CONTAINERS
        or _is_ours(address)
    ):
        raise Refused("This is the machine that the sandbox runs on, its own link, or another container.")


def _is_ours(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    # Only an address of this machine can be bound to.
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((str(address), 0))
    except OSError:
        return False
    return True


def _upstream(env: Mapping[str, str]) -> tuple[str, int] | None:
    url = env.get("https_proxy") or env.get("HTTPS_PROXY")
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return (parts.hostname, parts.port or 80) if parts.hostname and parts.scheme == "http" else None


async def _through(upstream: tuple[str, int], host: str, port: int) -> _Streams:
    reader, writer = await asyncio.open_connection(*upstream, limit=_HEAD_BYTES)
    writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        writer.close()
        raise OSError(f"this machine's proxy says: {status}")
    return reader, writer


def _destination(method: str, target: str) -> tuple[str, int, str]:
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host.strip("[]"), int(port), ""
    parts = urlsplit(target)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, parts.port or 80, path


def _one_request(head: bytes) -> bytes:
    """The header lines for the far server: one request a connection, so that each is looked at."""
    lines = [line for line in head.split(b"\r\n") if line and not line.lower().startswith(_HOP_BY_HOP)]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _say(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n".encode()
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()
