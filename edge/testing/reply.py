"""What a Worker answered, as a test sees it: status, headers, and each chunk with its time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple

from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.kernel.clock import Clock

if TYPE_CHECKING:
    from starlette.datastructures import Headers


class Chunk(NamedTuple):
    """A piece of a body; `at_s` is when it came, in seconds after the request was sent."""

    at_s: float
    data: bytes


class Reply:
    """A response. Its body is there, unless the reply comes from `Client.stream`: then it is read with
    `async for chunk in reply` (or `await reply.read()`), as the Worker sends it."""

    __slots__ = ("_clock", "_content", "_headers", "_payload", "_response", "_sent_s", "chunks", "headers_s")

    def __init__(self, response: Response, clock: Clock, sent_s: float) -> None:
        self._response = response
        self._clock = clock
        self._sent_s = sent_s
        self._headers: Headers | None = None
        self._content: bytes | None = None
        #: When the response began, in seconds after the request was sent.
        self.headers_s = clock.monotonic() - sent_s
        #: What has been read so far, each piece with its time.
        self.chunks: list[Chunk] = []
        self._payload = response.take_payload()
        if not isinstance(self._payload, ReadableStream):
            self._content = self._payload or b""
            if self._content:
                self.chunks.append(Chunk(self.headers_s, self._content))

    def __repr__(self) -> str:
        return f"<Reply {self.status} {self.status_text}>".replace(" >", ">")

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def status_text(self) -> str:
        return self._response.statusText

    @property
    def ok(self) -> bool:
        return self._response.ok

    @property
    def headers(self) -> Headers:
        """Names in any case; `headers.getlist("set-cookie")` gives all of one name."""
        if self._headers is None:
            from starlette.datastructures import Headers

            raw = [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in self._response.headers.raw_items()
            ]
            self._headers = Headers(raw=raw)
        return self._headers

    @property
    def content(self) -> bytes:
        """The body. Raises RuntimeError while a stream has not been read to its end."""
        if self._content is None:
            raise RuntimeError("the body is a stream that was not read yet: await reply.read()")
        return self._content

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return json.loads(self.content)

    @property
    def first_chunk_s(self) -> float:
        """Time to first byte: seconds from the request to the first chunk. ValueError without one."""
        if not self.chunks:
            raise ValueError("the body has no chunk (yet)")
        return self.chunks[0].at_s

    @property
    def gaps_s(self) -> list[float]:
        """Seconds between one chunk and the next."""
        times_s = [chunk.at_s for chunk in self.chunks]
        return [later - earlier for earlier, later in zip(times_s, times_s[1:], strict=False)]

    async def read(self) -> bytes:
        """The whole body, waiting for its end."""
        if self._content is None:
            async for _ in self:
                pass
        return self.content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The rest of the body, each chunk when it comes; leaving early cancels the stream."""
        if not isinstance(self._payload, ReadableStream):
            if self._content:
                yield self._content
            return
        async for data in self._payload.chunks():
            self.chunks.append(Chunk(self._clock.monotonic() - self._sent_s, data))
            yield data
        self._content = b"".join(chunk.data for chunk in self.chunks)

    async def abandon(self) -> None:
        """Read no further, as a client that disconnects."""
        if self._content is None and isinstance(self._payload, ReadableStream):
            await self._payload._cancel(None)

    async def leave_out_body(self) -> None:
        """The answer to HEAD."""
        await self.abandon()
        self._payload, self._content = None, b""
        self.chunks.clear()
