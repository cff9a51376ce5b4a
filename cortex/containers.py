"""Cortex's containers in simulations: the very agent server of `container/`, on a scripted machine.

`edge lab cortex`, `edge sim` and tests call `setup` with the fake engine. What a spawn, a first token and the
gap between tokens take comes from the latency profile.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from edge.containers.engine import ContainerGone
from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocketPair
from edge.js.functions import JsDoubleProxy

for _folder in (Path(__file__).parent, Path(__file__).parent / "container"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from agent_loop import Inbox, serve  # noqa: E402
from agent_server import AgentServer  # noqa: E402
from agents import AgentStarter  # noqa: E402
from frames import Frame, decode, encode  # noqa: E402
from scripted_packages import PREFIX, pack, unpack  # noqa: E402
from scripted_reply import reply  # noqa: E402
from wire import as_content, from_content  # noqa: E402

PORT = 8765


def setup(engine: Any) -> None:
    """Give an engine what runs in Cortex's containers."""
    engine.program(r"^python3 .*ws_agent_server\.py", _agent_server)


async def _agent_server(process: Any) -> int:
    await process.instance.phase("server_start")
    host = FakeHost(process)
    channels: list[FakeChannel] = []
    server = AgentServer(host, AgentStarter(host, {"scripted": ["scripted-agent"]}, "scripted"), process.pid)

    async def answer(request: Request) -> Response:
        url = urlsplit(request.url)
        if (request.headers.get_str("upgrade") or "").lower() == "websocket":
            return _socket(server, url.path, dict(parse_qsl(url.query)), channels)
        body = from_content(request.headers.get_str("content-type") or "", await _bytes(request))
        status, content = await server.http(request.method, url.path, body)
        return Response.make(as_content(content)[1], status)

    process.listen(PORT, answer)
    try:
        await asyncio.Event().wait()
    finally:
        for channel in channels:
            channel.cut()
        host.end_agents()
    return 0


async def _bytes(request: Request) -> bytes:
    return bytes((await request.bytes()).to_bytes())


def _socket(server: AgentServer, path: str, query: dict[str, str], channels: list[FakeChannel]) -> Response:
    pair = WebSocketPair()
    local, remote = pair._ends
    channel = FakeChannel(remote)
    channels.append(channel)
    task = asyncio.ensure_future(server.websocket(path, query, channel))
    _serving.add(task)
    task.add_done_callback(_serving.discard)
    return Response.make(None, 101, "Switching Protocols", None, local)


_serving: set[asyncio.Future[None]] = set()


class FakeChannel:
    """The server's end of a WebSocket in memory."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._closed = False
        socket.addEventListener("message", JsDoubleProxy(lambda event: self._texts.put_nowait(event.data)))
        for ending in ("close", "error"):
            socket.addEventListener(ending, JsDoubleProxy(self._gone))
        socket.accept()

    def _gone(self, _event: Any) -> None:
        self._closed = True
        self._texts.put_nowait(None)

    async def send(self, text: str) -> None:
        if self._closed:
            raise ConnectionError("the WebSocket is closed")
        self._socket.send(text)

    async def receive(self) -> str | None:
        return await self._texts.get()

    def cut(self) -> None:
        """The container is gone, and the connection with it."""
        if not self._closed:
            self._closed = True
            self._socket._drop()
            self._texts.put_nowait(None)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if not self._closed:
            self._closed = True
            self._socket.close(code, reason)
            self._texts.put_nowait(None)


class FakeHost:
    """`host.Host` on a scripted container."""

    npm_prefix = PREFIX

    def __init__(self, process: Any) -> None:
        self._process = process
        self._agents: list[FakeAgent] = []

    def end_agents(self) -> None:
        """The container is gone, and all that ran in it."""
        for agent in self._agents:
            agent.signal(9)

    def now_ms(self) -> int:
        return int(self._process.clock.now_ms())

    async def sleep(self, delay_s: float) -> None:
        await self._process.clock.sleep(delay_s)

    async def read(self, path: str) -> str:
        return str(self._process.files.read(path).decode())

    async def write(self, path: str, text: str, *, mode: int = 0o600) -> None:
        folder = path.rpartition("/")[0]
        if folder:
            self._process.files.mkdir(folder, self._process.clock.now(), parents=True)
        self._process.files.write(path, text.encode(), self._process.clock.now(), mode=mode)

    async def remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._process.files.remove(path)

    async def unpack(self, archive: bytes, name: str) -> None:
        await unpack(self._process, archive, name)

    async def pack(self, prefix: str, name: str) -> bytes:
        return pack(self._process, prefix, name)

    async def spawn(self, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> FakeAgent:
        agent = FakeAgent(self._process, {**self._process.env, **env})
        agent.start()
        self._agents.append(agent)
        return agent

    async def run(self, argv: Sequence[str], limit_s: float) -> int:
        try:
            child = await self._process.instance.spawn(tuple(argv))
            return int(await asyncio.wait_for(child.wait(), limit_s))
        except FileNotFoundError:
            return 127
        except ContainerGone:
            return 137  # it was killed, with all that ran in the container
        except TimeoutError:
            await child.signal(9)
            return 124


class FakeAgent:
    """The scripted agent as a task; its time is the profile's."""

    def __init__(self, process: Any, env: Mapping[str, str]) -> None:
        self.pid = process.instance.next_pid()
        self._process = process
        self._env = dict(env)
        self._inbox = Inbox()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._going = asyncio.Event()
        self._going.set()
        self._task: asyncio.Future[int] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._live())

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _live(self) -> int:
        try:
            await self._process.instance.phase("agent_spawn")
            warm = self._env.get("CORTEX_WARM") == "1"
            await serve(self._inbox, self._answer, self._emit, warm=warm)
            return 0
        except asyncio.CancelledError:
            return 137
        finally:
            self._lines.put_nowait(None)

    async def _answer(self, query: Frame) -> None:
        await reply(query, self._env, _Io(self))

    async def _emit(self, frame: Frame) -> None:
        await self._going.wait()
        self._lines.put_nowait(encode(frame))

    async def write_line(self, line: str) -> None:
        if (frame := decode(line)) is not None:
            self._inbox.take(frame)

    async def lines(self) -> AsyncIterator[str]:
        while (line := await self._lines.get()) is not None:
            yield line

    async def wait(self) -> int:
        assert self._task is not None
        return await asyncio.shield(self._task)

    def signal(self, number: int) -> None:
        if number == 19:
            self._going.clear()
        elif number == 18:
            self._going.set()
        elif self._task is not None:
            self._task.cancel()


class _Io:
    """`scripted_reply.AgentIo`: the model's time is a phase of the profile."""

    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent
        self._first = True

    async def emit(self, frame: Frame) -> None:
        if frame["type"] == "text-delta":
            phase = "first_token" if self._first else "token_gap"
            self._first = False
            await self._agent._process.instance.phase(phase)
        await self._agent._emit(frame)

    async def sleep(self, delay_s: float) -> None:
        await self._agent._process.clock.sleep(delay_s)

    async def confirm(self, approval_id: str) -> bool:
        return await self._agent._inbox.confirm(approval_id)

    async def tool(self, name: str, argument: str) -> str:
        if name == "run":
            child = await self._agent._process.instance.spawn(("sh", "-c", argument))
            parts = []
            while data := await child.io.read():
                parts.append(data)
            return b"".join(parts).decode(errors="replace")
        tree, path = self._agent._process.files, f"/workspace/{argument}"
        try:
            if name == "read":
                return str(tree.read(path).decode(errors="replace"))
            return "\n".join(entry.path.rpartition("/")[2] for entry in tree.list(path, recursive=False))
        except OSError as problem:
            return str(problem)
