from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from edge.http.streams import ReadableStream
from edge.js.errors import JsException, type_error
from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run

LOCKED = "This ReadableStream is currently locked to a reader."
RELEASED = "This ReadableStream reader has been released."


async def _abc() -> AsyncIterator[bytes]:
    for chunk in (b"a", b"b", b"c"):
        yield chunk


def test_chunks_are_neither_joined_nor_split() -> None:
    async def main() -> None:
        chunks = [b"one", b"", b"two", b"x" * 100_000]

        async def source() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        assert [chunk async for chunk in ReadableStream.from_chunks(source()).chunks()] == chunks

    run(main())


def test_a_chunk_leaves_before_the_next_one_exists() -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def source() -> AsyncIterator[bytes]:
            yield b"first"
            await gate.wait()
            yield b"second"

        stream = ReadableStream.from_chunks(source()).chunks()
        assert await anext(stream) == b"first"
        gate.set()
        assert await anext(stream) == b"second"
        assert await anext(stream, None) is None

    run(main())


def test_leaving_early_cancels_the_source() -> None:
    async def main() -> None:
        closed = []

        async def source() -> AsyncIterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            finally:
                closed.append(True)

        chunks: Any = ReadableStream.from_chunks(source()).chunks()
        async for _ in chunks:
            break
        await chunks.aclose()
        assert closed == [True]

    run(main())


def test_reader() -> None:
    async def main() -> None:
        stream = ReadableStream.from_chunks(_abc())
        reader: Any = stream.getReader()
        assert stream.locked
        refused("TypeError", LOCKED, stream.getReader)
        with raises("TypeError", LOCKED):
            await stream.cancel()
        first, second = reader.read(), reader.read()
        assert [(await second).value.to_bytes(), (await first).value.to_bytes()] == [b"b", b"a"]
        reader.releaseLock()
        with raises("TypeError", RELEASED):
            await reader.read()
        with raises("TypeError", RELEASED):
            await reader.closed
        other: Any = js.ReadableStreamDefaultReader.new(stream)
        closed = other.closed
        assert (await other.read()).done is False
        result = await other.read()
        assert (result.value, result.done) == (None, True)
        await closed

    run(main())


def test_a_failing_source_errors_the_stream() -> None:
    async def main() -> None:
        async def source() -> AsyncIterator[bytes]:
            yield b"a"
            raise type_error("gone")

        stream = ReadableStream.from_chunks(source())
        reader: Any = stream.getReader()
        closed = reader.closed
        await reader.read()
        for _ in range(2):
            with raises("TypeError", "gone"):
                await reader.read()
        with raises("TypeError", "gone"):
            await closed

    run(main())


def test_cancelling_ends_a_read_that_waits() -> None:
    async def main() -> None:
        for stream in (js.TransformStream.new().readable, js.ReadableStream.new()):
            reader: Any = stream.getReader()
            read = reader.read()
            await reader.cancel("enough")
            assert (await read).done

    run(main())


def test_an_iterator_at_work_is_closed_when_it_comes_back() -> None:
    async def main() -> None:
        gate, log = asyncio.Event(), []

        async def source() -> AsyncIterator[bytes]:
            try:
                await gate.wait()
                yield b"late"
            finally:
                log.append("closed")

        reader: Any = ReadableStream.from_chunks(source()).getReader()
        read = reader.read()
        await reader.cancel()
        assert log == []
        gate.set()
        assert (await read).done
        assert log == ["closed"]

    run(main())


def test_tee_gives_every_chunk_to_both() -> None:
    async def main() -> None:
        stream = ReadableStream.from_chunks(_abc())
        one, other = stream.tee()
        assert stream.locked
        seen = [chunk async for chunk in one.chunks()]
        assert seen == [chunk async for chunk in other.chunks()] == [b"a", b"b", b"c"]

    run(main())


def test_a_teed_source_is_cancelled_when_nobody_is_left() -> None:
    async def main() -> None:
        reasons: list[Any] = []
        stream = js.ReadableStream.new(obj(cancel=reasons.append))
        one, other = stream.tee()
        await one.cancel("a")
        assert reasons == []
        await other.cancel("b")
        assert reasons == ["b"]

    run(main())


def test_async_iteration() -> None:
    async def main() -> None:
        values: list[Any] = [value.to_bytes() async for value in ReadableStream.from_chunks(_abc())]
        assert values == [b"a", b"b", b"c"]
        stream: Any = js.ReadableStream.from_([1, "x", obj(a=1)])
        assert [str(value) async for value in stream.values()] == ["1", "x", "[object Object]"]
        kept: Any = js.ReadableStream.from_([1, 2, 3])
        async for _ in kept.values(preventCancel=True):
            break

    run(main())


def test_a_stream_of_user_code() -> None:
    async def main() -> None:
        log: list[Any] = []

        async def pull(controller: Any) -> None:
            await asyncio.sleep(0)
            log.append(f"pull {controller.desiredSize}")
            controller.enqueue(len(log))
            if len(log) == 3:
                controller.close()

        stream = js.ReadableStream.new(obj(start=lambda c: log.append(f"start {c.desiredSize}"), pull=pull))
        assert [value async for value in stream] == [2, 3]
        assert log == ["start 1", "pull 1", "pull 1"]

    run(main())


def test_the_controller() -> None:
    async def main() -> None:
        kept: list[Any] = []
        stream = js.ReadableStream.new(
            obj(start=kept.append), obj(highWaterMark=3, size=lambda chunk: len(chunk))
        )
        controller = kept[0]
        reader = stream.getReader()
        waiting = reader.read()
        assert not waiting.settled
        controller.enqueue("ab")
        assert (await waiting).value == "ab"
        controller.enqueue("c")
        assert controller.desiredSize == 2
        controller.close()
        refused("TypeError", "Unable to enqueue", lambda: controller.enqueue("d"))
        refused("TypeError", "The stream has already been closed.", controller.close)
        assert (await reader.read()).value == "c"
        assert (await reader.read()).done

        failed = js.ReadableStream.new(obj(start=lambda c: c.error(type_error("bad"))))
        with raises("TypeError", "bad"):
            await failed.getReader().read()

        async def fails_later(controller: Any) -> None:
            await asyncio.sleep(0)
            raise type_error("late")

        with raises("TypeError", "late"):
            await js.ReadableStream.new(obj(start=fails_later)).getReader().read()
        with raises("TypeError", "late"):
            await js.ReadableStream.new(obj(pull=fails_later)).getReader().read()

    run(main())


def test_reads_that_come_during_a_pull_are_served_too() -> None:
    async def main() -> None:
        count = 0

        async def pull(controller: Any) -> None:
            nonlocal count
            count += 1
            controller.enqueue(count)
            await asyncio.sleep(0)

        reader = js.ReadableStream.new(obj(pull=pull)).getReader()
        results = await asyncio.gather(*(reader.read() for _ in range(4)))
        assert [result.value for result in results] == [1, 2, 3, 4]

    run(main())


def test_a_body_must_give_bytes() -> None:
    async def main() -> None:
        with raises("TypeError", "This ReadableStream did not return bytes."):
            await js.Response.new(js.ReadableStream.from_(["text"])).text()
        stream = js.ReadableStream.from_([JsUint8Array.of_bytes(b"a"), JsUint8Array.of_bytes(b"b").buffer])
        assert await js.Response.new(stream).text() == "ab"

    run(main())


def test_byob_reader() -> None:
    async def main() -> None:
        reader = js.Response.new("abcde").body.getReader(mode="byob")
        first = await reader.read(JsUint8Array.of_bytes(bytes(3)))
        rest = await reader.readAtLeast(2, JsUint8Array.of_bytes(bytes(9)))
        end = await reader.read(JsUint8Array.of_bytes(bytes(9)))
        assert [first.value.to_bytes(), rest.value.to_bytes(), end.done] == [b"abc", b"de", True]
        with pytest.raises(JsException, match="is not of type 'ArrayBufferView'"):
            await reader.read()
        with pytest.raises(JsException, match="positive-sized TypedArray"):
            await reader.read(JsUint8Array.of_bytes(b""))
        with pytest.raises(JsException, match='mode must be undefined or "byob"'):
            js.Response.new("x").body.getReader(mode="x")

    run(main())


def test_a_writer_learns_that_the_reader_went_away() -> None:
    async def check() -> str:
        pair = js.TransformStream.new()
        writer = pair.writable.getWriter()
        writer.write(b"a").mark_handled()
        chunks = pair.readable.chunks()
        async for _ in chunks:
            break
        await chunks.aclose()
        with pytest.raises(JsException) as raised:
            await writer.write(b"b")
        return str(raised.value)

    assert run(check()) == "Error: Network connection lost."
