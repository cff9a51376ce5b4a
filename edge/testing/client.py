"""A client in the same process: requests go to the world without a socket between.

reply = await client.post("/rooms", json={"name": "blue"})
assert reply.status == 201

async with client.stream("GET", "/tokens") as reply:
    async for chunk in reply: ...

async with client.websocket("/chat") as socket:
    await socket.send("hello")
"""

from __future__ import annotations

import json as json_module
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from edge.http.request import METHODS, Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.kernel.schedule import strand
from edge.server.cf import cf_object
from edge.testing.reply import Reply
from edge.testing.socket import ClientSocket

HeaderInit = Mapping[str, str] | Iterable[tuple[str, str]]


class Backend(Protocol):
    """What answers: a World."""

    clock: Clock

    async def dispatch(self, request: Request, *, worker: str | None = None) -> Response: ...


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Who asks, and how.

    `place` is where the request enters the network, `worker` the Worker that answers (the project's first
    by default), `headers` go with every request, paths are relative to `base_url`. With `raise_errors` an
    exception of the Worker is raised in the test, else it is the 500 that a visitor gets.
    """

    place: str | None = None
    worker: str | None = None
    base_url: str = "http://localhost:8787"
    headers: tuple[tuple[str, str], ...] = ()
    raise_errors: bool = True


_OPTIONS = tuple(field.name for field in fields(ClientOptions))


class Client:
    """Sends requests into a world. Calling it gives another client with other options."""

    __slots__ = ("_base", "_options", "_world")

    def __init__(self, world: Backend, options: ClientOptions | None = None) -> None:
        self._world = world
        self._options = options or ClientOptions()
        host = self._options.base_url.partition("://")[2].partition("/")[0]
        self._base = [
            ("host", host),
            ("accept-encoding", "br, gzip"),
            ("cf-connecting-ip", "127.0.0.1"),
            *self._options.headers,
        ]

    def __call__(self, **options: Any) -> Client:
        """A client with these options (`ClientOptions`) and the others of this one. Raises TypeError for
        an option there is not."""
        unknown = [name for name in options if name not in _OPTIONS]
        if unknown:
            raise TypeError(f"client() has no option {unknown[0]!r}; it knows {', '.join(_OPTIONS)}")
        if "headers" in options:
            options["headers"] = tuple(_header_items(options["headers"]))
        return Client(self._world, replace(self._options, **options))

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.request("GET", path, **options)

    async def head(self, path: str, **options: Any) -> Reply:
        return await self.request("HEAD", path, **options)

    async def post(self, path: str, **options: Any) -> Reply:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Reply:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Reply:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.request("DELETE", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> Reply:
        """Send a request and read the answer to its end.

        Options: `params` (query), `headers`, and at most one body: `content` (text, bytes, or chunks from
        an async iterator), `json`, `data` (form fields). Raises what the Worker raises (`JsException`,
        with the Python exception as its cause), unless `raise_errors` is off.
        """
        reply = await self._ask(self._request(method, path, **options))
        if reply._content is None:
            await reply.read()
        return reply

    @asynccontextmanager
    async def stream(self, method: str, path: str, **options: Any) -> AsyncIterator[Reply]:
        """Send a request and read its answer as it comes; leaving early is a client that disconnects."""
        reply = await self._ask(self._request(method, path, **options))
        try:
            yield reply
        finally:
            await reply.abandon()

    def websocket(
        self, path: str, *, protocols: Iterable[str] = (), headers: HeaderInit = ()
    ) -> ClientSocket:
        """A connection, opened by `async with`. Raises UpgradeRefused when the Worker answers otherwise."""
        wanted = [("upgrade", "websocket"), ("connection", "Upgrade"), *_header_items(headers)]
        if names := ", ".join(protocols):
            wanted.append(("sec-websocket-protocol", names))
        request = self._request("GET", path, headers=wanted)
        return ClientSocket(lambda: self._answer(request), self._world.clock)

    async def _ask(self, request: Request) -> Reply:
        clock = self._world.clock
        sent_s = clock.monotonic()
        response = await self._answer(request)
        reply = Reply(response, clock, sent_s)
        if request.method == "HEAD":
            await reply.leave_out_body()
        return reply

    async def _answer(self, request: Request) -> Response:
        options = self._options
        # What two requests set off at one moment may happen in any order.
        mine = strand.set(object())
        try:
            place = {} if options.place is None else {"place": options.place}
            return await self._world.dispatch(request, worker=options.worker, **place)
        except JsException as error:
            if options.raise_errors:
                raise
            return Response.make(str(error).encode(), 500)
        finally:
            strand.reset(mine)

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        headers: HeaderInit = (),
        content: str | bytes | AsyncIterator[bytes] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
    ) -> Request:
        if method not in METHODS:
            raise ValueError(f"{method!r} is no HTTP method that Workers know")
        url = path if "://" in path else f"{self._options.base_url}{path}"
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
        body, content_type = _body(content, json, data)
        lines = [*self._base, *_header_items(headers)]
        if content_type and not any(name == "content-type" for name, _ in lines):
            lines.append(("content-type", content_type))
        if isinstance(body, bytes):
            lines.append(("content-length", str(len(body))))
        return Request.incoming(method, url, lines, body, cf=cf_object(None))


def _header_items(headers: HeaderInit) -> list[tuple[str, str]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(name.lower(), value) for name, value in pairs]


def _body(
    content: str | bytes | AsyncIterator[bytes] | None, json: Any, data: Mapping[str, Any] | None
) -> tuple[bytes | AsyncIterator[bytes] | None, str | None]:
    """The body and its type."""
    if sum(given is not None for given in (content, json, data)) > 1:
        raise TypeError("a request has one body: give content, json or data")
    if json is not None:
        return json_module.dumps(json).encode(), "application/json"
    if data is not None:
        return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"
    if isinstance(content, str):
        return content.encode(), "text/plain;charset=UTF-8"
    return content, None
