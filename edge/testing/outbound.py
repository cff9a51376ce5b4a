"""Answers in the place of the internet: `fetch` of a Worker under test leads here.

api = world.mock_fetch("https://api.example.com/*", json={"rate": 1.1})
await client.get("/convert")
assert api.calls[0].url == "https://api.example.com/rates?base=EUR"
"""

from __future__ import annotations

import inspect
import json as json_module
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from edge.errors import UserError
from edge.http.headers import Headers
from edge.http.host import Transport
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.kernel.clock import Clock
from edge.kernel.duration import parse_duration
from edge.network.outside import Outside


class UnmockedFetch(UserError):
    """A Worker under test called an address that the test has no answer for."""


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A request that a Worker made; `at_s` is the world's time."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    at_s: float

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json_module.loads(self.content)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mocked address answers. `body` is text, bytes, or chunks from an async iterator."""

    body: str | bytes | AsyncIterator[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        body = self.body.encode() if isinstance(self.body, str) else self.body
        headers = Headers([(name.lower(), value) for name, value in self.headers.items()], True)
        payload = body if isinstance(body, bytes) else ReadableStream.from_chunks(body)
        return Response.make(payload or None, self.status, "", headers)


#: Makes the answer to a call: an `Answer`, or what an answer is made of (text, bytes, a value for JSON);
#: an exception given or raised is what the Worker's fetch fails with. May be a coroutine function.
Handler = Callable[[OutboundCall], Any]


class MockedFetch:
    """One mocked address and the calls that it got."""

    def __init__(self, pattern: str, method: str | None, handler: Handler, delay_s: float) -> None:
        self.pattern = pattern
        self.method = method
        self.calls: list[OutboundCall] = []
        self._handler = handler
        self._delay_s = delay_s
        self._matches = re.compile(
            "".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern))
        )

    def __str__(self) -> str:
        return self.pattern if self.method is None else f"{self.method} {self.pattern}"

    def matches(self, method: str, url: str) -> bool:
        return self.method in (None, method) and self._matches.fullmatch(url) is not None

    async def answer(self, call: OutboundCall, clock: Clock) -> Response:
        self.calls.append(call)
        if self._delay_s:
            await clock.sleep(self._delay_s)
        made = self._handler(call)
        return _response(await made if inspect.isawaitable(made) else made)


class Beyond(Transport, Protocol):
    """The real internet."""

    async def close(self) -> None: ...


class MockedInternet:
    """The way out of a world under test (`edge.http.host.Transport`). The mock added last is asked first."""

    def __init__(self, clock: Clock, beyond: Beyond | None = None) -> None:
        """`beyond` carries what no mock answers (None: such calls fail)."""
        #: How far away the addresses of mocks are; None: no way at all.
        self.outside: Outside | None = None
        self._clock = clock
        self._beyond = beyond
        self._mocks: list[MockedFetch] = []

    def mock(
        self,
        pattern: str | Handler,
        handler: Handler | None = None,
        *,
        method: str | None = None,
        text: str | None = None,
        json: Any = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        error: BaseException | None = None,
        delay: str | float | timedelta = 0,
    ) -> MockedFetch:
        """Answer calls to `pattern` (a URL in which `*` stands for anything, or the handler for all)."""
        if callable(pattern):
            handler, pattern = pattern, "*"
        if handler is None:
            handler = _fixed(text, json, status, headers or {}, error)
        mock = MockedFetch(pattern, method, handler, parse_duration(delay))
        self._mocks.insert(0, mock)
        return mock

    async def close(self) -> None:
        """Close the way to the real internet."""
        if self._beyond is not None:
            await self._beyond.close()

    async def send(self, request: Request) -> Response:
        """The answer of the mock that knows the address. Raises UnmockedFetch."""
        mock = next((mock for mock in self._mocks if mock.matches(request.method, request.url)), None)
        if mock is None:
            if self._beyond is not None:
                return await self._beyond.send(request)
            known = ", ".join(map(str, self._mocks)) or "nothing"
            raise UnmockedFetch(
                f"the Worker called {request.method} {request.url}, and the test has no answer for it: add "
                f"world.mock_fetch({request.url!r}, …). Mocked so far: {known}"
            )
        if self.outside is None:
            return await self._answered(mock, request)
        host = urlsplit(request.url).hostname or ""
        return await self.outside.exchange(host, lambda: self._answered(mock, request))

    async def _answered(self, mock: MockedFetch, request: Request) -> Response:
        call = OutboundCall(
            request.method,
            request.url,
            dict(request.headers.raw_items()),
            await request.read_bytes(),
            self._clock.now(),
        )
        return await mock.answer(call, self._clock)


def _fixed(
    text: str | None, json: Any, status: int, headers: Mapping[str, str], error: BaseException | None
) -> Handler:
    if error is not None:
        return lambda call: error
    if json is not None:
        typed = {"content-type": "application/json", **headers}
        return lambda call: Answer(json_module.dumps(json), status, typed)
    return lambda call: Answer(text or "", status, headers)


def _response(made: Any) -> Response:
    if isinstance(made, BaseException):
        raise made
    if isinstance(made, Response):
        return made
    if isinstance(made, Answer):
        return made.response()
    if made is None or isinstance(made, (str, bytes)) or hasattr(made, "__aiter__"):
        return Answer(b"" if made is None else made).response()
    return Answer(json_module.dumps(made), headers={"content-type": "application/json"}).response()
