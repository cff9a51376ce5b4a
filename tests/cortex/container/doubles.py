"""A machine in memory, and agents that say what a test tells them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from tests.cortex.container import conftest  # noqa: F401 (puts the container's folder on the path)

from package_archive import Entry, entries, is_part, packed  # isort: skip

Frame = dict[str, Any]


class MemoryAgent:
    """An agent whose answers are a function of what it is told."""

    def __init__(self, script: Callable[[MemoryAgent, Frame], None], env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self.heard: list[Frame] = []
        self.signals: list[int] = []
        self.pid = 1
        self._script = script
        self._lines: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def say(self, **frame: Any) -> None:
        self._lines.put_nowait(json.dumps(frame))

    def print(self, line: str | Exception) -> None:
        """Anything at all, also what cannot be read."""
        self._lines.put_nowait(line)

    def end(self, code: int = 0) -> None:
        if not self._code.done():
            self._code.set_result(code)
            self._lines.put_nowait(None)

    async def write_line(self, line: str) -> None:
        if not self._code.done():
            self.heard.append(json.loads(line))
            self._script(self, self.heard[-1])

    async def lines(self) -> AsyncIterator[str]:
        while (line := await self._lines.get()) is not None:
            if isinstance(line, Exception):
                raise line
            yield line

    @property
    def is_running(self) -> bool:
        return not self._code.done()

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def signal(self, number: int) -> None:
        self.signals.append(number)
        if number == 9:
            self.end(137)


class MemoryHost:
    """Files in a dict, time that passes at once; its npm installs what it is told to."""

    npm_prefix = "/usr/local"

    def __init__(self, script: Callable[[MemoryAgent, Frame], None] | None = None) -> None:
        self.files: dict[str, str] = {}
        self.slept_s: list[float] = []
        self.ran: list[Sequence[str]] = []
        self.agents: list[MemoryAgent] = []
        self.run_code = 0
        self.on_sleep: Callable[[], None] = lambda: None
        self._script = script or echo
        self._now_ms = 0

    def now_ms(self) -> int:
        return self._now_ms

    async def sleep(self, delay_s: float) -> None:
        if delay_s >= 20:
            await asyncio.Event().wait()  # pings: none in a test
        self.slept_s.append(delay_s)
        self._now_ms += round(delay_s * 1000)
        self.on_sleep()
        await asyncio.sleep(0)

    async def read(self, path: str) -> str:
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    async def write(self, path: str, text: str, *, mode: int = 0o600) -> None:
        self.files[path] = text

    async def remove(self, path: str) -> None:
        self.files.pop(path, None)

    async def spawn(self, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> MemoryAgent:
        self.agents.append(MemoryAgent(self._script, env))
        return self.agents[-1]

    async def run(self, argv: Sequence[str], limit_s: float) -> int:
        self.ran.append(argv)
        if argv[0] == "npm" and self.run_code == 0:
            prefix = next((word[9:] for word in argv if word.startswith("--prefix=")), self.npm_prefix)
            for spec in argv[argv.index("--") + 1 :]:
                name = spec[0] + spec[1:].partition("@")[0]
                manifest = json.dumps({"name": name, "version": "1.0.0"})
                self.files[f"{prefix}/lib/node_modules/{name}/package.json"] = manifest
        return self.run_code

    async def unpack(self, archive: bytes, name: str) -> None:
        for entry in entries(archive, name):
            self.files[f"{self.npm_prefix}/{entry.path}"] = entry.content.decode()

    async def pack(self, prefix: str, name: str) -> bytes:
        inside = {path.removeprefix(f"{prefix}/"): text for path, text in self.files.items()}
        return packed(Entry(path, text.encode()) for path, text in inside.items() if is_part(path, name))


def echo(agent: MemoryAgent, frame: Frame) -> None:
    """Answers a query with its prompt; ends after it unless kept warm."""
    if frame["type"] == "query":
        agent.say(type="text-delta", text=frame["prompt"])
        agent.say(type="done", fullText=frame["prompt"])
        if agent.env.get("CORTEX_WARM") != "1":
            agent.end(0)


class MemoryChannel:
    """A WebSocket of which a test holds the other end."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Frame] = asyncio.Queue()
        self.incoming: asyncio.Queue[str | None] = asyncio.Queue()
        self.closed: tuple[int, str] | None = None
        self.gone = False

    async def send(self, text: str) -> None:
        if self.gone:
            raise ConnectionError("gone")
        self.sent.put_nowait(json.loads(text))

    async def receive(self) -> str | None:
        return await self.incoming.get()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = (code, reason)

    def tell(self, **frame: Any) -> None:
        self.incoming.put_nowait(json.dumps(frame))

    def leave(self) -> None:
        self.gone = True
        self.incoming.put_nowait(None)

    async def until(self, *kinds: str) -> list[Frame]:
        """All frames up to the first of a kind."""
        frames = [await self.sent.get()]
        while frames[-1]["type"] not in kinds:
            frames.append(await self.sent.get())
        return frames
