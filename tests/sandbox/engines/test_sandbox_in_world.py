"""From a Worker through a Durable Object to the server of its sandbox: calls, streams, a lost container."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from edge.config import ContainerConfig, WorldConfig
from edge.kernel.clock import WallClock
from edge.world import World
from sandbox.engines.context import EngineContext
from sandbox.engines.supervised import Supervised
from tests.edge.worker.workers import text, worker
from tests.loops import run
from tests.sandbox.server.local import LocalEngine
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
import json
from pyodide.ffi import to_js


def plain(value):
    return to_js(value, dict_converter=js.Object.fromEntries)


class Box(DurableObject):
    async def call(self, method, path, body):
        container = self.ctx.container
        if not container.running:
            container.start(plain({"labels": {"sandbox-server": "1"}}))
        options = {"method": method}
        if body is not None:
            options |= {"body": json.dumps(body), "headers": {"content-type": "application/json"}}
        return await container.getTcpPort(3000).fetch(f"http://box{path}", plain(options))

    async def do(self, what):
        return await getattr(self, what)()

    async def run(self):
        answer = await self.call("POST", "/api/execute", {"command": "echo hi; pwd", "sessionId": "a"})
        return json.loads(await answer.text())["stdout"]

    async def together(self):
        begun = js.Date.now()
        await asyncio.gather(*(self.sleep("one") for _ in range(3)))
        return "one after the other" if js.Date.now() - begun >= 300 else "at once"

    async def sleep(self, session):
        await self.call("POST", "/api/execute", {"command": "sleep 0.1", "sessionId": session})

    async def stream(self):
        answer = await self.call("POST", "/api/execute/stream", {"command": "echo one; sleep 0.05; echo two"})
        reader = answer.body.getReader()
        kinds = []
        while not (part := await reader.read()).done:
            kinds.append(json.loads(bytes(part.value.to_py())[6:])["type"])
            await self.ctx.storage.put("seen", len(kinds))  # the gates of the object open and shut meanwhile
        return ",".join(kinds)

    async def lose(self):
        await self.call("POST", "/api/process/start", {"command": "echo up; sleep 60", "processId": "p"})
        answer = await self.call("GET", "/api/process/p/stream", None)
        reader = answer.body.getReader()
        await reader.read()
        pending = [asyncio.ensure_future(self.call("POST", "/api/execute", {"command": "sleep 60"}))]
        await asyncio.sleep(0.1)
        await self.ctx.container.destroy()
        told = []
        for waiting in (pending[0], reader.read()):
            try:
                await waiting
            except Exception as error:
                told.append(str(error))
        return "; ".join(told)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        try:
            return Response(await self.env.BOX.getByName("a").do(request.url.split("/")[-1]))
        except Exception as error:
            return Response(f"{type(error).__name__}: {error}")
"""


def playing(folder: Path, play: Callable[[World], Awaitable[None]]) -> None:
    config = worker(folder, SOURCE, classes=("Box",), containers=(ContainerConfig("Box", image="box:1"),))
    clock = WallClock()

    async def whole() -> None:
        (folder / "boxes").mkdir()
        engine = LocalEngine(folder / "boxes")
        world = World(
            WorldConfig((config,)),
            dialect=PythonDialect(),
            clock=clock,
            seed=1,
            engine=lambda made: Supervised(engine, EngineContext(clock, made.random)),
        )
        await world.start()
        try:
            async with asyncio.timeout(60):
                await play(world)
        finally:
            await world.close()

    run(whole())


def test_commands_and_streams(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        assert (await text(world, "/run")).startswith("hi\n/")
        assert await text(world, "/stream") == "start,stdout,stdout,complete"
        assert await text(world, "/together") == "one after the other"

    playing(tmp_path, play)


def test_a_container_that_goes_is_a_lost_connection(tmp_path: Path) -> None:
    async def play(world: World) -> None:
        told = (await text(world, "/lose")).split("; ")
        assert len(told) == 2
        assert all("Network connection lost." in error for error in told)

    playing(tmp_path, play)
