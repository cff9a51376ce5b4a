"""The inspector's pages, over a world that did something."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.config import KvBinding, WorldConfig
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Tracer
from edge.server.app import FrontDoor
from edge.server.inspector import Inspector
from edge.trace.recorder import Recorder
from edge.world import World
from tests.edge.trace.test_pages import Elements
from tests.edge.worker.workers import text, worker
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
class Counter(DurableObject):
    async def hold(self):
        self.later = js.setTimeout(lambda: None, 1_000_000)

    async def fetch(self, request):
        return Response("object")


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path = request.url.rpartition("/")[2]
        if path == "write":
            for key in ("plain", "<script>"):
                await self.env.KV.put(key, "v", metadata={"by": key}, expirationTtl=3600)
        elif path == "object":
            await self.env.COUNTER.getByName("<x>").hold()
        elif path == "many":
            for number in range(40):
                await self.env.COUNTER.getByName(f"n{number}").fetch(request)
        return Response("fetch handler got it")
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


Ask = Callable[..., Awaitable[Answer]]


def asker(door: FrontDoor) -> Ask:
    async def ask(path: str, *, host: str = "localhost:8787", method: str = "GET", **headers: str) -> Answer:
        sent: list[dict[str, Any]] = []
        raw_path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": raw_path, "raw_path": raw_path.encode(),
            "query_string": query.encode(), "http_version": "1.1", "scheme": "http", "root_path": "",
            "headers": [(b"host", host.encode()), *((k.encode(), v.encode()) for k, v in headers.items())],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8787),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await door(scope, receive, send)
        head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], head, b"".join(part.get("body", b"") for part in sent[1:]).decode())

    return ask


def inspecting(
    folder: Path,
    work: Callable[[World, Ask], Awaitable[None]],
    *,
    limit_per_s: int | None = None,
    on: bool = True,
) -> None:
    """Run `work` with a world and a way to ask its front door."""
    clock, recorder = VirtualClock(), Recorder()
    config = worker(
        folder, SOURCE, kv=(KvBinding("KV", "kv<1>"),), classes=("Counter",), vars={"A": 1},
        secrets={"TOKEN": "secret"},
    )  # fmt: skip
    world = World(
        WorldConfig((config,)), dialect=PythonDialect(), clock=clock, seed=1,
        tracer=Tracer(clock, recorder, limit_per_s=limit_per_s),
    )  # fmt: skip
    door = FrontDoor(world, clock, pages=Inspector(world, recorder).routes if on else None)

    async def whole() -> None:
        await world.start()
        await work(world, asker(door))
        await world.close()

    run_virtual(whole(), clock)


def test_spans_between_two_moments_come_as_json(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        before_ms = world.now_ms
        await text(world, "/write")
        found = json.loads((await ask(f"/cdn-cgi/edge/spans.json?from_ms={before_ms - 1}&to_ms=1e15")).text)
        assert {"worker.fetch", "kv.put"} <= {span["name"] for span in found}
        assert all(span["startMs"] <= span["endMs"] and span["modelled"] for span in found)
        earlier = await ask(f"/cdn-cgi/edge/spans.json?from_ms=0&to_ms={before_ms - 1}")
        assert json.loads(earlier.text) == []
        for bad in ("", "?from_ms=1", "?from_ms=a&to_ms=b"):
            assert (await ask(f"/cdn-cgi/edge/spans.json{bad}")).status == 400

    inspecting(tmp_path, look)


def test_the_overview_shows_workers_bindings_and_objects(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        assert "None yet." in (await ask("/cdn-cgi/edge")).text
        await text(world, "/object")
        answer = await ask("/cdn-cgi/edge")
        Elements(answer.text)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        for shown in (
            '<td class="mono">env.KV</td><td><a href="/cdn-cgi/edge/kv/kv%3C1%3E">kv&lt;1&gt;</a></td>',
            '<td class="mono">env.COUNTER</td><td>Counter</td><td>Durable Object</td>',
            '<td class="mono">env.A</td><td>1</td>',
            '<td class="mono">env.TOKEN</td><td>&quot;(hidden)&quot;</td>',
            'Durable Objects: Counter <span class="soft">of main, 1 in all</span>',
            '<td class="mono">&lt;x&gt;<br>',
            "GET /object",
        ):
            assert shown in answer.text
        assert "secret" not in answer.text

    inspecting(tmp_path, look)


def test_what_keeps_an_object_is_said_in_the_hosts_words(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        await text(world, "/object")
        host = world.durable_hosts[("main", "Counter")]
        (hex_id,) = host.ids()
        (reason,) = host.blockers(hex_id)
        page = await ask("/cdn-cgi/edge/objects/main/Counter")
        assert f"<td>idle</td><td>{reason}</td>" in page.text
        assert hex_id in page.text

    inspecting(tmp_path, look)


def test_many_objects_are_on_a_page_of_their_own(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        await text(world, "/many")
        overview, page = await ask("/cdn-cgi/edge"), await ask("/cdn-cgi/edge/objects/main/Counter")
        assert '<a href="/cdn-cgi/edge/objects/main/Counter">30 more</a>' in overview.text
        assert page.text.count("<td>idle</td>") == 40
        assert (await ask("/cdn-cgi/edge/objects/main/Gone")).status == 404

    inspecting(tmp_path, look)


def test_the_keys_of_a_namespace(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        await text(world, "/write")
        page = await ask("/cdn-cgi/edge/kv/kv%3C1%3E")
        Elements(page.text)
        assert (
            '<tr><td class="mono">&lt;script&gt;</td><td>2026-01-01 01:00:00 UTC</td>'
            '<td class="mono">{&quot;by&quot;:&quot;&lt;script&gt;&quot;}</td></tr>'
        ) in page.text
        assert ">plain<" in page.text
        only = await ask("/cdn-cgi/edge/kv/kv%3C1%3E?prefix=pl")
        assert ">plain<" in only.text
        assert "&lt;script&gt;</td>" not in only.text
        assert "No keys." in (await ask("/cdn-cgi/edge/kv/kv%3C1%3E?prefix=zz")).text
        assert (await ask("/cdn-cgi/edge/kv/kv%3C1%3E?prefix=" + "x" * 600)).status == 400
        missing = await ask("/cdn-cgi/edge/kv/%3Cb%3E")
        assert (missing.status, "&lt;b&gt;" in missing.text) == (404, True)

    inspecting(tmp_path, look)


def test_each_request_has_its_waterfall(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        assert (await ask("/object")).text == "fetch handler got it"
        requests = await ask("/cdn-cgi/edge/requests")
        Elements(requests.text)
        assert "durable.event" in requests.text
        alone = await ask("/cdn-cgi/edge/trace/1")
        Elements(alone.text)
        assert '<details class="card" open>' in alone.text
        assert (await ask("/cdn-cgi/edge/trace/77")).status == 404
        assert (await ask("/cdn-cgi/edge/trace/x")).status == 404

    inspecting(tmp_path, look)


def test_a_large_tree_is_shortened_with_a_way_to_all_of_it(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        await text(world, "/many")
        requests, alone = await ask("/cdn-cgi/edge/requests"), await ask("/cdn-cgi/edge/trace/1")
        Elements(requests.text)
        assert '<a href="/cdn-cgi/edge/trace/1">122 spans</a>' in requests.text
        assert "102 more spans." in requests.text
        assert (requests.text.count('<details class="row'), alone.text.count('<details class="row')) == (
            20,
            122,
        )

    inspecting(tmp_path, look)


def test_what_was_passed_over_is_counted(tmp_path: Path) -> None:
    async def look(world: World, ask: Ask) -> None:
        for _ in range(5):
            await text(world, "/")
        page = await ask("/cdn-cgi/edge")
        assert "3 more came faster than 2 a second and were not recorded" in page.text

    inspecting(tmp_path, look, limit_per_s=2)


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"host": "evil.test"}, "Invalid Host header"),
        ({"origin": "http://evil.test"}, "Invalid Origin header"),
    ],
)
def test_pages_from_elsewhere_cannot_read_it(tmp_path: Path, headers: dict[str, str], refusal: str) -> None:
    async def look(_: World, ask: Ask) -> None:
        answer = await ask("/cdn-cgi/edge", **headers)
        assert (answer.status, answer.text) == (403, refusal)

    inspecting(tmp_path, look)


def test_it_changes_nothing_and_runs_no_script(tmp_path: Path) -> None:
    async def look(_: World, ask: Ask) -> None:
        assert (await ask("/cdn-cgi/edge", method="POST")).status == 405
        answer = await ask("/cdn-cgi/edge")
        assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert answer.headers["cache-control"] == "no-store"

    inspecting(tmp_path, look)


def test_where_it_is_off_its_paths_are_the_workers(tmp_path: Path) -> None:
    async def look(_: World, ask: Ask) -> None:
        assert (await ask("/cdn-cgi/edge")).text == "fetch handler got it"

    async def near(_: World, ask: Ask) -> None:
        assert (await ask("/cdn-cgi/edges")).text == "fetch handler got it"

    inspecting(tmp_path, look, on=False)
    inspecting(tmp_path, near)
