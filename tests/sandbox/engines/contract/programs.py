"""Helpers of the contract tests: run a program and collect what it does."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from edge.containers.engine import Connection, Instance


class Ran(NamedTuple):
    code: int
    stdout: bytes
    stderr: bytes


async def read_all(stream: Connection) -> bytes:
    chunks = []
    while chunk := await stream.read():
        chunks.append(chunk)
    return b"".join(chunks)


async def read_until(stream: Connection, text: bytes) -> bytes:
    """Read until `text` has come; everything so far."""
    seen = b""
    while text not in seen:
        chunk = await stream.read()
        assert chunk, f"the stream ended with {seen!r}"
        seen += chunk
    return seen


async def run(instance: Instance, *argv: str, input: bytes | None = None, **options: Any) -> Ran:
    process = await instance.spawn(argv, stdin=input is not None, **options)

    async def feed() -> None:
        if input is not None:
            await process.io.write(input)
            await process.io.write_eof()

    assert process.stderr is not None
    _, out, err = await asyncio.gather(feed(), read_all(process.io), read_all(process.stderr))
    code = await process.wait()
    await process.io.close()
    await process.stderr.close()
    return Ran(code, out, err)


async def shell(instance: Instance, command: str, **options: Any) -> Ran:
    return await run(instance, "sh", "-c", command, **options)
