"""The span of a request from outside: from its arrival to the last byte of its answer."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END, Source
from edge.kernel.spans import Span, Tracer, current_span


async def traced(
    tracer: Tracer, request: Request, answer: Coroutine[Any, Any, Response], *, worker: str, place: str | None
) -> Response:
    """`answer` under a span of its own. A streamed answer ends it with its last chunk, and each chunk is an
    event of it."""
    outer = current_span.get()
    whole = tracer.entry("request", method=request.method, url=request.url, worker=worker, place=place)
    current_span.set(whole)
    try:
        response = await answer
    except BaseException as failure:
        whole.fail(failure)
        whole.end()
        raise
    finally:
        current_span.set(outer)
    whole.tag(status=response.status)
    payload = response._payload
    if isinstance(payload, ReadableStream) and request.method != "HEAD":
        whole.event("headers")
        payload._source = _Watched(payload._source, whole)
    else:
        whole.end()
    return response


class _Watched:
    """A body's source that tells a span of each chunk and of its end."""

    __slots__ = ("_count", "_source", "_span")

    def __init__(self, source: Source, span: Span) -> None:
        self._source = source
        self._span = span
        self._count = 0

    async def pull(self) -> Any:
        try:
            chunk = await self._source.pull()
        except BaseException as failure:
            self._span.fail(failure)
            self._span.end()
            raise
        if chunk is END:
            self._span.tag(chunks=self._count)
            self._span.end()
        else:
            self._count += 1
            self._span.event("chunk", size_bytes=len(chunk))
        return chunk

    async def cancel(self, reason: Any) -> None:
        self._span.event("client.gone")
        self._span.tag(chunks=self._count)
        try:
            await self._source.cancel(reason)
        finally:
            self._span.end()
