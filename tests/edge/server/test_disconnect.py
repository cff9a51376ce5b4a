from __future__ import annotations

import asyncio
from typing import Any

from edge.http.request import Request
from edge.server.disconnect import WATCH_AFTER_S, Ageing, Watch
from edge.server.incoming import IncomingBody
from tests.loops import run_virtual


class Connection:
    """A client that says nothing until it is told to go away."""

    def __init__(self) -> None:
        self.reads = 0
        self.left = asyncio.Event()

    async def receive(self) -> Any:
        self.reads += 1
        await self.left.wait()
        return {"type": "http.disconnect"}


def request() -> Request:
    return Request.incoming("GET", "http://x/", [])


def test_quick_answers_are_not_watched() -> None:
    async def check() -> None:
        connection = Connection()
        watch = Watch(Ageing(), request(), connection.receive, None)
        await asyncio.sleep(WATCH_AFTER_S / 2)
        watch.stop()
        await asyncio.sleep(1)
        assert connection.reads == 0

    run_virtual(check())


def test_slow_ones_are_and_are_cancelled() -> None:
    async def check() -> None:
        connection, asked = Connection(), request()
        cancelled = asyncio.Event()

        async def handle() -> None:
            watch = Watch(Ageing(), asked, connection.receive, None)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                assert watch.gone
                cancelled.set()
            finally:
                watch.stop()

        task = asyncio.create_task(handle())
        await asyncio.sleep(3 * WATCH_AFTER_S)
        assert connection.reads == 1
        assert not asked.signal.aborted
        connection.left.set()
        await cancelled.wait()
        await task
        assert asked.signal.aborted

    run_virtual(check())


def test_a_body_on_its_way_is_read_by_the_worker_first() -> None:
    async def check() -> None:
        connection = Connection()
        parts = [{"type": "http.request", "body": b"b", "more_body": False}]

        async def receive() -> Any:
            return parts.pop(0) if parts else await connection.receive()

        body = IncomingBody(b"a", receive)
        watch = Watch(Ageing(), request(), receive, body)
        await asyncio.sleep(1)
        assert connection.reads == 0
        assert [part async for part in body.parts()] == [b"a", b"b"]
        await asyncio.sleep(0)
        assert connection.reads == 1
        watch.stop()

    run_virtual(check())
