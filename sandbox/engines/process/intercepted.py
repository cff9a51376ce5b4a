"""Requests of a sandbox that a Worker answers in the place of the internet: HTTP/1.1 on one side, `Request`
and `Response` on the other. One request a connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import h11

from edge.containers.egress import Egress
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException

_log = logging.getLogger("edge.containers")

_CHUNK = 65536
_OF_CONNECTION = frozenset({"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"})
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True)
class Destination:
    """Where a program meant to go."""

    scheme: str
    host: str
    port: int


async def serve(
    rules: Egress,
    to: Destination,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    begun: bytes = b"",
) -> None:
    """Let a Worker answer the request that arrives; `begun` is what has arrived of it already."""
    exchange = _Exchange(reader, writer, begun)
    try:
        request = await exchange.request(to)
        answer = await rules.answer(request, to.host, to.port, to.scheme)
    except h11.RemoteProtocolError as error:
        await exchange.say(400, str(error))
        return
    except JsException as failure:
        _log.error("a Worker failed to answer a container's request to %s: %s", to.host, failure)
        await exchange.say(502, str(failure))
        return
    if answer is None or answer._web_socket is not None:
        await exchange.say(502, "WebSockets cannot be intercepted here.")
    else:
        await exchange.send(answer)


class _Exchange:
    """One request and its response."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        if begun:
            self._http.receive_data(begun)

    async def request(self, to: Destination) -> Request:
        """What the program asks. Raises RemoteProtocolError, JsException for a URL that is none."""
        head = await self._next()
        if not isinstance(head, h11.Request):
            raise h11.RemoteProtocolError("no request")
        items = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        framed = {name for name, _ in items} & {"content-length", "transfer-encoding"}
        target = head.target.decode("latin-1")
        standard = to.port == (443 if to.scheme == "https" else 80)
        place = to.host if standard else f"{to.host}:{to.port}"
        path = target if target.startswith("/") else "/" + target.partition("://")[2].partition("/")[2]
        headers = Headers([item for item in items if item[0] not in _OF_CONNECTION], True)
        payload = ReadableStream.from_chunks(self._body()) if framed else None
        return Request.make(
            f"{to.scheme}://{place}{path}", method=head.method.decode(), headers=headers, payload=payload
        )

    async def _body(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                await self._write(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    async def send(self, answer: Response) -> None:
        """Send what the Worker answered, each chunk as it comes."""
        payload = answer.take_payload()
        lines = [(name, value) for name, value in answer.headers.raw_items() if name not in _OF_CONNECTION]
        if not isinstance(payload, ReadableStream) and answer.status not in _NO_BODY:
            lines = [line for line in lines if line[0] != "content-length"]
            lines.append(("content-length", str(len(payload or b""))))
        await self._write(h11.Response(status_code=answer.status, headers=[*lines, ("connection", "close")]))
        if isinstance(payload, ReadableStream):
            async for chunk in payload.chunks():
                await self._write(h11.Data(data=chunk))
        elif payload and answer.status not in _NO_BODY:
            await self._write(h11.Data(data=payload))
        await self._write(h11.EndOfMessage())

    async def say(self, status: int, text: str) -> None:
        """Answer in the Worker's place."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self.send(Response.make(f"{text}\n".encode(), status))

    async def _write(self, event: h11.Event) -> None:
        if (data := self._http.send(event)) is not None:
            self._writer.write(data)
            await self._writer.drain()
