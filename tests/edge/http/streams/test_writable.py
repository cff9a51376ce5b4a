from __future__ import annotations

import asyncio
from typing import Any

from edge.js.errors import type_error
from edge.js.proxy import jsnull
from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run

LOCKED = "This WritableStream is currently locked to a writer."


def _chunk(data: bytes) -> JsUint8Array:
    return JsUint8Array(JsUint8Array.of_bytes(data).buffer)


def test_a_sink_of_user_code() -> None:
    async def main() -> None:
        log: list[Any] = []

        async def write(chunk: Any, controller: Any) -> None:
            await asyncio.sleep(0)
            log.append(chunk)

        stream = js.WritableStream.new(
            obj(start=lambda c: log.append("start"), write=write, close=lambda: log.append("close"))
        )
        writer = stream.getWriter()
        refused("TypeError", LOCKED, stream.getWriter)
        with raises("TypeError", LOCKED):
            await stream.close()
        assert writer.desiredSize == 1
        first = writer.write("a")
        assert (writer.desiredSize, writer.ready.settled) == (0, False)
        second = writer.write("b")
        await asyncio.gather(first, second, writer.close(), writer.closed)
        assert log == ["start", "a", "b", "close"]
        with raises("TypeError", "This WritableStream has been closed."):
            await writer.write("c")

    run(main())


def test_ready_follows_backpressure() -> None:
    async def main() -> None:
        taken: list[Any] = []
        gate = asyncio.Event()

        async def write(chunk: Any, controller: Any) -> None:
            await gate.wait()
            taken.append(chunk)

        writer = js.WritableStream.new(obj(write=write), obj(highWaterMark=2)).getWriter()
        await writer.ready
        one, two = writer.write(1), writer.write(2)
        ready = writer.ready
        assert not ready.settled
        gate.set()
        await ready
        await asyncio.gather(one, two)
        assert taken == [1, 2]

    run(main())


def test_a_failing_sink_errors_the_stream() -> None:
    async def main() -> None:
        def write(chunk: Any, controller: Any) -> None:
            raise type_error("full")

        writer = js.WritableStream.new(obj(write=write)).getWriter()
        for promise in (writer.write(1), writer.write(2), writer.closed, writer.ready):
            with raises("TypeError", "full"):
                await promise
        assert writer.desiredSize is jsnull

    run(main())


def test_abort_reaches_the_sink() -> None:
    async def main() -> None:
        reasons: list[Any] = []
        writer = js.WritableStream.new(obj(abort=reasons.append)).getWriter()
        await writer.abort("why")
        assert reasons == ["why"]
        with raises("Error", "why"):
            await writer.write(1)

    run(main())


def test_a_released_writer_is_dead() -> None:
    async def main() -> None:
        stream = js.WritableStream.new()
        writer = stream.getWriter()
        writer.releaseLock()
        for action in (writer.write, writer.close, writer.abort):
            with raises("TypeError", "This WritableStream writer has been released."):
                await action()
        await js.WritableStreamDefaultWriter.new(stream).write("x")

    run(main())


def test_piping() -> None:
    async def main() -> None:
        log: list[Any] = []
        sink = obj(write=lambda chunk, controller: log.append(chunk), close=lambda: log.append("close"))
        await js.ReadableStream.from_([1, 2]).pipeTo(js.WritableStream.new(sink))
        assert log == [1, 2, "close"]
        target = js.WritableStream.new(sink)
        await js.ReadableStream.from_([3]).pipeTo(target, preventClose=True)
        assert log == [1, 2, "close", 3]
        assert not target.locked
        with raises("TypeError", LOCKED):
            target.getWriter()
            await js.ReadableStream.from_([3]).pipeTo(target)

    run(main())


def test_piping_passes_failures_on() -> None:
    async def main() -> None:
        log: list[Any] = []
        source = js.ReadableStream.new(obj(pull=lambda c: c.error(type_error("src")), cancel=log.append))
        with raises("TypeError", "src"):
            await source.pipeTo(js.WritableStream.new(obj(abort=lambda reason: log.append(str(reason)))))
        assert log == ["TypeError: src"]

        def full(chunk: Any, controller: Any) -> None:
            raise type_error("full")

        source = js.ReadableStream.new(
            obj(pull=lambda c: c.enqueue(1), cancel=lambda reason: log.append(str(reason)))
        )
        with raises("TypeError", "full"):
            await source.pipeTo(js.WritableStream.new(obj(write=full)))
        assert log == ["TypeError: src", "TypeError: full"]

    run(main())


def test_an_aborted_signal_ends_a_pipe() -> None:
    async def main() -> None:
        controller, log = js.AbortController.new(), []
        controller.abort()
        source = js.ReadableStream.new(obj(cancel=lambda reason: log.append(reason.name)))
        with raises("AbortError", "The operation was aborted"):
            await source.pipeTo(js.WritableStream.new(), signal=controller.signal)
        assert log == ["AbortError"]

    run(main())


def test_pipe_through_wants_a_pair() -> None:
    refused(
        "TypeError",
        "Failed to execute 'pipeThrough' on 'ReadableStream': parameter 1 is not of type 'Transform'.",
        lambda: js.Response.new("x").body.pipeThrough(obj()),
    )


def test_a_pipe_can_leave_its_ends_alone() -> None:
    async def main() -> None:
        log: list[Any] = []
        failing = js.ReadableStream.new(obj(pull=lambda c: c.error(type_error("src"))))
        target = js.WritableStream.new(obj(abort=log.append))
        with raises("TypeError", "src"):
            await failing.pipeTo(target, preventAbort=True)
        await target.getWriter().write("still open")

        def full(chunk: Any, controller: Any) -> None:
            raise type_error("full")

        source = js.ReadableStream.new(obj(pull=lambda c: c.enqueue(1), cancel=log.append))
        with raises("TypeError", "full"):
            await source.pipeTo(js.WritableStream.new(obj(write=full)), preventCancel=True)
        assert not (await source.getReader().read()).done

        controller = js.AbortController.new()
        controller.abort(type_error("stop"))
        with raises("TypeError", "stop"):
            await js.ReadableStream.new(obj(cancel=log.append)).pipeTo(
                js.WritableStream.new(obj(abort=log.append)),
                signal=controller.signal,
                preventAbort=True,
                preventCancel=True,
            )
        assert log == []
        with raises(
            "TypeError",
            "Failed to execute 'pipeTo' on 'ReadableStream': parameter 1 is not of type 'WritableStream'.",
        ):
            await js.Response.new("x").body.pipeTo(obj())

    run(main())


def test_a_sink_may_start_late_and_fail_through_its_controller() -> None:
    async def main() -> None:
        log: list[Any] = []

        async def start(controller: Any) -> None:
            await asyncio.sleep(0)
            log.append("started")

        def write(chunk: Any, controller: Any) -> None:
            log.append(chunk)
            controller.error(type_error("no more"))

        stream = js.WritableStream.new(obj(start=start, write=write))
        await stream.getWriter().write(1)
        assert log == ["started", 1]
        stream._writer.releaseLock()
        with raises("TypeError", "no more"):
            await stream.getWriter().write(2)

    run(main())
