"""What holds the virtual loop, and what it says when nothing comes of it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

from edge.kernel.clock import VirtualClock
from edge.kernel.loop import VirtualLoop
from tests.loops import run_virtual


def stalled(main: Callable[[VirtualClock], Awaitable[None]], *, limit_s: float = 60.0) -> str:
    """The reason the loop gives when `main` gets nowhere."""
    clock = VirtualClock()

    async def watched() -> str:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        reason: asyncio.Future[str] = loop.create_future()
        loop.watch(reason.set_result, patience_s=0.1, limit_s=limit_s)
        work = loop.create_task(main(clock))  # type: ignore[arg-type]
        why = await reason
        loop.watch(None)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return why

    return run_virtual(watched(), clock)


def test_a_thread_holds_the_clock() -> None:
    clock = VirtualClock()

    async def main() -> str:
        async with asyncio.timeout(30):
            return await asyncio.to_thread(lambda: time.sleep(0.12) or "done")

    assert run_virtual(main(), clock) == "done"
    assert clock.elapsed_s == 0
    assert clock.held_by == []


def test_an_open_connection_holds_the_clock_and_a_listening_socket_does_not() -> None:
    clock = VirtualClock()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(time.sleep, 0.1)
        writer.write(await reader.readline())
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        await clock.sleep(3600)  # with the server open
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(30):
            writer.write(b"hello\n")
            line = await reader.readline()
        writer.close()
        server.close()
        return line

    assert run_virtual(main(), clock) == b"hello\n"
    assert clock.elapsed_s == 3600


def test_a_process_holds_the_clock() -> None:
    clock = VirtualClock()

    async def main() -> bytes:
        async with asyncio.timeout(30):
            process = await asyncio.create_subprocess_exec(
                "sh", "-c", "sleep 0.1; echo out", stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
        return output

    assert run_virtual(main(), clock) == b"out\n"
    assert clock.elapsed_s == 0


def test_waiting_for_nothing() -> None:
    async def main(clock: VirtualClock) -> None:
        await asyncio.get_running_loop().create_future()

    assert stalled(main) == "nothing is scheduled, and no real work is under way that could go on"


def test_a_hold_that_never_ends_is_named() -> None:
    async def main(clock: VirtualClock) -> None:
        with clock.hold("the build of an image"):
            await clock.sleep(1)

    assert stalled(main) == "virtual time has stood still for 0.1 s, held by the build of an image"


def test_a_silent_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def main(clock: VirtualClock) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await reader.read()
            finally:
                writer.close()

        why = stalled(main)
    assert why == f"virtual time has stood still for 0.1 s, held by an open connection to 127.0.0.1:{port}"


def test_work_without_end_is_noticed() -> None:
    async def main(clock: VirtualClock) -> None:
        while True:
            await clock.sleep(1)

    assert stalled(main, limit_s=0.2) == ("it has run for 0.2 s of real time, and there is always more to do")


def test_turns_without_time_are_noticed() -> None:
    async def main(clock: VirtualClock) -> None:
        while True:
            await asyncio.sleep(0)

    assert stalled(main, limit_s=0.2) == ("it has run for 0.2 s of real time, and there is always more to do")
