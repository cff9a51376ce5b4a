from __future__ import annotations

import asyncio
import zlib
from typing import Any

import pytest

from edge.js.errors import type_error
from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run


def _bytes(data: bytes) -> Any:
    return JsUint8Array.of_bytes(data)


def test_a_write_is_done_when_it_was_read() -> None:
    async def main() -> None:
        stream = js.TransformStream.new()
        writer, reader = stream.writable.getWriter(), stream.readable.getReader()
        written = writer.write("a")
        await asyncio.sleep(0)
        assert not written.settled
        assert (await reader.read()).value == "a"
        await written
        read = reader.read()
        await writer.write("b")
        assert (await read).value == "b"
        end = reader.read()
        await writer.close()
        assert (await end).done

    run(main())


def test_streaming_through_a_response_as_the_recorded_worker_does() -> None:
    async def main() -> None:
        stream = js.TransformStream.new()
        writer = stream.writable.getWriter()

        async def produce() -> None:
            for index in range(3):
                await writer.write(_bytes(f"chunk{index};".encode()))
            await writer.close()

        task = asyncio.ensure_future(produce())
        response = js.Response.new(stream.readable)
        assert [chunk async for chunk in response.take_payload().chunks()] == [
            b"chunk0;",
            b"chunk1;",
            b"chunk2;",
        ]
        await task

    run(main())


def test_a_writer_learns_that_the_reader_left() -> None:
    async def main() -> None:
        stream = js.TransformStream.new()
        written = stream.writable.getWriter().write("a")
        await stream.readable.cancel(type_error("enough"))
        with raises("TypeError", "enough"):
            await written

    run(main())


def test_a_reader_learns_that_the_writer_gave_up() -> None:
    async def main() -> None:
        stream = js.TransformStream.new()
        read = stream.readable.getReader().read()
        await stream.writable.getWriter().abort(type_error("sorry"))
        with raises("TypeError", "sorry"):
            await read

    run(main())


def test_transformers() -> None:
    async def main() -> None:
        async def transform(chunk: Any, controller: Any) -> None:
            await asyncio.sleep(0)
            controller.enqueue(chunk * 2)

        transformer = obj(
            start=lambda controller: controller.enqueue("start"),
            transform=transform,
            flush=lambda controller: controller.enqueue("flush"),
        )
        stream = js.ReadableStream.from_(["a", "b"]).pipeThrough(js.TransformStream.new(transformer))
        assert [value async for value in stream] == ["start", "aa", "bb", "flush"]

    run(main())


def test_a_failing_transformer_errors_both_sides() -> None:
    async def main() -> None:
        def transform(chunk: Any, controller: Any) -> None:
            raise type_error("cannot")

        stream = js.TransformStream.new(obj(transform=transform))
        read = stream.readable.getReader().read()
        with raises("TypeError", "cannot"):
            await stream.writable.getWriter().write(1)
        with raises("TypeError", "cannot"):
            await read

    run(main())


def test_a_transformer_is_held_back_by_its_reader() -> None:
    async def main() -> None:
        seen: list[Any] = []
        stream = js.TransformStream.new(obj(transform=lambda chunk, controller: seen.append(chunk)))
        written = stream.writable.getWriter().write("a")
        await asyncio.sleep(0)
        assert seen == []
        read = stream.readable.getReader().read()
        await written
        assert seen == ["a"]
        assert not read.settled
        stream.readable._source.terminate()
        assert (await read).done

    run(main())


def test_identity_streams_take_only_bytes() -> None:
    async def main() -> None:
        writer = js.IdentityTransformStream.new().writable.getWriter()
        with raises(
            "TypeError",
            "This TransformStream is being used as a byte stream, but received a string on its writable "
            "side. If you wish to write a string, you'll probably want to explicitly UTF-8-encode it with "
            "TextEncoder.",
        ):
            await writer.write("text")
        writer = js.IdentityTransformStream.new().writable.getWriter()
        with raises(
            "TypeError",
            "This TransformStream is being used as a byte stream, but received an object of "
            "non-ArrayBuffer/ArrayBufferView type on its writable side.",
        ):
            await writer.write(obj())

    run(main())


def test_fixed_length() -> None:
    async def main() -> None:
        stream = js.FixedLengthStream.new(3)
        assert stream.readable.length == 3
        writer = stream.writable.getWriter()
        with raises("TypeError", "Attempt to write too many bytes through a FixedLengthStream."):
            await writer.write(_bytes(b"abcd"))
        writer = js.FixedLengthStream.new(3).writable.getWriter()
        with raises("TypeError", "FixedLengthStream did not see all expected bytes before close()."):
            await writer.close()
        stream = js.FixedLengthStream.new(2)
        response = js.Response.new(stream.readable)
        text = response.text()
        writer = stream.writable.getWriter()
        await writer.write(_bytes(b"ab"))
        await writer.close()
        assert await text == "ab"
        with pytest.raises(Exception, match="integer expected length"):
            js.FixedLengthStream.new(1.5)

    run(main())


@pytest.mark.parametrize(("format", "window"), [("gzip", 31), ("deflate", 15), ("deflate-raw", -15)])
def test_compression(format: str, window: int) -> None:
    async def main() -> None:
        data = bytes(range(256)) * 400
        packed = js.Response.new(_bytes(data)).body.pipeThrough(js.CompressionStream.new(format))
        compressed = (await js.Response.new(packed).bytes()).to_bytes()
        assert zlib.decompress(compressed, window) == data
        unpacked = js.Response.new(_bytes(compressed)).body.pipeThrough(js.DecompressionStream.new(format))
        assert (await js.Response.new(unpacked).bytes()).to_bytes() == data

    run(main())


def test_compression_failures() -> None:
    async def read(data: bytes) -> None:
        stream = js.Response.new(_bytes(data)).body.pipeThrough(js.DecompressionStream.new("gzip"))
        await js.Response.new(stream).text()

    async def main() -> None:
        whole = zlib.compress(b"x" * 100, wbits=31)
        with raises("TypeError", "Decompression failed."):
            await read(b"nonsense")
        with raises("TypeError", "Trailing bytes after end of compressed data"):
            await read(whole + b"x")
        with raises("TypeError", "Called close() on a decompression stream with incomplete data"):
            await read(whole[:-4])

    run(main())
    refused(
        "TypeError",
        "The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.",
        lambda: js.CompressionStream.new("br"),
    )


def test_a_pipe_whose_owner_is_cut_off_tells_both_ends() -> None:
    """A Durable Object that passes a body on may be put away in the middle of it."""

    async def main() -> None:
        cancelled: list[str] = []
        source = js.ReadableStream.new(obj(cancel=lambda reason: cancelled.append(str(reason))))
        passage = js.IdentityTransformStream.new()
        read = passage.readable.getReader().read()
        source.pipeTo(passage.writable).mark_handled()
        await asyncio.sleep(0)
        (pipe,) = (task for task in asyncio.all_tasks() if task.get_name() == "stream.pipe")
        pipe.cancel()
        with raises("Error", "Network connection lost."):
            await read
        assert cancelled == ["Error: Network connection lost."]

    run(main())
