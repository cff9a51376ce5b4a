"""What a WebSocket through `ctx.container` costs a message: `python -m benchmarks.container_socket`.

An echo server in a sandbox of the process engine, asked in two ways: by a Durable Object with
`getTcpPort().fetch()`, and by a plain client over a connection of the engine, which is the floor.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from edge.config import ContainerConfig, DurableBinding, WorkerConfig, WorldConfig
from edge.containers.engine import Connection, Instance, NotListening
from edge.http.request import Request
from edge.kernel import tasks
from edge.world import World
from sandbox.engines.context import EngineContext
from sandbox.engines.process.engine import ProcessEngine
from wrangler_compat.modules.dialect import PythonDialect

_PORT = 8080
_SERVER = """
import base64, hashlib, socket, struct, sys
server = socket.create_server(("127.0.0.1", 8080))
while True:
    peer, _ = server.accept()
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        head += peer.recv(4096)
    lines = [line.partition(b":") for line in head.split(b"\\r\\n")]
    key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    peer.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                 b"Sec-WebSocket-Accept: " + accept + b"\\r\\n\\r\\n")
    while len(frame := peer.recv(65536)) > 6:  # short masked frames, one at a time
        if frame[0] & 15 == 8:
            break
        size, mask, data = frame[1] & 127, frame[2:6], frame[6:]
        peer.sendall(bytes([frame[0], size]) + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))
    peer.close()
"""
_ENTRY = """
import asyncio
import time
import js
from pyodide.ffi import create_proxy, to_js
from workers import DurableObject, Response, WorkerEntrypoint


class Box(DurableObject):
    async def start(self):
        options = {"entrypoint": ["python3", "-c", SERVER]}
        self.ctx.container.start(to_js(options, dict_converter=js.Object.fromEntries))

    async def echo(self, messages):
        init = to_js({"headers": {"Upgrade": "websocket"}}, dict_converter=js.Object.fromEntries)
        answer = await self.ctx.container.getTcpPort(8080).fetch("http://box/", init)
        socket = answer.webSocket
        socket.accept()
        heard = asyncio.Queue()
        socket.addEventListener("message", create_proxy(lambda event: heard.put_nowait(event.data)))
        taken = []
        for _ in range(messages):
            started = time.perf_counter()
            socket.send("x" * 32)
            await heard.get()
            taken.append(time.perf_counter() - started)
        socket.close(1000)
        return to_js(taken)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        box = self.env.BOX.getByName("box")
        if request.url.endswith("/start"):
            await box.start()
            return Response("")
        return Response.json(list(await box.echo(int(request.url.rpartition("/")[2]))))
"""


async def _plainly(instance: Instance, messages: int) -> list[float]:
    """The same messages without a Worker."""
    connection = await instance.connect(_PORT)
    protocol = ClientProtocol(parse_uri("ws://box/"))
    protocol.send_request(protocol.connect())
    await _exchange(protocol, connection)
    taken_s = []
    for _ in range(messages):
        started = time.perf_counter()
        protocol.send_text(b"x" * 32)
        await _exchange(protocol, connection)
        taken_s.append(time.perf_counter() - started)
    await connection.close()
    return taken_s


async def _exchange(protocol: ClientProtocol, connection: Connection) -> None:
    for data in protocol.data_to_send():
        await connection.write(data)
    while not protocol.events_received():
        protocol.receive_data(await connection.read())


async def _listening(engine: ProcessEngine) -> Instance:
    """The container, once its server listens."""
    while True:
        for instance in list(engine._instances.values()):
            if instance._main is not None:
                try:
                    await (await instance.connect(_PORT)).close()
                except NotListening:
                    continue
                return instance
        await asyncio.sleep(0.01)


async def _ask(world: World, path: str) -> Any:
    answer = await world.dispatch(Request.make(f"http://x/{path}"))
    assert answer.status == 200, await answer.text()
    return answer


def _world(folder: Path, engines: list[ProcessEngine]) -> World:
    (folder / "entry.py").write_text(f"SERVER = {_SERVER!r}\n{_ENTRY}")
    worker = WorkerConfig(
        "bench", folder, folder / "entry.py", "2026-10-01", ("python_workers",),
        durable=(DurableBinding("BOX", "Box"),), durable_classes={"Box": True},
        containers=(ContainerConfig("Box", image="bare", instance_type="standard-1", memory_mib=1024),),
        subrequests_max=10_000_000,
    )  # fmt: skip

    def engine(world: World) -> ProcessEngine:
        engines.append(ProcessEngine(EngineContext(world.clock, world.random, None, folder / "state")))
        return engines[-1]

    return World(WorldConfig((worker,)), dialect=PythonDialect(), engine=engine)


async def _measure(messages: int, table: Table) -> None:
    tasks.install(asyncio.get_running_loop())
    with tempfile.TemporaryDirectory() as folder:
        engines: list[ProcessEngine] = []
        world = _world(Path(folder), engines)
        await world.start()
        await _ask(world, "start")
        instance = await _listening(engines[0])
        for what in ("warming up", "measured"):
            plain = await _plainly(instance, messages)
            through = list(await (await _ask(world, f"echo/{messages}")).json())
            if what == "measured":
                for name, taken_s in (("through ctx.container", through), ("plain", plain)):
                    taken_us = sorted(one * 1e6 for one in taken_s)
                    figures = (statistics.median(taken_us), taken_us[0], taken_us[int(len(taken_us) * 0.95)])
                    table.add_row(name, *(f"{figure:.0f}" for figure in figures))
        await world.close(1)


@click.command()
@click.option("--messages", default=2000, show_default=True, help="How many go there and back.")
def main(*, messages: int) -> None:
    """Measure a WebSocket to a program in a container."""
    table = Table("a message there and back, us", "median", "best", "p95")
    asyncio.run(_measure(messages, table))
    Console().print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.container_socket")
