"""The bytes of a JavaScript ReadableStream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from js import console


async def byte_chunks(stream: Any) -> AsyncGenerator[bytes, None]:
    """Chunk by chunk. Leaving early (at once under `contextlib.aclosing`) cancels the stream."""
    reader = stream.getReader()
    ended = False
    try:
        while True:
            result = await reader.read()
            if result.done:
                ended = True
                return
            yield result.value.to_bytes()
    finally:
        if not ended:
            await cancel(reader)
        reader.releaseLock()


async def cancel(reader: Any) -> None:
    """Say that nobody reads any further."""
    try:
        await reader.cancel()
    except Exception as failure:
        console.debug("The stream had ended already:", repr(failure))
