"""One run of `edge dev`, from reading the configuration to closing the stores."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Protocol

from edge.containers.fleet import Fleet
from edge.errors import UserError
from edge.http.httpx_transport import HttpxTransport
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.files import raise_open_files_limit
from edge.kernel.tasks import log_failure, run_to_end, spawn
from edge.server.app import INSPECTOR_PATH, FrontDoor
from edge.world import World
from sandbox.engines.names import engine_maker
from wrangler_compat.config.load import Loaded, LoadOptions, load
from wrangler_compat.dev.console import Console, summary
from wrangler_compat.dev.listener import is_loopback, listen, url_of
from wrangler_compat.dev.options import DevOptions
from wrangler_compat.dev.state_folder import StateFolder
from wrangler_compat.dev.tracing import Tracing
from wrangler_compat.modules.dialect import PythonDialect

#: What requests, and then background work, are given when the user stops the server.
GRACE_S = 30.0
_INTERRUPTED = 130


class Server(Protocol):
    """Serves the front door on a socket."""

    async def serve(self, ready: Callable[[], None]) -> None: ...

    def stop(self) -> None: ...


def run(options: DevOptions) -> None:
    """Serve until interrupted. Raises UserError."""
    console = Console(options.log_level)
    console.install()
    raise_open_files_limit()
    loaded = load(options.configs, _load_options(options))
    for note in loaded.notes:
        console.say(note)
    for warning in loaded.warnings:
        console.warn(warning)
    if loaded.dev.https and not options.https:
        console.warn('"dev.local_protocol" is "https": for that, start with --server hypercorn --https')
    host = options.host or loaded.dev.host
    listener = listen(host, loaded.dev.port if options.port is None else options.port)
    with StateFolder(state_dir(options)) as folder, asyncio.Runner(loop_factory=_new_loop) as runner:
        folder.take(loaded.world)
        run_to_end(runner.get_loop(), Session(options, loaded, console, listener, folder).run())


def _load_options(options: DevOptions) -> LoadOptions:
    return LoadOptions(
        environment=options.environment,
        variables=options.variables,
        env_files=options.env_files,
        allow_unsupported=options.allow_unsupported,
        strict_ffi=options.strict_ffi,
    )


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class Session:
    """A world, the server in front of it, and the watch that reloads it."""

    def __init__(
        self,
        options: DevOptions,
        loaded: Loaded,
        console: Console,
        listener: socket.socket,
        folder: StateFolder,
    ) -> None:
        self._options = options
        self._folder = folder
        self._loaded = loaded
        self._console = console
        self._listener = listener
        self._stop = asyncio.Event()
        self._is_interrupted = False
        self._clock = WallClock()
        self._outbound = HttpxTransport()
        self._tracing = Tracing.of(self._clock, options.trace, pages=_inspects(options, listener))
        self._server: Server | None = None
        self._world = World(
            loaded.world,
            dialect=PythonDialect(),
            clock=self._clock,
            state_dir=state_dir(options),
            durability=options.durability,
            outbound=self._outbound,
            network=options.profile,
            faults=options.faults,
            tracer=self._tracing.tracer,
            engine=engine_maker(options.engine or "auto", package_cache=options.package_cache),
            subrequests=options.subrequests,
        )
        self._place = None if options.place is None else _place(options.place)

    async def run(self) -> None:
        """Start, serve, stop. Raises UserError when the Workers do not load."""
        loop = asyncio.get_running_loop()
        tasks.install(loop)
        for number in (signal.SIGINT, signal.SIGTERM):
            # Not the loop's own way, which has to wait for a Worker that blocks.
            signal.signal(number, lambda *_: self._interrupted(loop))
        try:
            await self._world.start()
            for line in summary(self._loaded.world):
                self._console.say(line)
            if self._world.fleet is not None:
                await self._say_isolation(self._world.fleet)
            self._server = self._make_server()
            if self._stop.is_set():  # interrupted while it was starting
                self._server.stop()
            await self._server.serve(self._ready)
        finally:
            self._stop.set()
            await self._world.close(GRACE_S)
            await self._outbound.close()
            self._tracing.close()
            self._console.flush()

    async def _say_isolation(self, fleet: Fleet) -> None:
        """What keeps containers apart is worth a line before anything runs in one."""
        await fleet.opened()
        self._console.say(f"Containers: {fleet.engine.name}. {fleet.engine.isolation()}")

    def _make_server(self) -> Server:
        door = FrontDoor(
            self._world,
            self._clock,
            on_answer=self._console.answered,
            place=self._place,
            pages=self._tracing.pages(self._world),
        )
        if self._options.server == "hypercorn":
            from edge.server.serve_hypercorn import HypercornServer

            return HypercornServer(
                door,
                self._listener,
                grace_s=GRACE_S,
                tls=self._options.https,
                certificate=self._options.cert,
                key=self._options.key,
            )
        from edge.server.serve import UvicornServer

        return UvicornServer(door, self._listener, grace_s=GRACE_S)

    def _ready(self) -> None:
        gc.freeze()  # modules and classes stay: collections need not look at them
        gc.enable()
        scheme = "https" if self._options.https else "http"
        self._console.say(f"Ready on {url_of(self._listener, scheme)}")
        if self._tracing.recorder is not None:
            self._console.say(f"Inspector on {url_of(self._listener, scheme)}{INSPECTOR_PATH}")
        if self._options.reload:
            spawn(self._reload_on_change(), name="reload on change").add_done_callback(log_failure)

    def _interrupted(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called between any two instructions. The first time: finish what is under way. The second time:
        no more patience."""
        with suppress(RuntimeError):  # this may have come in the middle of a write
            if self._is_interrupted:
                self._console.flush()
            else:
                self._console.say("Shutting down (again to stop at once)…")
        if self._is_interrupted:
            os._exit(_INTERRUPTED)
        self._is_interrupted = True
        loop.call_soon_threadsafe(self._stop_serving)

    def _stop_serving(self) -> None:
        self._stop.set()
        if self._server is not None:
            self._server.stop()

    async def _reload_on_change(self) -> None:
        from wrangler_compat.dev.watch import Watched, changes

        while not self._stop.is_set():
            watched = Watched.of(self._loaded.world, self._loaded.files)
            async with aclosing(changes(watched, self._stop)) as found:
                async for changed in found:
                    await self._reload(changed)
                    if Watched.of(self._loaded.world, self._loaded.files) != watched:
                        break  # the project has other folders now

    async def _reload(self, changed: set[Path]) -> None:
        started_s = self._clock.monotonic()
        try:
            loaded = load(self._options.configs, _load_options(self._options))
            self._folder.take(loaded.world)
            await self._world.reload(loaded.world)
        except UserError as error:
            self._console.error(f"{error}\nThe code from before goes on serving.")
            return
        self._loaded = loaded
        for warning in loaded.warnings:
            self._console.warn(warning)
        names = ", ".join(sorted(path.name for path in changed)[:3])
        self._console.say(f"Reloaded ({names}) in {round((self._clock.monotonic() - started_s) * 1000)}ms")


def _inspects(options: DevOptions, listener: socket.socket) -> bool:
    """Unless told otherwise only where nobody else can look: what it shows is private."""
    return is_loopback(listener) if options.inspector is None else options.inspector


def _place(name: str) -> str:
    from edge.network.places import find_place

    return find_place(name).code


def state_dir(options: DevOptions) -> Path:
    """Where data is kept, as wrangler has it (spec wrangler.md section 5); the products add `v3`."""
    return (options.persist_to or options.configs[0].parent / ".wrangler" / "state").resolve()
