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

from sandbox.client.remote import shaped
from sandbox.errors import SandboxError

_ABORTED = "Operation was aborted"


async def parse_sse_stream(stream: Any, signal: Any = None) -> AsyncGenerator[Any, None]:
    """The events of a ReadableStream. Leaving the loop early cancels the stream (at once under
    `contextlib.aclosing`); what is no JSON is skipped.

    Raises SandboxError `Operation was aborted` when the AbortSignal `signal` has fired.
    """
    reader = stream.getReader()
    frames = Frames()
    ended = False
    try:
        while not ended:
            check_not_aborted(signal)
            result = await reader.read()
            ended = bool(result.done)
            for text in frames.end() if ended else frames.push(result.value.to_bytes()):
                if text == "[DONE]":
                    continue
                try:
                    event = json.loads(text)
                except ValueError:
                    console.debug("Skipped an event that is no JSON:", text)
                    continue
                yield shaped(event)
    finally:
        if not ended:
            await _cancel(reader)
        reader.releaseLock()


async def _cancel(reader: Any) -> None:
    try:
        await reader.cancel()
    except Exception as failure:
        console.debug("The stream had ended already:", repr(failure))


class Frames:
    """Cuts bytes as they come into the data of events."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._buffer = ""

    def push(self, chunk: bytes) -> list[str]:
        self._buffer += self._decoder.decode(chunk).replace("\r\n", "\n")
        *whole, self._buffer = self._buffer.split("\n\n")
        return [text for frame in whole if (text := _data(frame))]

    def end(self) -> list[str]:
        """What is left over at the end of the stream."""
        text = _data(self._buffer)
        return [text] if text else []


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
