"""What a world records: each thing that happens to a request, in its place in the tree."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.config import DurableBinding, KvBinding, ServiceBinding, WorldConfig
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.kernel.clock import Clock, VirtualClock, WallClock
from edge.kernel.spans import Tracer, current_span
from edge.trace.lines import lines_of
from edge.trace.record import SpanRecord
from edge.trace.recorder import Recorder
from edge.trace.tree import Node, trees
from edge.world import World
from tests.edge.worker.workers import get, text, worker
from tests.loops import run, run_virtual
from wrangler_compat.modules.dialect import PythonDialect

ROOT = Path(__file__).parents[3]
SOURCE = """
from js import Object, TransformStream, WebSocketPair
from pyodide.ffi import to_js
from workers import fetch


class Counter(DurableObject):
    async def incr(self):
        count = (await self.ctx.storage.get("n") or 0) + 1
        await self.ctx.storage.put("n", count)
        return count

    async def slow(self):
        async def alone():
            await asyncio.sleep(1)
        await self.ctx.blockConcurrencyWhile(alone)

    async def wake(self):
        await self.ctx.storage.setAlarm(1767225600000 + 5000)

    async def alarm(self, info=None):
        await self.ctx.storage.put("rang", True)

    async def fails(self):
        raise ValueError("no")

    async def fetch(self, request):
        pair = WebSocketPair.new()
        client, server = pair.object_values()
        self.ctx.acceptWebSocket(server)
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, socket, message):
        await self.ctx.storage.put("last", message)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        counter = self.env.COUNTER.getByName("x")
        match request.url.removeprefix("http://x/"):
            case "kv":
                await self.env.KV.get("k")
                await self.env.KV.put("k", "v")
                await self.env.KV.get("k")
                await self.env.KV.get(["a", "b"])
                await self.env.KV.list(prefix="p")
                await self.env.KV.delete("gone")
            case "incr":
                return Response(str(await counter.incr()))
            case "both":
                await asyncio.gather(counter.slow(), counter.incr())
            case "wake":
                await counter.wake()
            case "fails":
                await counter.fails()
            case "socket":
                return await counter.fetch(request)
            case "out":
                return await fetch("http://elsewhere.test/a?b")
            case "service":
                return await self.env.OTHER.fetch(request)
            case "later":
                self.ctx.waitUntil(self.later())
            case "stream":
                stream = TransformStream.new()
                self.ctx.waitUntil(self.speak(stream.writable.getWriter()))
                return Response(stream.readable)
        return Response("done")

    async def scheduled(self, controller, env, ctx):
        await self.env.KV.get("k")

    async def later(self):
        await asyncio.sleep(3)
        await self.env.KV.get("k")

    async def speak(self, writer):
        for word in ("one", "three"):
            await asyncio.sleep(0.5)
            await writer.write(to_js(word.encode()))
        await writer.close()
"""
OTHER = """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await self.env.KV.get("theirs")
        return Response("other")
"""


class Elsewhere:
    async def send(self, request: Request) -> Response:
        return Response.make(b"hi", 203, "", Headers())


def traced_world(
    folder: Path, clock: Clock, *, limit_per_s: int | None = None, **options: Any
) -> tuple[World, Recorder]:
    recorder = Recorder()
    kv = (KvBinding("KV", "kv"),)
    main = worker(folder, SOURCE, kv=kv, classes=("Counter",), services=(ServiceBinding("OTHER", "other"),))
    assert main.durable == (DurableBinding("COUNTER", "Counter"),)
    other = worker(folder, OTHER, name="other", kv=kv)
    tracer = Tracer(clock, recorder, limit_per_s=limit_per_s)
    world = World(
        WorldConfig((main, other)), dialect=PythonDialect(), clock=clock, seed=1, tracer=tracer,
        outbound=Elsewhere(), **options,
    )  # fmt: skip
    return world, recorder


def recorded(
    folder: Path, work: Callable[[World, VirtualClock], Awaitable[object]], **options: Any
) -> list[Node]:
    """The trees of what `work` did in virtual time."""
    clock = VirtualClock()
    world, recorder = traced_world(folder, clock, **options)

    async def whole() -> None:
        await world.start()
        await work(world, clock)
        assert current_span.get() is None
        await world.close()

    run_virtual(whole(), clock)
    return trees(recorder.spans())


def shape(root: Node) -> list[str]:
    return ["  " * depth + node.span.name for depth, node in root.walk()]


def only(root: Node, name: str) -> SpanRecord:
    (found,) = (node.span for _, node in root.walk() if node.span.name == name)
    return found


def asks(path: str) -> Callable[[World, VirtualClock], Awaitable[object]]:
    return lambda world, _: text(world, path)


def test_kv(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/kv"))
    assert shape(root) == [
        "request", "  worker.fetch", "    kv.get", "    kv.put", "    kv.get", "    kv.get", "    kv.list",
        "    kv.delete",
    ]  # fmt: skip
    tags = [dict(node.span.tags) for _, node in root.walk()][2:]
    assert tags == [
        {"found": False, "key": "k", "store": "disk"},
        {"key": "k"},
        {"found": True, "key": "k", "store": "memory"},
        {"keys": 2, "store": "disk"},
        {"prefix": "p"},
        {"key": "gone"},
    ]
    assert root.span.tags == {"method": "GET", "status": 200, "url": "http://x/kv", "worker": "main"}


def test_a_call_of_a_durable_object(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/incr"))
    assert shape(root) == [
        "request",
        "  worker.fetch",
        "    durable.call",
        "      durable.event",
        "        durable.run",
        "          durable.commit",
        "        output.wait",
    ]
    event = only(root, "durable.event")
    assert (event.tags["class"], event.tags["object_name"], event.tags["handler"]) == ("Counter", "x", "incr")
    assert only(root, "durable.run").tags == {"constructs": True}
    assert (
        only(root, "durable.commit").tags["id"] == event.tags["id"] == only(root, "durable.call").tags["id"]
    )


def test_the_wait_at_the_input_gate(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/both"))
    assert shape(root)[2:] == [
        "    durable.call", "      durable.event", "        durable.run", "        output.wait",
        "    durable.call", "      durable.event", "        gate.wait", "        durable.run",
        "          durable.commit", "        output.wait",
    ]  # fmt: skip
    assert only(root, "gate.wait").duration_s == 1.0


def test_a_failure_is_noted_wherever_it_passed(tmp_path: Path) -> None:
    async def fails(world: World, _: VirtualClock) -> None:
        with pytest.raises(JsException):
            await get(world, "/fails")

    (root,) = recorded(tmp_path, fails)
    errors = {node.span.name: node.span.error for _, node in root.walk()}
    assert errors == {
        "request": "ValueError: no",
        "worker.fetch": "ValueError: no",
        "durable.call": None,
        "durable.event": "ValueError: no",
        "durable.run": "ValueError: no",
    }


def test_a_failed_commit(tmp_path: Path) -> None:
    async def fails(world: World, _: VirtualClock) -> None:
        def broken() -> None:
            raise OSError("disk full")

        for host in world.durable_hosts.values():
            host.commit_hook = broken
        with pytest.raises(JsException):
            await get(world, "/incr")

    (root,) = recorded(tmp_path, fails)
    commit = only(root, "durable.commit").error
    assert commit is not None
    assert commit == only(root, "durable.event").error


def test_an_alarm_is_a_tree_of_its_own(tmp_path: Path) -> None:
    async def wake(world: World, clock: VirtualClock) -> None:
        await get(world, "/wake")
        await clock.advance(10)

    request, alarm = recorded(tmp_path, wake)
    assert request.span.name == "request"
    assert shape(alarm) == ["durable.alarm", "  durable.run", "    durable.commit", "  output.wait"]
    assert alarm.span.start_s - request.span.start_s == 5.0
    assert alarm.span.tags["retry_count"] == 0


def test_a_message_on_a_hibernating_socket_is_a_tree_of_its_own(tmp_path: Path) -> None:
    async def speak(world: World, clock: VirtualClock) -> None:
        request = Request.make("http://x/socket", headers=Headers([("upgrade", "websocket")]))
        response = await world.dispatch(request)
        assert response._web_socket is not None
        response._web_socket.accept()
        await clock.advance(1)
        response._web_socket.send("hello")
        await clock.advance(1)

    request, message = recorded(tmp_path, speak)
    assert request.span.tags["status"] == 101
    assert message.span.tags["handler"] == "webSocketMessage"
    assert shape(message) == ["durable.event", "  durable.run", "    durable.commit", "  output.wait"]


def test_an_outbound_fetch(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/out"))
    assert shape(root) == ["request", "  worker.fetch", "    fetch"]
    assert only(root, "fetch").tags == {"method": "GET", "status": 203, "url": "http://elsewhere.test/a?b"}


def test_a_service_binding(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/service"))
    assert shape(root) == ["request", "  worker.fetch", "    worker.fetch", "      kv.get"]
    assert [node.span.tags.get("worker") for _, node in root.walk()] == ["main", "main", "other", None]


def test_background_work_outlives_its_request(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/later"))
    assert shape(root) == ["request", "  worker.fetch", "    waituntil", "      kv.get"]
    assert (root.span.duration_s, only(root, "waituntil").duration_s) == (0.0, 3.0)


def test_a_cron_event(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, lambda world, _: world.scheduled("* * * * *", 0))
    assert shape(root) == ["scheduled", "  kv.get"]
    assert root.span.tags == {"cron": "* * * * *", "outcome": "ok", "subrequests": 1, "worker": "main"}


def test_a_streamed_answer_ends_with_its_last_chunk(tmp_path: Path) -> None:
    (root,) = recorded(tmp_path, asks("/stream"))
    begin_s = root.span.start_s
    assert [(moment.name, moment.time_s - begin_s, dict(moment.tags)) for moment in root.span.events] == [
        ("headers", 0.0, {}),
        ("chunk", 0.5, {"size_bytes": 3}),
        ("chunk", 1.0, {"size_bytes": 5}),
    ]
    assert (root.span.duration_s, root.span.tags["chunks"]) == (1.0, 2)


def test_a_reader_that_goes_away_is_noted(tmp_path: Path) -> None:
    async def leave(world: World, _: VirtualClock) -> None:
        response = await get(world, "/stream")
        chunks = response._payload.chunks()  # type: ignore[union-attr]
        assert await anext(chunks) == b"one"
        await chunks.aclose()  # type: ignore[attr-defined]

    (root,) = recorded(tmp_path, leave)
    assert [moment.name for moment in root.span.events] == ["headers", "chunk", "client.gone"]
    assert root.span.tags["chunks"] == 1


def test_kv_at_a_distance_says_hit_miss_and_stale(tmp_path: Path) -> None:
    async def read(world: World, clock: VirtualClock) -> None:
        async def at(place: str, path: str) -> None:
            await (await world.dispatch(Request.make(f"http://x/{path}"), place=place, worker=name)).text()

        name = "other"
        for _ in range(2):
            await at("fra", "")
        await world.kv_namespaces["kv"]._namespace._places.write("theirs", None)  # type: ignore[union-attr]
        await at("fra", "")

    roots = recorded(tmp_path, read, network="edge")
    caches = [
        node.span.tags["cache"] for root in roots for _, node in root.walk() if node.span.name == "kv.get"
    ]
    assert caches[0] == "miss"
    assert set(caches[1:]) <= {"hit", "stale", "miss"}
    hops = [node.span for root in roots for _, node in root.walk() if node.span.name == "network.hop"]
    assert hops
    assert all(hop.modelled for hop in hops)


def test_in_real_time_only_the_model_is_modelled(tmp_path: Path) -> None:
    world, recorder = traced_world(tmp_path, WallClock())

    async def whole() -> None:
        await world.start()
        await text(world, "/incr")
        await world.close()

    run(whole())
    (root,) = trees(recorder.spans())
    assert not any(node.span.modelled for _, node in root.walk())
    assert 0 < root.span.duration_s < 10
    for _, node in root.walk():
        assert node.span.start_s >= root.span.start_s


def test_under_load_most_requests_are_only_served(tmp_path: Path) -> None:
    async def many(world: World, clock: VirtualClock) -> None:
        for _ in range(10):
            assert await text(world, "/incr") != ""
        await clock.advance(2)
        await text(world, "/kv")
        assert world.tracer is not None
        assert world.tracer.passed_over == 7

    roots = recorded(tmp_path, many, limit_per_s=3)
    assert [root.span.name for root in roots] == ["request"] * 4
    assert [len(list(root.walk())) for root in roots] == [7, 7, 7, 8]


def everything(folder: Path) -> str:
    """The trace of a bit of everything, as a file."""

    async def work(world: World, clock: VirtualClock) -> None:
        for path in ("/kv", "/incr", "/both", "/wake", "/out", "/service", "/later", "/stream"):
            await text(world, path)
        await world.dispatch(Request.make("http://x/incr"), place="syd")
        await clock.advance(100)

    clock = VirtualClock()
    world, recorder = traced_world(folder, clock, network="edge")

    async def whole() -> None:
        await world.start()
        await work(world, clock)
        await world.close()

    run_virtual(whole(), clock)
    return lines_of(recorder.spans())


def test_the_same_seed_gives_the_same_bytes_whatever_hashes_are(tmp_path: Path) -> None:
    first = everything(tmp_path)
    assert everything(tmp_path) == first
    assert first.count("\n") > 60
    code = (
        "import sys, pathlib\nfrom tests.edge.trace.test_world import everything\n"
        f"sys.stdout.write(everything(pathlib.Path({str(tmp_path)!r})))"
    )
    for hash_seed in ("0", "12345"):
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=True,
        )  # fmt: skip
        assert found.stdout == first


def test_without_a_tracer_actors_are_plain(tmp_path: Path) -> None:
    clock = VirtualClock()
    world, _ = traced_world(tmp_path, clock)
    world.tracer = None

    async def whole() -> None:
        await world.start()
        for host in world.durable_hosts.values():
            host.tracer = None
        assert await text(world, "/incr") == "1"
        for host in world.durable_hosts.values():
            (slot,) = host._slots.values()
            assert type(slot.actor).__name__ == "Actor"
        await world.close()

    run_virtual(whole(), clock)
