"""Agents as processes: one spawned for each query, or one kept warm that waits for its query.

A warm agent is started anew when its environment changes (it holds secrets and settings), when it ends, and
when it says nothing for too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Any

from frames import LAST, Frame, decode, encode
from host import AgentProcess, Host
from runs import Run

SILENCE_LIMIT_S = 120.0


class AgentStarter:
    """Knows how an agent is started: `CORTEX_AGENT` says which (`scripted` or `claude`)."""

    def __init__(self, host: Host, commands: Mapping[str, list[str]], kind: str) -> None:
        self._host = host
        self._commands = commands
        self._kind = kind

    async def start(self, env: Mapping[str, str], cwd: str) -> AgentProcess:
        """Raises OSError when it does not start, ValueError for a kind of agent that is not here."""
        kind = env.get("CORTEX_AGENT", self._kind)
        if kind not in self._commands:
            raise ValueError(f"there is no agent {kind!r} in this container")
        return await self._host.spawn(self._commands[kind], env, cwd)


class WarmAgent:
    """An agent that answers one query after another."""

    def __init__(self, host: Host, starter: AgentStarter, silence_limit_s: float = SILENCE_LIMIT_S) -> None:
        self._host = host
        self._starter = starter
        self._silence_limit_s = silence_limit_s
        self._turn = asyncio.Lock()
        self._process: AgentProcess | None = None
        self._lines: AsyncIterator[str] | None = None
        self._key = ""
        self._last_code = 0
        self.current: Run | None = None

    @property
    def warm(self) -> bool:
        return self._process is not None

    async def warm_up(self, env: Mapping[str, str], cwd: str) -> None:
        """Have an agent ready for this environment."""
        async with self._turn:
            await self._ready(env, cwd)

    async def answer(self, run: Run, query: Frame) -> None:
        """Answer a query, after those before it. What goes wrong becomes an `error` frame of the run."""
        async with self._turn:
            self.current = run
            try:
                await self._answer(run, query)
            finally:
                self.current = None

    async def _answer(self, run: Run, query: Frame) -> None:
        env, cwd = query.get("env") or {}, query.get("cwd") or "/workspace"
        try:
            process = await self._ready(env, cwd)
        except (OSError, ValueError) as failure:
            await run.say({"type": "error", "error": f"the agent did not start: {failure}"}, last=True)
            return
        await process.write_line(encode({**query, "type": "query", "env": None}))
        while (frame := await self._next_frame()) is not None:
            last = frame["type"] in LAST
            await run.say(frame, last=last)
            if last:
                return
        silent = self._process is not None
        code = await self._end()
        text = f"the agent said nothing for {self._silence_limit_s:g} s" if silent else "the agent ended"
        await run.say({"type": "error", "error": text})
        await run.say({"type": "process-exit", "exitCode": code}, last=True)

    async def _next_frame(self) -> Frame | None:
        """The next frame; None when the agent ended (then it is forgotten) or is silent."""
        assert self._lines is not None
        while True:
            try:
                line = await asyncio.wait_for(anext(self._lines, None), self._silence_limit_s)
            except TimeoutError:
                return None
            if line is None:
                self._last_code = 0 if self._process is None else await self._process.wait()
                self._process = None
                return None
            if (frame := decode(line)) is not None:
                return frame

    async def _end(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return self._last_code
        process.signal(signal.SIGKILL)
        return await process.wait()

    async def _ready(self, env: Mapping[str, str], cwd: str) -> AgentProcess:
        key = json.dumps([dict(env), cwd], sort_keys=True)
        if self._process is None or key != self._key:
            await self._end()
            self._process = await self._starter.start({**env, "CORTEX_WARM": "1"}, cwd)
            self._lines = self._process.lines()
            self._key = key
        return self._process

    async def tell(self, frame: Frame) -> None:
        """Hand a frame to the agent while it works."""
        if self._process is not None:
            await self._process.write_line(encode(frame))

    def signal(self, number: int) -> None:
        if self._process is not None:
            self._process.signal(number)

    async def close(self) -> None:
        await self._end()


@contextlib.asynccontextmanager
async def spawned(starter: AgentStarter, context: dict[str, Any]) -> AsyncIterator[AgentProcess]:
    """An agent for one query only; it is killed at the end of the block."""
    process = await starter.start(context.get("env") or {}, context.get("cwd") or "/workspace")
    try:
        await process.write_line(encode({**context, "type": "query", "env": None}))
        yield process
    finally:
        process.signal(signal.SIGKILL)
        await process.wait()
