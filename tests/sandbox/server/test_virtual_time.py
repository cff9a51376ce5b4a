"""Over a scripted container the server's time is the world's: exact, and it costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from edge.containers.engine import Completed, FileStat, NotListening, Output
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from sandbox.server.server import SandboxServer
from tests.loops import run_virtual
from tests.sandbox.server.api import Api, Refused

PHASE_S = 0.02


class ScriptedShell:
    """Knows one command: how long it takes, in seconds."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.running = 0

    async def run(
        self, command: str, output: Output, *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> Completed:
        assert self.running == 0, "one command at a time"
        self.running += 1
        await self._clock.sleep(float(command))
        await output("stdout", f"slept {command}".encode())
        self.running -= 1
        return Completed(0, "/workspace")

    async def environment(self) -> dict[str, str]:
        return {}

    async def close(self) -> None:
        return None


class ScriptedConnection:
    """The output of a program that prints nothing."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    async def read(self, limit: int = 65536) -> bytes:
        await self._ended.wait()
        return b""

    async def close(self) -> None:
        return None


class ScriptedProcess:
    """Runs until it is killed; TERM is ignored."""

    pid = 7

    def __init__(self) -> None:
        self._ended = asyncio.Event()
        self.io = self.stderr = ScriptedConnection(self._ended)

    async def wait(self) -> int:
        await self._ended.wait()
        return 137

    async def signal(self, number: int, *, group: bool = False) -> None:
        if number == 9:
            self._ended.set()


class ScriptedFiles:
    async def stat(self, path: str, *, follow: bool = True) -> FileStat:
        return FileStat(path, "directory", 0, 0, 0o755)


class ScriptedInstance:
    files = ScriptedFiles()

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.listens_from_s = clock.now() + 3.1

    async def spawn(self, argv: tuple[str, ...], **_: Any) -> ScriptedProcess:
        return ScriptedProcess()

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> ScriptedShell:
        return ScriptedShell(self._clock)

    async def connect(self, port: int) -> ScriptedConnection:
        if self._clock.now() < self.listens_from_s:
            raise NotListening("not yet")
        return ScriptedConnection(asyncio.Event())

    def service(self, port: int) -> None:
        return None

    async def phase(self, name: str) -> None:
        await self._clock.sleep(PHASE_S)


def test_time_passes_only_where_the_container_takes_it() -> None:
    clock = VirtualClock()

    async def main() -> None:
        api = Api(SandboxServer(ScriptedInstance(clock), clock, RandomStreams(1)), None)  # type: ignore[arg-type]
        assert (await api.exec("3600"))["duration"] == 3_600_020
        begun = clock.monotonic()
        await asyncio.gather(*(api.exec("10", "queue") for _ in range(3)))
        assert clock.monotonic() - begun == pytest.approx(3 * (10 + PHASE_S))
        with pytest.raises(Refused, match="Command timeout after 1500ms"):
            await api.exec("10", "slow", timeoutMs=1500)
        begun = clock.monotonic()
        await api.exec("1", "slow")
        until_free_s = 10 + PHASE_S - 1.5
        assert clock.monotonic() - begun == pytest.approx(until_free_s + PHASE_S + 1)

    run_virtual(main(), clock)


def test_grace_and_polls_are_virtual() -> None:
    clock = VirtualClock()

    async def main() -> None:
        api = Api(SandboxServer(ScriptedInstance(clock), clock, RandomStreams(1)), None)  # type: ignore[arg-type]
        begun = clock.monotonic()
        events = [event["type"] async for event in api.events("POST", "port-watch", port=80, mode="tcp")]
        assert events == ["watching", "ready"]
        assert clock.monotonic() - begun == pytest.approx(3.5)  # looked at every half second
        begun = clock.monotonic()
        result = await api.exec("anything", None, timeoutMs=2000)
        assert result["exitCode"] == 124
        assert clock.monotonic() - begun == pytest.approx(PHASE_S + 2 + 5)
        started = await api.post("process/start", command="server")
        begun = clock.monotonic()
        await api.delete(f"process/{started['processId']}")
        assert clock.monotonic() - begun == pytest.approx(5)

    run_virtual(main(), clock)


def test_the_same_seed_gives_the_same_ids() -> None:
    def ids() -> list[str]:
        found = []
        clock = VirtualClock()

        async def main() -> None:
            server = SandboxServer(ScriptedInstance(clock), clock, RandomStreams(5), "a")  # type: ignore[arg-type]
            api = Api(server, None)
            for _ in range(3):
                found.append((await api.post("process/start", command="x"))["processId"])
            await api.delete("process/kill-all")

        run_virtual(main(), clock)
        return found

    assert ids() == ids()
    assert len(set(ids())) == 3
