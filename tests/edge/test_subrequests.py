"""What an invocation may ask of others: what counts, when it is too much, and who begins anew."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.config import AssetsConfig, D1Binding, KvBinding, R2Binding, ServiceBinding, WorldConfig
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import TOO_MANY
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Tracer
from edge.trace.recorder import Recorder
from edge.world import World
from tests.edge.worker.workers import text, worker
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
from pyodide.ffi import create_proxy
from workers import fetch


class Counter(DurableObject):
    async def ask(self, times):
        for _ in range(times):
            await self.env.KV.get("k")
        return times

    async def wake(self):
        await self.ctx.storage.setAlarm(js.Date.now() + 1000)

    async def alarm(self, info=None):
        await self.ask(3)
        await self.ctx.storage.put("rang", True)

    async def fetch(self, request):
        # An ordinary socket: its messages are events of this object.
        client, server = js.WebSocketPair.new().object_values()
        server.accept()

        async def answer(event):
            server.send(str(await self.ask(int(event.data))))

        server.addEventListener("message", create_proxy(lambda event: asyncio.ensure_future(answer(event))))
        return Response(None, status=101, web_socket=client)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        what = request.url.removeprefix("http://x/")
        done = 0
        try:
            for done in range(6):
                await getattr(self, what)(done)
            return Response("all")
        except Exception as failure:
            return Response(f"{done} {str(failure).removeprefix('Error: ')}")

    async def outside(self, n):
        await fetch("http://elsewhere.test/")

    async def redirected(self, n):
        await fetch("http://elsewhere.test/once")

    async def socket(self, n):
        await fetch("http://elsewhere.test/", headers={"Upgrade": "websocket"})

    async def kv(self, n):
        await self.env.KV.get("k")

    async def kv_put(self, n):
        await self.env.KV.put("k", "v")

    async def d1(self, n):
        await self.env.DB.batch([self.env.DB.prepare("SELECT 1"), self.env.DB.prepare("SELECT 2")])

    async def r2(self, n):
        await self.env.BUCKET.get("k")

    async def assets(self, n):
        await self.env.ASSETS.fetch("http://x/page.txt")

    async def service(self, n):
        await self.env.OTHER.fetch("http://other/")

    async def method(self, n):
        await self.env.OTHER.work()

    async def object(self, n):
        await self.env.COUNTER.getByName(str(n)).ask(5)

    async def storage_of_its_own(self, n):
        return None
"""
OTHER = """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        for _ in range(5):
            await self.env.KV.get("k")
        return Response("other")

    async def work(self):
        return 1
"""


class Elsewhere:
    async def send(self, request: Request) -> Response:
        if request.url.endswith("/once"):
            return Response.make(None, 302, "", Headers([("location", "/")]))
        return Response.make(b"hi", 200, "", Headers())


def house(folder: Path, clock: VirtualClock, *, limit: int = 5, **options: Any) -> World:
    assets = folder / "assets"
    assets.mkdir()
    (assets / "page.txt").write_text("a page")
    kv = (KvBinding("KV", "kv"),)
    main = worker(
        folder,
        SOURCE,
        kv=kv,
        classes=("Counter",),
        services=(ServiceBinding("OTHER", "other"),),
        d1=(D1Binding("DB", "db"),),
        r2=(R2Binding("BUCKET", "bucket"),),
        assets=AssetsConfig(assets, "ASSETS"),
        subrequests_max=limit,
    )
    other = worker(folder, OTHER, name="other", kv=kv, subrequests_max=limit)
    return World(
        WorldConfig((main, other)),
        dialect=PythonDialect(),
        clock=clock,
        seed=1,
        outbound=Elsewhere(),
        **options,
    )


def in_house(folder: Path, work: Callable[[World], Awaitable[Any]], **options: Any) -> Any:
    clock = VirtualClock()

    async def whole() -> Any:
        world = house(folder, clock, **options)
        await world.start()
        result = await work(world)
        await world.close()
        return result

    return run_virtual(whole(), clock)


@pytest.mark.parametrize(
    "what", ["outside", "socket", "kv", "kv_put", "d1", "r2", "assets", "service", "method", "object"]
)
def test_the_sixth_of_five_is_refused(tmp_path: Path, what: str) -> None:
    answer = in_house(tmp_path, lambda world: text(world, f"/{what}"))
    assert answer == f"5 {TOO_MANY}"


def test_a_redirect_counts(tmp_path: Path) -> None:
    assert in_house(tmp_path, lambda world: text(world, "/redirected")) == f"2 {TOO_MANY}"


def test_each_request_begins_anew(tmp_path: Path) -> None:
    async def work(world: World) -> list[str]:
        return [await text(world, "/kv") for _ in range(2)]

    assert in_house(tmp_path, work) == [f"5 {TOO_MANY}"] * 2


@pytest.mark.parametrize("limit", [0, 6])
def test_the_limit_of_a_world_goes_over_that_of_its_workers(tmp_path: Path, limit: int) -> None:
    assert in_house(tmp_path, lambda world: text(world, "/kv"), subrequests=limit) == "all"


def test_each_event_of_an_object_begins_anew(tmp_path: Path) -> None:
    """Calls, an alarm and the messages of a socket; the caller pays for the call only."""

    async def work(world: World) -> list[Any]:
        counter = world.durable_hosts[("main", "Counter")].namespace().getByName("x")
        answers = [await counter.ask(5), await counter.ask(5)]
        upgrade = Request.make("http://x/", headers=Headers([("upgrade", "websocket")]))
        socket = (await counter.fetch(upgrade)).webSocket
        socket.accept()
        heard: list[str] = []
        socket.addEventListener("message", lambda event: heard.append(event.data))
        for _ in range(3):
            socket.send("4")
        await counter.wake()
        await world.advance("5s")
        return [*answers, *heard]

    assert in_house(tmp_path, work) == [5, 5, "4", "4", "4"]


def test_a_call_with_too_many_fails_at_the_caller(tmp_path: Path) -> None:
    async def work(world: World) -> str:
        counter = world.durable_hosts[("main", "Counter")].namespace().getByName("x")
        with pytest.raises(Exception, match="Too many subrequests"):
            await counter.ask(6)
        return str(await counter.ask(5))  # and the object goes on

    assert in_house(tmp_path, work) == "5"


def test_the_count_is_in_the_trace(tmp_path: Path) -> None:
    recorder = Recorder()

    async def work(world: World) -> None:
        await text(world, "/object")
        counter = world.durable_hosts[("main", "Counter")].namespace().getByName("x")
        with contextlib.suppress(Exception):
            await counter.wake()
        await world.advance("5s")

    clock = VirtualClock()

    async def whole() -> None:
        world = house(tmp_path, clock, limit=100, tracer=Tracer(clock, recorder))
        await world.start()
        await work(world)
        await world.close()

    run_virtual(whole(), clock)
    counts = {(span.name, span.tags.get("subrequests")) for span in recorder.spans()}
    assert {("worker.fetch", 6), ("durable.event", 5), ("durable.alarm", 3)} <= counts


def test_what_nobody_counts_is_free(tmp_path: Path) -> None:
    """A test's own use of the bindings, outside of any invocation."""

    async def work(world: World) -> int:
        namespace = world.kv_namespaces["kv"]
        for _ in range(10):
            await namespace.get("k")
        return 10

    assert in_house(tmp_path, work) == 10
