"""A cloud for tests: on loopback, in memory unless a folder is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TypeVar

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.running import serving
from wrangler_compat.dev.listener import listen

START_WAIT_S = 30
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RunningCloud:
    """Where a cloud answers, and how to reach its account `test`."""

    cloud: Cloud
    origin: str
    url: str
    token: str
    account_id: str
    registry: str
    #: What wrangler, the official Python package and `edge` read from the environment.
    environment: dict[str, str]
    loop: asyncio.AbstractEventLoop

    def look(self, at: Callable[[Cloud], _T]) -> _T:
        """What `at` finds in the cloud, seen from the thread that serves it."""

        async def seen() -> _T:
            return at(self.cloud)

        return asyncio.run_coroutine_threadsafe(seen(), self.loop).result(START_WAIT_S)


@asynccontextmanager
async def running_cloud(folder: Path | None = None, *, serve: bool = False) -> AsyncIterator[RunningCloud]:
    """A cloud served by this event loop, for clients that are coroutines. With `serve` Workers run in it."""
    cloud = Cloud(folder, WallClock(), RandomStreams(), serve=serve)
    try:
        account = cloud.accounts.ensure("test")
        async with serving(cloud, listen("127.0.0.1", 0)) as running:
            environment = running.environment(account)
            loop = asyncio.get_running_loop()
            yield RunningCloud(
                cloud,
                running.origin,
                running.url,
                account.token,
                account.id,
                running.registry,
                environment,
                loop,
            )
    finally:
        await cloud.close()


@contextmanager
def cloud_in_thread(folder: Path | None = None, *, serve: bool = False) -> Iterator[RunningCloud]:
    """A cloud served by a loop of its own, for clients that block: the real wrangler, `edge` in a process."""
    loop = asyncio.new_event_loop()
    tasks.install(loop)
    thread = Thread(target=loop.run_forever)
    thread.start()
    context = running_cloud(folder, serve=serve)

    def wait_for(coroutine: object) -> RunningCloud:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(START_WAIT_S)  # type: ignore[arg-type]

    try:
        yield wait_for(context.__aenter__())
        wait_for(context.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
