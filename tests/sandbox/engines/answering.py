"""A Worker that answers what a container sends out."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import error


class Answering:
    """A Worker that tells what it was asked."""

    async def fetch(self, request: Request) -> Response:
        body = await request.read_bytes()
        if request.url.endswith("/fails"):
            raise error("it failed")
        if request.url.endswith("/stream"):
            return Response.make(ReadableStream.from_chunks(_chunks()), 200)
        told = f"{request.method} {request.url} {request.headers.get_str('x-a')} {body.decode()}"
        return Response.make(told.encode(), 201, "", Headers([("x-from", "worker")]))


async def _chunks() -> Any:
    for word in (b"one ", b"two"):
        await asyncio.sleep(0)
        yield word
