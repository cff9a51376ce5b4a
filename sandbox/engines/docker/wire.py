"""Byte streams in a daemon, on the loop: what an attached program reads and writes, or an answer that comes
much later.

The SDK hands such streams out too (`socket=True`), but loses what arrives together with the answer's header,
and blocks a thread for each.

Source: Docker's Engine API, "Attach to a container" (hijacking and the format of streams).
"""

from __future__ import annotations

import asyncio
import json
from http.client import responses

from edge.containers.engine import EngineUnavailable
from sandbox.engines.docker.address import Address

_HEAD_BYTES = 64 * 1024
#: How much waits in a connection before it is read no further: half of it, by asyncio's count.
_LIMIT_BYTES = 256 * 1024
_ANSWER_S = 60.0


class Refused(Exception):
    """The daemon answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Wire:
    """A connection whose rest, both ways, belongs to whoever opened it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def close(self) -> None:
        """Cut it; whoever reads sees the end."""
        self.writer.transport.abort()


async def upgrade(address: Address, path: str, body: object = None) -> Wire:
    """POST, and then bytes both ways. Raises Refused, EngineUnavailable."""
    head = f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    return await _open(address, head, body)


async def begin(address: Address, path: str) -> Wire:
    """POST; the answer is all that comes until the end. Raises Refused, EngineUnavailable."""
    return await _open(address, f"POST {path} HTTP/1.0\r\nHost: docker\r\n", None)


async def _open(address: Address, head: str, body: object) -> Wire:
    content = b"" if body is None else json.dumps(body).encode()
    request = f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    try:
        async with asyncio.timeout(_ANSWER_S):
            wire = await _connect(address)
            try:
                wire.writer.write(request + content)
                status = await _status(wire)
                if status >= 400:
                    raise Refused(status, await _message(wire, status))
            except BaseException:
                wire.close()
                raise
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        raise EngineUnavailable(f"The container daemon at {address} does not answer: {error}") from error
    return wire


async def _connect(address: Address) -> Wire:
    if address.socket is not None:
        return Wire(*await asyncio.open_unix_connection(address.socket, limit=_LIMIT_BYTES))
    return Wire(
        *await asyncio.open_connection(address.host, address.port, ssl=address.tls, limit=_LIMIT_BYTES)
    )


async def _status(wire: Wire) -> int:
    head = await wire.reader.readuntil(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1])


async def _message(wire: Wire, status: int) -> str:
    text = (await wire.reader.read(_HEAD_BYTES)).decode(errors="replace")
    begin = text.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[begin:] if begin >= 0 else text)
        return str(found["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or responses.get(status, str(status))
