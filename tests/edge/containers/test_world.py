"""`ctx.container` as a Durable Object sees it, over an engine that the test holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.config import ContainerConfig, WorldConfig
from edge.containers.engine import StartFailed
from edge.errors import ConfigError
from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import VirtualClock
from edge.world import World
from tests.edge.containers.double import DoubleEngine
from tests.edge.worker.workers import text, worker
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
import js
from pyodide.ffi import to_js


def plain(value):
    return to_js(value, dict_converter=js.Object.fromEntries)


class Box(DurableObject):
    async def do(self, what, *args):
        return await getattr(self, what)(*args)

    async def running(self):
        return str(self.ctx.container.running)

    async def start(self, **options):
        self.ctx.container.start(plain(options))
        return str(self.ctx.container.running)

    async def start_twice(self):
        await self.start()
        return await self.start()

    async def bad_env(self):
        return await self.start(env={"A=B": "c"})

    async def full_start(self):
        labels = {"l": "m"}
        command = ["sh", "-c", "x"]
        return await self.start(entrypoint=command, env={"A": "1"}, enableInternet=True, labels=labels)

    async def other_start(self):
        await self.start(image="box:2", instance="standard-1")
        return (await self.ctx.container.inspect()).image

    async def short_start(self):
        return await self.start(hardTimeout=60_000)

    async def monitor(self):
        try:
            await self.ctx.container.monitor()
        except Exception as error:
            return str(error)
        return "ended well"

    async def watch(self):
        self.watching = asyncio.ensure_future(self.monitor())
        return "watching"

    async def watched(self):
        return await self.watching

    async def stop(self):
        self.ctx.container.signal(15)
        return "sent"

    async def kill(self):
        self.ctx.container.signal(9)
        return "sent"

    async def bad_signal(self):
        self.ctx.container.signal(65)

    async def destroy(self):
        await self.ctx.container.destroy("taken away")
        return "destroyed"

    async def get(self, url="http://box/path?q=1", port=8080):
        answer = await self.ctx.container.getTcpPort(port).fetch(url, plain({"method": "POST", "body": "hi"}))
        return f"{answer.status} {await answer.text()}"

    async def https(self):
        return await self.get("https://box/")

    async def bad_port(self):
        self.ctx.container.getTcpPort(70000)


class Bare(DurableObject):
    async def do(self, what, *args):
        return str(self.ctx.container)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        kind, name, what = request.url.split("/")[3:]
        try:
            return Response(await getattr(self.env, kind).getByName(name).do(what))
        except Exception as error:
            return Response(f"{type(error).__name__}: {error}")
"""

Ask = Callable[[str], Awaitable[str]]


def playing(
    folder: Path,
    play: Callable[[Ask, DoubleEngine], Awaitable[None]],
    *,
    max_instances: int = 2,
    with_engine: bool = True,
    faults: Any = None,
    seed: int = 1,
) -> DoubleEngine:
    """`play` a world of the code above; `engine.world` is the world."""
    engine = DoubleEngine()
    clock = VirtualClock()
    config = worker(
        folder, "import asyncio\n" + SOURCE, classes=("Box", "Bare"),
        containers=(ContainerConfig("Box", image="box:1", max_instances=max_instances),),
    )  # fmt: skip
    world = World(
        WorldConfig((config,)),
        dialect=PythonDialect(),
        clock=clock,
        seed=seed,
        faults=faults,
        engine=(lambda _world: engine) if with_engine else None,  # type: ignore[arg-type,return-value]
    )

    engine.world = world

    async def whole() -> None:
        await world.start()
        try:
            await play(lambda path: text(world, path), engine)
        finally:
            await world.close()

    run_virtual(whole(), clock)
    return engine


def test_a_class_without_containers_has_none(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        assert await ask("/BARE/a/x") in ("None", "undefined")

    assert playing(tmp_path, play).closed


def test_starts_monitors_and_ends(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        assert await ask("/BOX/a/running") == "False"
        assert await ask("/BOX/a/full_start") == "True"
        assert await ask("/BOX/a/watch") == "watching"
        (instance,) = engine.instances
        spec = instance.spec
        assert (spec.entrypoint, dict(spec.env), dict(spec.labels)) == (
            ("sh", "-c", "x"), {"A": "1"}, {"l": "m"},
        )  # fmt: skip
        assert spec.enable_internet
        assert spec.name.startswith("main-Box-")
        instance.end(3)
        assert await ask("/BOX/a/watched") == "Error: container exited with unexpected exit code: 3"
        assert await ask("/BOX/a/running") == "False"
        assert instance.destroyed == 1

    playing(tmp_path, play)


def test_a_good_end_and_a_signal(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await ask("/BOX/a/start")
        await ask("/BOX/a/watch")
        engine.instances[0].end(0)
        assert await ask("/BOX/a/watched") == "ended well"
        await ask("/BOX/a/start")
        await ask("/BOX/a/watch")
        assert await ask("/BOX/a/stop") == "sent"
        assert await ask("/BOX/a/watched") == "Error: runtime signalled the container to exit: 143"

    playing(tmp_path, play)


def test_destroy_gives_its_reason_to_who_monitors(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await ask("/BOX/a/start")
        await ask("/BOX/a/watch")
        assert await ask("/BOX/a/destroy") == "destroyed"
        assert await ask("/BOX/a/watched") == "Error: taken away"
        assert await ask("/BOX/a/start") == "True"

    playing(tmp_path, play)


def test_words_of_the_platform_for_what_may_not_be(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        for what, words in (
            ("start_twice", "start() cannot be called on a container that is already running."),
            ("bad_env", "Environment variable names cannot contain '=': A=B"),
            ("bad_signal", "Invalid signal number."),
            ("https", "HTTPS is not currently supported"),
            ("bad_port", "Invalid port number."),
        ):
            assert words in await ask(f"/BOX/{what}/{what}")
        assert "not running" in await ask("/BOX/never/get")

    playing(tmp_path, play, max_instances=9)


def test_no_more_than_max_instances_run(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        for name in "abc":
            await ask(f"/BOX/{name}/start")
        assert "Maximum number of running container instances exceeded" in await ask("/BOX/c/monitor")
        await ask("/BOX/a/destroy")
        await ask("/BOX/c/start")
        assert len(engine.instances) == 3

    playing(tmp_path, play)


def test_a_start_that_fails_is_told_by_monitor(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        engine.start_failure = StartFailed("no such image")
        await ask("/BOX/a/start")
        assert await ask("/BOX/a/monitor") == "Error: no such image"
        assert await ask("/BOX/a/running") == "False"
        assert "not running" in await ask("/BOX/a/get")

    playing(tmp_path, play)


def test_a_container_destroyed_while_it_starts_does_not_stay(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        engine.before_start = asyncio.Event()
        await ask("/BOX/a/start")
        destroying = asyncio.ensure_future(ask("/BOX/a/destroy"))
        await asyncio.sleep(0.1)
        engine.before_start.set()
        assert await destroying == "destroyed"
        assert engine.instances[0].destroyed >= 1

    playing(tmp_path, play)


def test_a_service_answers_without_a_socket(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        async def answer(request: Request) -> Response:
            return Response.make(f"{request.method} {request.url}".encode(), 418)

        await ask("/BOX/a/start")
        assert "not listening" in await ask("/BOX/a/get")
        engine.services[8080] = answer
        assert await ask("/BOX/a/get") == "418 POST http://box/path?q=1"

    playing(tmp_path, play)


def test_containers_without_an_engine_are_refused(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None: ...

    with pytest.raises(ConfigError, match="containers need an engine"):
        playing(tmp_path, play, with_engine=False)


def test_the_end_of_the_world_ends_all_containers(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await ask("/BOX/a/start")
        await ask("/BOX/b/start")
        await ask("/BOX/a/running")

    engine = playing(tmp_path, play)
    assert [instance.destroyed > 0 for instance in engine.instances] == [True, True]
    assert engine.closed
