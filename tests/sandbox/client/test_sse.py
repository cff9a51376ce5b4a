"""Server-sent events and files as streams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from tests.sandbox.client.space import Space
from wrangler_compat.modules.sdk.response import Response as SdkResponse


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return Space(tmp_path)


def stream(*chunks: bytes) -> ReadableStream:
    async def each() -> Any:
        for chunk in chunks:
            yield chunk

    return ReadableStream.from_chunks(each())


def test_events_come_whole_however_they_are_cut(space: Space) -> None:
    text = 'data: {"a":"ü"}\n\nevent: x\ndata: {"b":\ndata: 2}\r\n\r\n: note\n\n'
    text += "data: no json\r\n\r\ndata: [DONE]\n\n"
    rest = 'data: {"last": {"inA": 1}}'
    data = (text + rest).encode()

    async def body() -> None:
        parse = space.module("sandbox").parse_sse_stream
        for size in (1, 2, 7, len(data)):
            cut = [data[at : at + size] for at in range(0, len(data), size)]
            events = [event async for event in parse(stream(*cut))]
            assert events == [{"a": "ü"}, {"b": 2}, {"last": {"inA": 1}}]
            assert events[2].last.in_a == 1

    space.run(body)


def test_responses(space: Space) -> None:
    async def body() -> None:
        sandbox = space.module("sandbox")
        good = SdkResponse(Response.make(stream(b'data: {"n":1}\n\n')))
        assert [event.n async for event in sandbox.responseToAsyncIterable(good)] == [1]
        bad = SdkResponse(Response.make(b"nope", 500))
        with pytest.raises(sandbox.SandboxError, match="Response not ok: 500"):
            async for _ in sandbox.response_to_async_iterable(bad):
                pass

    space.run(body)


def test_streams_of_events_are_made_too(space: Space) -> None:
    async def numbers() -> Any:
        for number in range(3):
            yield {"number": number}

    async def body() -> None:
        made = space.module("sandbox").async_iterable_to_sse_stream(numbers())
        text = (await made.read_all()).decode()
        assert (
            text == "".join(f"data: {json.dumps({'number': n})}\n\n" for n in range(3)) + "data: [DONE]\n\n"
        )

    space.run(body)


FILE = b'data: {"type":"metadata","mimeType":"text/plain","size":2,"isBinary":false,"encoding":"utf-8"}\n\n'


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (b'data: {"type":"error","error":"gone"}\n\n', "File streaming error: gone"),
        (b'data: {"type":"chunk","data":"a"}\n\n', "Stream ended unexpectedly"),
    ],
)
def test_files_that_break(space: Space, rest: bytes, message: str) -> None:
    async def body() -> None:
        sandbox = space.module("sandbox")
        with pytest.raises(sandbox.SandboxError, match=message):
            await sandbox.collect_file(stream(FILE, rest))
        with pytest.raises(sandbox.SandboxError, match="Received chunk before metadata"):
            await sandbox.collect_file(stream(b'data: {"type":"chunk","data":"a"}\n\n'))

    space.run(body)


def test_what_the_sdk_returns_is_recognised(space: Space) -> None:
    sandbox = space.module("sandbox")
    result = {"success": True, "exitCode": 0, "stdout": "", "stderr": ""}
    assert sandbox.is_exec_result(result)
    assert not sandbox.isExecResult({**result, "stdout": None})
    assert not sandbox.is_exec_result("text")
    assert sandbox.is_process({"id": "a", "command": "b", "status": "running"})
    assert not sandbox.isProcess({"id": "a"})
    assert sandbox.is_process_status("killed")
    assert not sandbox.isProcessStatus("dead")
