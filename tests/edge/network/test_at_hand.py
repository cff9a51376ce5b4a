"""What the products of a place take there, to the millisecond: caches, static assets, rate limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import AssetsConfig, RateLimitBinding
from edge.kernel.spans import Tracer
from edge.network.profile import CacheApi, Links, Profile, StaticAssets
from edge.network.spread import Spread
from edge.trace.record import SpanRecord
from edge.trace.recorder import Recorder
from tests.edge.network.project import Project, play

CODE = """
from js import Headers, Response as JsResponse, caches
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        action, *_ = request.url.split("/")[3:]
        if action == "put":
            headers = Headers.new({"cache-control": "max-age=60"}.items())
            await caches.default.put("http://x/k", JsResponse.new("v", headers=headers))
        elif action == "match":
            return Response("hit" if await caches.default.match("http://x/k") else "miss")
        elif action == "delete":
            return Response(str(await caches.default.delete("http://x/k")))
        elif action == "limit":
            return Response(str((await self.env.LIMIT.limit({"key": "k"})).success))
        elif action == "asset":
            return await self.env.ASSETS.fetch("http://x/page")
        return Response("ok")
"""
LAB = Profile(
    "lab",
    links=Links(base_ms=1.0, fibre_us_per_km=5.0),
    cache=CacheApi(lookup=Spread(3, 3), store=Spread(4, 4)),
    assets=StaticAssets(hot=Spread(2, 2), cold=Spread(60, 60)),
)


def exactly(ms: float) -> Any:
    return pytest.approx(ms, abs=0.01)


def test_caches_take_their_time_in_the_place() -> None:
    async def scenario(project: Project) -> None:
        took = [(path, await project.timed_ms(path, "lhr")) for path in ("match", "put", "match", "delete")]
        assert took == [
            ("match", exactly(3)),
            ("put", exactly(4)),
            ("match", exactly(3)),
            ("delete", exactly(3)),
        ]
        assert await project.get("match", "lhr") == "miss"

    play(scenario, code=CODE, bindings={}, network=LAB)


def test_a_copy_that_ends_while_it_is_looked_up_is_gone() -> None:
    async def scenario(project: Project) -> None:
        await project.get("put", "lhr")
        await project.clock.sleep(59.999)
        assert await project.get("match", "lhr") == "miss"

    play(scenario, code=CODE, bindings={}, network=LAB)


def with_page(folder: Path) -> dict[str, Any]:
    (folder / "page.html").write_text("a page")
    return {"assets": AssetsConfig(folder, "ASSETS")}


def test_an_asset_is_fetched_once_by_each_place(tmp_path: Path) -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("page", "lhr") == "a page"
        assert project.clock.elapsed_s == pytest.approx(0.06)
        for path in ("page", "asset", "page"):
            assert await project.timed_ms(path, "lhr") == exactly(2)
        assert await project.timed_ms("asset", "syd") == exactly(60)
        assert await project.timed_ms("page", "syd") == exactly(2)

    play(scenario, code=CODE, bindings=with_page(tmp_path), network=LAB)


def test_what_is_no_asset_takes_no_time(tmp_path: Path) -> None:
    async def scenario(project: Project) -> None:
        assert await project.timed_ms("other", "lhr") == 0
        response = await project.ask("page.html", "lhr")
        assert (response.status, project.clock.elapsed_s) == (307, 0)

    play(scenario, code=CODE, bindings=with_page(tmp_path), network=LAB)


def test_rate_limits_take_no_time_and_are_of_a_place() -> None:
    async def scenario(project: Project) -> None:
        answers = [await project.get("limit", place) for place in ("lhr", "lhr", "lhr", "syd")]
        assert answers == ["True", "True", "False", "True"]
        assert project.clock.elapsed_s == 0

    limit = RateLimitBinding("LIMIT", "7", 2, 60)
    play(scenario, code=CODE, bindings={"rate_limits": (limit,)}, network=LAB)
    play(scenario, code=CODE, bindings={"rate_limits": (limit,)})


def test_without_a_network_nothing_takes_time(tmp_path: Path) -> None:
    async def scenario(project: Project) -> None:
        for path in ("put", "match", "delete", "page", "asset"):
            await project.get(path)
        assert project.clock.elapsed_s == 0

    play(scenario, code=CODE, bindings=with_page(tmp_path))


def test_the_spans_say_what_is_modelled(tmp_path: Path) -> None:
    spans: list[SpanRecord] = []

    async def scenario(project: Project) -> None:
        recorder = Recorder()
        project.world.tracer = Tracer(project.clock, recorder)
        await project.get("put", "syd")
        await project.get("page", "syd")
        spans.extend(recorder.spans())

    play(scenario, code=CODE, bindings=with_page(tmp_path), network=LAB)
    shares = [record for record in spans if record.name.endswith(".storage")]
    assert [(record.name, record.tags) for record in shares] == [
        ("cache.storage", {"place": "SYD", "what": "store"}),
        ("assets.storage", {"place": "SYD", "what": "cold"}),
    ]
    assert all(record.modelled for record in shares)
    (put,) = [record for record in spans if record.name == "cache.put"]
    assert shares[0].parent_id == put.id
