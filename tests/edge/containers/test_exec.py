"""`ctx.container.exec()` and the rest of the low-level API, over real programs and with what may not be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.config import ContainerConfig, WorldConfig
from edge.kernel.clock import VirtualClock, WallClock
from edge.testing.world import WorldUnderTest
from edge.world import World
from sandbox.engines.context import EngineContext
from sandbox.engines.process.engine import ProcessEngine
from tests.edge.containers.double import DoubleEngine
from tests.edge.worker.workers import text, worker
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
import js
from pyodide.ffi import to_js


def plain(value):
    return to_js(value, dict_converter=js.Object.fromEntries)


def words(buffer):
    return bytes(buffer.to_py()).decode()


class Box(DurableObject):
    async def do(self, what):
        return await getattr(self, what)()

    async def run(self, command, **options):
        return await self.ctx.container.exec(to_js(command), plain(options))

    async def start(self):
        self.ctx.container.start(plain({"labels": {"a": "b"}}))
        return "started"

    async def output(self):
        process = await self.run(["sh", "-c", "echo $A; pwd; echo o >&2; exit 3"], env={"A": "a"}, cwd="/tmp")
        found = await process.output()
        again = await self.refused(process.output)
        codes = f"{found.exitCode}|{await process.exitCode}"
        return f"{words(found.stdout)}|{words(found.stderr)}|{codes}|{again}"

    async def refused(self, call):
        try:
            await call()
        except Exception as error:
            return str(error)

    async def combined(self):
        process = await self.run(["sh", "-c", "echo a; echo b >&2"], stderr="combined")
        found = await process.output()
        return f"{sorted(words(found.stdout).split())} {words(found.stderr)!r} {process.stderr}"

    async def ignored(self):
        process = await self.run(["sh", "-c", "seq 100000; echo e >&2"], stdout="ignore")
        found = await process.output()
        return f"{words(found.stdout)!r} {words(found.stderr)!r} {found.exitCode}"

    async def piped(self):
        process = await self.run(["tr", "a-z", "A-Z"], stdin="pipe")
        writer = process.stdin.getWriter()
        await writer.write(to_js(b"hello "))
        await writer.write(to_js(b"there"))
        await writer.close()
        return words((await process.output()).stdout)

    async def fed(self):
        body = js.Response.new("from a stream").body
        process = await self.run(["cat"], stdin=body)
        return words((await process.output()).stdout)

    async def streamed(self):
        process = await self.run(["sh", "-c", "echo one; read line; echo two $line"], stdin="pipe")
        reader = process.stdout.getReader()
        first = bytes((await reader.read()).value.to_py()).decode()
        writer = process.stdin.getWriter()
        await writer.write(to_js(b"x\\n"))
        second = bytes((await reader.read()).value.to_py()).decode()
        reader.releaseLock()
        return first + second + str(await self.refused(process.output))

    async def killed(self):
        process = await self.run(["sleep", "60"])
        process.kill()
        first = await process.exitCode
        process = await self.run(["sleep", "60"])
        process.kill(9)
        return f"{process.pid > 1} {first} {await process.exitCode} {await self.refused(self.bad_kill)}"

    async def bad_kill(self):
        (await self.run(["true"])).kill(65)

    async def aborted(self):
        controller = js.AbortController.new()
        options = js.Object.fromEntries(to_js([["signal", controller.signal]]))
        process = await self.ctx.container.exec(to_js(["sleep", "60"]), options)
        controller.abort()
        return str(await process.exitCode)

    async def terminal(self):
        asks = "stty size; test -t 0 && echo tty"
        process = await self.run(["sh", "-c", asks], pty={"cols": 90, "rows": 20})
        return f"{process.isPty} {words((await process.output()).stdout).split()}"

    async def missing(self):
        await self.run(["no-such-program"])

    async def empty(self):
        await self.run([])

    async def bad_mode(self):
        await self.run(["true"], stdout="combined")

    async def bad_combined(self):
        await self.run(["true"], stdout="ignore", stderr="combined")

    async def bad_stdin(self):
        await self.run(["true"], stdin="file")

    async def bad_env(self):
        await self.run(["true"], env={"A=B": "c"})

    async def labels(self):
        before = (await self.ctx.container.inspect()).labels.to_py()
        await self.ctx.container.setLabels(plain({"c": "d"}))
        return f"{before} {(await self.ctx.container.inspect()).labels.to_py()}"

    async def bad_label(self):
        await self.ctx.container.setLabels(plain({"c": "a\\nb"}))

    async def inspected(self):
        return str(await self.ctx.container.inspect())

    async def connected(self):
        server = "import socket; s = socket.create_server(('127.0.0.1', 7000)); print('up', flush=True);" \\
            "c, _ = s.accept(); c.sendall(c.recv(100).upper()); c.close()"
        process = await self.run(["python3", "-c", server])
        await process.stdout.getReader().read()
        socket = self.ctx.container.getTcpPort(7000).connect("10.0.0.1:7000")
        await socket.opened
        writer = socket.writable.getWriter()
        await writer.write(to_js(b"bytes"))
        reader = socket.readable.getReader()
        data = bytes((await reader.read()).value.to_py()).decode()
        done = (await reader.read()).done
        await socket.closed
        return f"{data} {done}"

    async def not_listening(self):
        await self.ctx.container.getTcpPort(7999).connect("10.0.0.1:7999").opened

    async def with_tls(self):
        self.ctx.container.getTcpPort(7999).connect("10.0.0.1:7999", plain({"secureTransport": "on"}))

    async def stays(self):
        await self.ctx.container.setInactivityTimeout(60_000)
        return "ok"

    async def running(self):
        return str(self.ctx.container.running)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        what = request.url.split("/")[3]
        try:
            return Response(await self.env.BOX.getByName("x").do(what))
        except Exception as error:
            return Response(f"{type(error).__name__}: {error}")
"""

Ask = Callable[[str], Awaitable[str]]


def config(folder: Path) -> WorldConfig:
    container = ContainerConfig("Box", image="box:1", instance_type="basic", vcpu=0.25, memory_mib=1024)
    return WorldConfig((worker(folder, SOURCE, classes=("Box",), containers=(container,)),))


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Ask a world whose container runs, as processes of this machine."""
    folder = tmp_path_factory.mktemp("exec")

    def engine(world: World) -> ProcessEngine:
        context = EngineContext(world.clock, world.random, None, folder / "state")
        return ProcessEngine(context, pool_size=0)

    world = WorldUnderTest(
        config(folder),
        dialect=PythonDialect(),
        clock=WallClock(),
        engine=engine,  # type: ignore[arg-type]
    )
    world.run(world.start())
    assert world.run(text(world, "/start")) == "started"
    yield lambda what: world.run(text(world, f"/{what}"))
    world.run(world.close(0))
    world.stage.close()


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("output", "a\n/tmp\n|o\n|3|3|TypeError: output() can only be called once."),
        ("combined", "['a', 'b'] '' null"),
        ("ignored", "'' 'e\\n' 0"),
        ("piped", "HELLO THERE"),
        ("fed", "from a stream"),
        ("streamed", "one\ntwo x\nTypeError: Cannot call output() after stdout has started being consumed."),
        ("killed", "True 143 137 RangeError: Invalid signal number."),
        ("aborted", "143"),
        ("terminal", "True ['20', '90', 'tty']"),
        ("labels", "{'a': 'b'} {'c': 'd'}"),
        ("connected", "BYTES True"),
    ],
)
def test_programs(ask: Any, what: str, answer: str) -> None:
    assert ask(what) == answer


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("missing", "no-such-program"),
        ("empty", "exec() requires a non-empty command array."),
        ("bad_mode", "Invalid stdout option: combined"),
        ("bad_combined", 'stderr: "combined" requires stdout to be "pipe".'),
        ("bad_stdin", 'stdin must be a ReadableStream or the string "pipe".'),
        ("bad_env", "Environment variable names cannot contain '=': A=B"),
        ("bad_label", "Label values cannot contain control characters (index 0)"),
        ("not_listening", "the container is not listening in the TCP address 10.0.0.1:7999"),
        ("with_tls", "Connencting to a container using TLS is not currently supported."),
    ],
)
def test_what_may_not_be(ask: Any, what: str, words: str) -> None:
    assert words in ask(what)


def playing(folder: Path, play: Callable[[Ask, World, DoubleEngine], Awaitable[None]]) -> None:
    """`play` a world in virtual time whose containers the test holds."""
    engine, clock = DoubleEngine(), VirtualClock()
    world = World(
        config(folder),
        dialect=PythonDialect(),
        clock=clock,
        seed=1,
        engine=lambda _: engine,  # type: ignore[arg-type,return-value]
    )

    async def whole() -> None:
        await world.start()
        try:
            await play(lambda what: text(world, f"/{what}"), world, engine)
        finally:
            await world.close()

    run_virtual(whole(), clock)


def test_a_container_that_does_not_run(tmp_path: Path) -> None:
    async def play(ask: Ask, world: World, engine: DoubleEngine) -> None:
        assert "exec() cannot be called on a container that is not running." in await ask("missing")
        assert "setLabels() cannot be called on a container that is not running." in await ask("bad_label")
        assert await ask("inspected") == "null"

    playing(tmp_path, play)


def test_without_an_inactivity_timeout_it_stays(tmp_path: Path) -> None:
    async def play(ask: Ask, world: World, engine: DoubleEngine) -> None:
        await ask("start")
        await world.advance("1h")
        assert await ask("running") == "True"

    playing(tmp_path, play)


def test_it_ends_when_its_object_was_away_for_too_long(tmp_path: Path) -> None:
    async def play(ask: Ask, world: World, engine: DoubleEngine) -> None:
        await ask("start")
        await ask("stays")
        await world.advance("50s")  # away since second 10
        assert await ask("running") == "True"  # back: it begins anew
        await world.advance("50s")
        assert await ask("running") == "True"
        await world.advance("2m")
        assert [instance.destroyed > 0 for instance in engine.instances] == [True]
        assert await ask("running") == "False"

    playing(tmp_path, play)
