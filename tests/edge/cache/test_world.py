"""A Worker with a cache, in a world with places, reloads and spans."""

from __future__ import annotations

from pathlib import Path

from edge.config import WorkerConfig, WorldConfig
from edge.http.request import Request
from edge.kernel.clock import VirtualClock
from edge.world import World
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

CODE = """
from js import Headers, Request, Response, caches
from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):
    made = 0

    async def fetch(self, request):
        found = await caches.default.match(request.js_object)
        if found is not None:
            return found
        Default.made += 1
        headers = Headers.new({"cache-control": "max-age=60"}.items())
        response = Response.new(f"made {Default.made}", headers=headers)
        self.ctx.waitUntil(caches.default.put(request.js_object, response.clone()))
        return response
"""
URL = "https://example.com/page"


def config(folder: Path) -> WorldConfig:
    (folder / "entry.py").write_text(CODE)
    flags = ("python_workers",)
    return WorldConfig((WorkerConfig("app", folder, folder / "entry.py", "2026-10-01", flags),))


async def get(world: World, place: str | None = None) -> tuple[str, str | None]:
    response = await world.dispatch(Request.make(URL), place=place)
    return (await response.read_bytes()).decode(), response.headers.get_str("cf-cache-status")


def test_hits_by_place_and_time(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def script() -> None:
        world = World(config(tmp_path), dialect=PythonDialect(), clock=clock, network="edge")
        await world.start()
        assert await get(world, "SYD") == ("made 1", None)
        assert await get(world, "SYD") == ("made 1", "HIT")
        assert await get(world, "AMS") == ("made 2", None)
        assert await get(world, "AMS") == ("made 2", "HIT")
        await world.advance("1m")
        assert await get(world, "SYD") == ("made 3", None)
        await world.close()

    run_virtual(script(), clock)


def test_without_distance_a_place_still_has_its_own(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def script() -> None:
        world = World(config(tmp_path), dialect=PythonDialect(), clock=clock)
        await world.start()
        assert [await get(world), await get(world)] == [("made 1", None), ("made 1", "HIT")]
        assert await get(world, "SYD") == ("made 2", None)
        # New code finds what the old one left.
        await world.reload(config(tmp_path))
        assert await get(world) == ("made 1", "HIT")
        await world.close()

    run_virtual(script(), clock)
