"""Frames that wait for an object's output gate."""

from __future__ import annotations

import asyncio

from edge.http.frames import Frame
from edge.http.outbox import Outbox
from edge.js.errors import error
from tests.loops import run


def test_a_gate_that_breaks_after_it_opened_lets_nothing_out_and_says_so() -> None:
    async def main() -> None:
        delivered: list[Frame] = []
        ends: list[str] = []
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        broken = False

        def hold() -> asyncio.Future[None] | None:
            if broken:
                raise error("Network connection lost.")
            return durable

        outbox = Outbox(delivered.append, lambda: ends.append("broken"))
        outbox.post("first", hold)
        outbox.post("second", None)
        durable.set_result(None)
        broken = True  # before the callback of the future has run
        await asyncio.sleep(0)
        assert (delivered, ends, bool(outbox)) == ([], ["broken"], False)

    run(main())
