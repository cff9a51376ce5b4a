"""Files as streams: what `read_file_stream` gives, chunk by chunk or as a whole (spec section 5.2)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from sandbox.client.sse import parse_sse_stream
from sandbox.container.values import Record
from sandbox.errors import SandboxError


class FileStream:
    """The chunks of a file: text, or bytes of a binary one. `metadata` is known from the first chunk on:
    `mime_type`, `size`, `is_binary`, `encoding`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.metadata: Record | None = None

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        async with aclosing(parse_sse_stream(self._stream)) as events:
            async for event in events:
                if event["type"] == "complete":
                    self._known()
                    return
                chunk = self._take(event)
                if chunk is not None:
                    yield chunk
        raise SandboxError("Stream ended unexpectedly")

    def _take(self, event: Record) -> str | bytes | None:
        if event["type"] == "error":
            raise SandboxError(f"File streaming error: {event.get('error')}")
        if event["type"] == "metadata":
            self.metadata = Record({name: value for name, value in event.items() if name != "type"})
            return None
        metadata = self._known()
        if metadata["isBinary"] and metadata["encoding"] == "base64":
            return base64.b64decode(event["data"])
        return str(event["data"])

    def _known(self) -> Record:
        if self.metadata is None:
            raise SandboxError("Received chunk before metadata")
        return self.metadata


def stream_file(stream: Any) -> FileStream:
    """Iterate over the stream of `read_file_stream`: `async for chunk in stream_file(stream)`."""
    return FileStream(stream)


async def collect_file(stream: Any) -> Record:
    """The whole file: `content` (text, or bytes of a binary one) and `metadata`."""
    source = FileStream(stream)
    chunks: list[Any] = [chunk async for chunk in source]
    assert source.metadata is not None
    empty: str | bytes = b"" if source.metadata["isBinary"] else ""
    return Record(content=empty.join(chunks), metadata=source.metadata)
