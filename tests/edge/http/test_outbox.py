"""Frames that wait for an object's output gate."""

from __future__ import annotations

import asyncio

from edge.http.frames import Frame
from edge.http.outbox import Outbox
from edge.js.errors import error
from tests.loops import run

Told = list[Frame | str]


def _outbox(told: Told) -> Outbox:
    return Outbox(told.append, lambda: told.append("broken"))


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def test_a_frame_leaves_when_what_was_written_before_it_is_durable() -> None:
    async def main() -> None:
        told: Told = []
        outbox, first, second = _outbox(told), _future(), _future()
        outbox.post("one", first)
        outbox.post("two", None)
        outbox.post("three", second)
        assert told == []
        first.set_result(None)
        await asyncio.sleep(0)
        assert told == ["one", "two"]
        second.set_result(None)
        await asyncio.sleep(0)
        assert told == ["one", "two", "three"]

    run(main())


def test_frames_whose_writes_were_lost_never_leave_nor_do_those_behind_them() -> None:
    async def main() -> None:
        told: Told = []
        outbox, first, second = _outbox(told), _future(), _future()
        outbox.post("one", first)
        outbox.post("two", second)
        outbox.post("three", None)
        first.set_result(None)
        second.set_exception(error("Network connection lost."))  # before the callback of the first has run
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (told, bool(outbox)) == (["one", "broken"], False)

    run(main())
