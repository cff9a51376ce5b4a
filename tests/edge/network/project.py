"""A small project with everything that distance and faults touch, as a world in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.config import DurableBinding, KvBinding, ServiceBinding, WorkerConfig, WorldConfig
from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Tracer
from edge.trace.record import SpanRecord
from edge.trace.recorder import Recorder
from edge.world import World
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

CODE = """
import asyncio
from js import TransformStream, WebSocketPair
from pyodide.ffi import to_js
from workers import DurableObject, Response, WorkerEntrypoint


class Room(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.memory = 0

    async def incr(self):
        self.memory += 1
        value = (await self.ctx.storage.get("n") or 0) + 1
        await self.ctx.storage.put("n", value)
        return [value, self.memory]

    async def read(self):
        return [await self.ctx.storage.get("n"), self.memory]

    async def alone(self):
        async def work():
            value = (await self.ctx.storage.get("n") or 0) + 1
            await asyncio.sleep(0.01)
            await self.ctx.storage.put("n", value)
            return [value, self.memory]

        return await self.ctx.blockConcurrencyWhile(work)

    async def slow(self, seconds):
        self.memory += 1
        await asyncio.sleep(seconds)
        return self.memory

    async def order(self, number):
        if number == 0:
            self.seen = []
        self.seen.append(number)
        return list(self.seen)

    async def fetch(self, request):
        if request.headers.get("upgrade") == "websocket":
            client, server = WebSocketPair.new().object_values()
            self.ctx.acceptWebSocket(server)
            return Response(None, status=101, web_socket=client)
        return ticks(4)

    async def webSocketMessage(self, socket, message):
        socket.send(f"echo {message}")


def ticks(count):
    pipe = TransformStream.new()
    writer = pipe.writable.getWriter()

    async def write():
        for number in range(count):
            await writer.write(to_js(f"{number}".encode()))
            await asyncio.sleep(0.25)
        await writer.close()

    asyncio.get_running_loop().create_task(write())
    return Response(pipe.readable)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        action, name, value, *_ = [*request.url.split("/")[3:], "", ""]
        hint = {"locationHint": value} if value else {}
        room = self.env.ROOM.getByName(name or "room", **hint)
        if action == "colo":
            return Response(f"{request.cf.colo} {request.cf.city} {request.cf.timezone}")
        if action == "incr":
            return Response(str(list(await room.incr())))
        if action == "read":
            return Response(str(list(await room.read())))
        if action == "self":
            return await self.env.SELF.fetch("http://self/colo-of-self")
        if action == "colo-of-self":
            return Response("here")
        if action == "alone":
            return Response(str(list(await room.alone())))
        if action == "slow":
            return Response(str(await room.slow(10)))
        if action == "order":
            answers = await asyncio.gather(*(room.order(number) for number in range(20)))
            return Response(str(list(answers[-1])))
        if action == "get":
            return Response(str(await self.env.KV.get(name)))
        if action == "put":
            await self.env.KV.put(name, value)
            return Response("ok")
        if action == "ticks":
            return ticks(4)
        if action in ("far-ticks", "socket"):
            return await room.fetch(request)
        if action == "wait":
            await asyncio.sleep(30)
            return Response("late")
        return Response("?", status=404)
"""


BINDINGS: Mapping[str, Any] = {
    "services": (ServiceBinding("SELF", "distant"),),
    "kv": (KvBinding("KV", "kv-id"),),
    "durable": (DurableBinding("ROOM", "Room"),),
    "durable_classes": {"Room": True},
}


class Project:
    """A world of the code above, and a client of it."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        self.world = world
        self.clock = clock

    async def ask(self, path: str, place: str | None = None, headers: Any = ()) -> Response:
        request = Request.incoming("GET", f"http://example.com/{path}", list(headers))
        return await self.world.dispatch(request, place=place)

    async def get(self, path: str, place: str | None = None) -> str:
        """The text of an answer."""
        return (await (await self.ask(path, place)).read_bytes()).decode()

    async def timed_ms(self, path: str, place: str | None = None) -> float:
        """How long an answer takes."""
        began_s = self.clock.monotonic()
        await self.get(path, place)
        return (self.clock.monotonic() - began_s) * 1000

    async def traced(self, path: str, place: str | None = None) -> list[SpanRecord]:
        """The spans of an answer."""
        recorder = Recorder()
        self.world.tracer = Tracer(self.clock, recorder)
        await self.get(path, place)
        return list(recorder.spans())


def play(
    scenario: Callable[[Project], Awaitable[None]],
    *,
    seed: int = 1,
    code: str = CODE,
    bindings: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    """Run `scenario` in a fresh world; `options` are those of World, `bindings` those of a Worker of another
    `code`."""
    clock = VirtualClock()

    async def whole(root: Path) -> None:
        (root / "main.py").write_text(code)
        worker = WorkerConfig(
            "distant",
            root,
            root / "main.py",
            "2026-10-01",
            ("python_workers",),
            **(BINDINGS if bindings is None else bindings),
        )
        world = World(WorldConfig((worker,)), dialect=PythonDialect(), clock=clock, seed=seed, **options)
        await world.start()
        try:
            await scenario(Project(world, clock))
        finally:
            await world.close()

    with TemporaryDirectory() as folder:
        run_virtual(whole(Path(folder)), clock)
