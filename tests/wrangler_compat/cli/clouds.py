"""`edge cloud` in a thread, and the environment that leads to it."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.running import serving
from wrangler_compat.dev.listener import listen

_Started = tuple[dict[str, str], asyncio.AbstractEventLoop, asyncio.Event]


@contextmanager
def cloud_in_a_thread() -> Iterator[dict[str, str]]:
    """The environment of the only account of a cloud in memory that answers on a socket."""
    started: queue.Queue[_Started | Exception] = queue.Queue()

    async def main() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        tasks.install(loop)
        cloud = Cloud(None, WallClock(), RandomStreams(1))
        account = cloud.accounts.ensure("test")
        try:
            async with serving(cloud, listen("127.0.0.1", 0)) as running:
                started.put((running.environment(account), loop, stop))
                await stop.wait()
        finally:
            await cloud.close()

    def run() -> None:
        try:
            asyncio.run(main())
        except Exception as failure:
            started.put(failure)
            raise

    thread = threading.Thread(target=run, name="cloud")
    thread.start()
    found = started.get(timeout=30)
    if isinstance(found, Exception):
        raise found
    environment, loop, stop = found
    try:
        yield environment
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=30)
