"""A WebSocket client in the same process.

Frames reach the Worker at once and in order; what the Worker sends waits in a queue until it is received.
A Close of the Worker is answered, as every client does.

Source: spec runtime.md section 5.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Any

from edge.http.response import Response
from edge.http.websocket import CLOSED, NO_CODE, WebSocket
from edge.js.errors import JsException
from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.duration import parse_duration


class UpgradeRefused(Exception):
    """The Worker answered a WebSocket handshake with an ordinary response."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"the Worker answered {status} instead of 101: {body[:200]!r}")
        self.status = status
        self.body = body


class SocketClosed(Exception):
    """The connection is closed: nothing more can be sent, and nothing more will come."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the WebSocket is closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class ClientSocket:
    """A connection; `async with` opens it and closes it with 1000 (an exception cuts it)."""

    def __init__(self, ask: Callable[[], Awaitable[Response]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._end: WebSocket | None = None
        self._messages: deque[str | bytes] = deque()
        self._news = asyncio.Event()
        #: How the Worker closed the connection: its code (1005 without one, 1006 when it was cut) and
        #: reason; None while it has not.
        self.close_code: int | None = None
        self.close_reason = ""
        self.was_clean = False
        #: The headers of the 101 response.
        self.headers: dict[str, str] = {}

    async def __aenter__(self) -> ClientSocket:
        response = await self._ask()
        if response._web_socket is None:
            body = (await response.read_bytes()).decode("utf-8", "replace")
            raise UpgradeRefused(response.status, body)
        self.headers = dict(response.headers.raw_items())
        self._end = response._web_socket
        self._end._attach(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.drop()
            return
        await self.close()
        if isinstance(self._clock, VirtualClock):
            await self._clock.run_until_idle()  # without distance, what the close sets off has happened

    @property
    def protocol(self) -> str | None:
        """The subprotocol the Worker chose."""
        return self.headers.get("sec-websocket-protocol")

    async def send(self, data: str | bytes) -> None:
        """Send text or binary. Raises SocketClosed."""
        end = self._opened()
        if self.close_code is not None or end._sent_close:
            raise SocketClosed(self.close_code or NO_CODE, self.close_reason)
        end._send(data)

    async def receive(self, timeout: str | float | timedelta = "60s") -> str | bytes:
        """The next message. Raises SocketClosed when the Worker closed instead, TimeoutError when nothing
        comes within `timeout` of the world's time."""
        self._opened()
        limit_s = parse_duration(timeout)
        until_s = self._clock.now() + limit_s
        timer = None
        try:
            while not self._messages:
                if self.close_code is not None:
                    raise SocketClosed(self.close_code, self.close_reason)
                if timer is None:
                    timer = self._clock.call_at(until_s, self._news.set)
                elif self._clock.now() >= until_s:
                    raise TimeoutError(f"no message came within {limit_s:g} s")
                self._news.clear()
                await self._news.wait()
        finally:
            if timer is not None:
                timer.cancel()
        return self._messages.popleft()

    async def receive_json(self, timeout: str | float | timedelta = "60s") -> Any:
        """The next message, parsed."""
        import json

        return json.loads(await self.receive(timeout))

    async def send_json(self, value: Any) -> None:
        import json

        await self.send(json.dumps(value))

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Messages until the Worker closes."""
        while True:
            try:
                message = await self.receive()
            except SocketClosed:
                return
            yield message

    @property
    def waiting(self) -> int:
        """How many messages have come and were not received yet."""
        return len(self._messages)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a Close frame; nothing happens when one was sent before."""
        self._opened()._close(code, reason)

    def drop(self) -> None:
        """Vanish without a Close frame, as a client that loses its network."""
        self._opened()._drop()

    async def closed(self, timeout: str | float | timedelta = "60s") -> int:
        """Wait until the Worker has closed; its code. What comes before is dropped."""
        while True:
            try:
                await self.receive(timeout)
            except SocketClosed as closed:
                return closed.code

    @property
    def is_closed(self) -> bool:
        """Whether both sides have closed."""
        return self._opened().readyState == CLOSED

    def _opened(self) -> WebSocket:
        if self._end is None:
            raise RuntimeError("the WebSocket is not open: async with client.websocket(…) as socket")
        return self._end

    # -- what the Worker sends (edge.http.frames.Sink)

    def on_message(self, data: str | bytes) -> None:
        self._messages.append(data)
        self._news.set()

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.close_code, self.close_reason, self.was_clean = code, reason, was_clean
        if was_clean:
            self._opened()._close(code, "")
        self._news.set()

    def on_error(self, reason: JsException) -> None:
        self.close_code, self.close_reason = 1011, str(reason)
        self._news.set()
