"""Server-sent events: streams of JSON as `exec_stream` and its like give them (spec section 5.1)."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from typing import Any

from js import IdentityTransformStream, console
from pyodide.ffi import to_js

from sandbox.client.byte_stream import byte_chunks
from sandbox.client.remote import shaped
from sandbox.errors import SandboxError

_ABORTED = "Operation was aborted"


async def parse_sse_stream(stream: Any, signal: Any = None) -> AsyncGenerator[Any, None]:
    """The events of a ReadableStream. Leaving the loop early cancels the stream (at once under
    `contextlib.aclosing`); what is no JSON is skipped.

    Raises SandboxError `Operation was aborted` when the AbortSignal `signal` has fired.
    """
    frames = Frames()
    check_not_aborted(signal)
    async with aclosing(byte_chunks(stream)) as chunks:
        async for chunk in chunks:
            check_not_aborted(signal)
            for event in frames.push(chunk):
                yield event
    for event in frames.end():
        yield event


class Frames:
    """Cuts bytes as they come into events."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._buffer = ""

    def push(self, chunk: bytes) -> list[Any]:
        self._buffer = (self._buffer + self._decoder.decode(chunk)).replace("\r\n", "\n")
        *whole, self._buffer = self._buffer.split("\n\n")
        return _parsed(whole)

    def end(self) -> list[Any]:
        """What is left over at the end of the stream."""
        return _parsed([self._buffer])


def _parsed(frames: list[str]) -> list[Any]:
    found = []
    for frame in frames:
        text = _data(frame)
        if not text or text == "[DONE]":
            continue
        try:
            found.append(shaped(json.loads(text)))
        except ValueError:
            console.debug("Skipped an event that is no JSON:", text)
    return found


async def response_to_async_iterable(response: Any, signal: Any = None) -> AsyncGenerator[Any, None]:
    """The events of a Response. Raises SandboxError when it is no success, or has no body."""
    if not response.ok:
        text = await response.text()
        raise SandboxError(f"Response not ok: {response.status} {response.status_text} - {text}")
    if response.body is None:
        raise SandboxError("No response body")
    async with aclosing(parse_sse_stream(response.body, signal)) as events:
        async for event in events:
            yield event


def async_iterable_to_sse_stream(
    events: AsyncIterable[Any], serialize: Callable[[Any], str] = json.dumps
) -> Any:
    """A ReadableStream of events, to answer a request with."""
    passage = IdentityTransformStream.new()

    async def write() -> None:
        writer = passage.writable.getWriter()
        try:
            async for event in events:
                await writer.write(to_js(f"data: {serialize(event)}\n\n".encode()))
            await writer.write(to_js(b"data: [DONE]\n\n"))
            await writer.close()
        except Exception as failure:
            console.error("A stream of events ended early:", repr(failure))
            await writer.abort(str(failure))

    asyncio.ensure_future(write())
    return passage.readable


def check_not_aborted(signal: Any) -> None:
    """Raises SandboxError when the AbortSignal has fired."""
    if signal is not None and signal.aborted:
        raise SandboxError(_ABORTED)


def _data(frame: str) -> str:
    lines = [line[5:].removeprefix(" ") for line in frame.split("\n") if line.startswith("data:")]
    return "\n".join(lines)
