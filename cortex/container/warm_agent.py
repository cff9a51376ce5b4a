"""An agent that is kept warm: it waits for its query, and answers one after another.

It is started anew when its environment changes (it holds secrets and settings), when it ends, and when it is
silent for too long.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping

from agents import AgentStarter, tell
from frames import Frame, encode, stopped
from hearing import SILENCE_LIMIT_S, Hearing
from host import AgentProcess
from runs import Run


class WarmAgent:
    """Queries wait for their turn; what users say meanwhile goes to the run that it names."""

    def __init__(self, starter: AgentStarter, silence_limit_s: float = SILENCE_LIMIT_S) -> None:
        self._starter = starter
        self._silence_limit_s = silence_limit_s
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: AgentProcess | None = None
        self._key = ""
        self._run: Run | None = None  # the one that the agent works on, heard by `_hearing`
        self._hearing: Hearing | None = None

    @property
    def warm(self) -> bool:
        return self._process is not None

    async def warm_up(self, env: Mapping[str, str], cwd: str) -> None:
        """Have an agent ready for this environment; while one works, the next query sees to it. Raises
        OSError, ValueError."""
        if not self._turn.locked():
            async with self._turn:
                await self._ready(env, cwd)

    async def answer(self, run: Run, query: Frame) -> None:
        """Answer a query, after those before it. What goes wrong becomes an `error` frame of the run."""
        if self._run is not None and self._hearing is not None and self._hearing.is_paused:
            await self.tell(self._run, {"type": "resume"})  # somebody waits
        self._waiting += 1
        async with self._turn:
            self._waiting -= 1
            try:
                await self._answer(run, query)
            except (OSError, ValueError) as failure:
                await run.say({"type": "error", "error": f"the agent did not start: {failure}"}, last=True)

    async def _answer(self, run: Run, query: Frame) -> None:
        env, cwd = query.get("env") or {}, query.get("cwd") or "/workspace"
        process = await self._ready(env, cwd)
        if run.ended:
            return  # stopped before its turn came
        self._run, self._hearing = run, Hearing(process, self._silence_limit_s)
        try:
            await process.write_line(encode({**query, "type": "query", "env": None}))
            if run.is_paused:
                await self.tell(run, {"type": "pause"})
            await self._hear_out(run, self._hearing)
        finally:
            self._hearing.close()
            self._run = self._hearing = None

    async def _hear_out(self, run: Run, hearing: Hearing) -> None:
        while (frame := await hearing.frame()) is not None:
            await run.say(frame, last=hearing.is_over)
            if hearing.is_over:
                return
        code = await self._end()
        await run.say({"type": "error", "error": hearing.why})
        await run.say({"type": "process-exit", "exitCode": code}, last=True)

    async def _end(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.signal(signal.SIGKILL)
        return await process.wait()

    async def _ready(self, env: Mapping[str, str], cwd: str) -> AgentProcess:
        key = json.dumps([dict(env), cwd], sort_keys=True)
        if self._process is None or key != self._key or not self._process.is_running:
            await self._end()
            self._process = await self._starter.start({**env, "CORTEX_WARM": "1"}, cwd)
            self._key = key
        return self._process

    async def tell(self, run: Run, frame: Frame) -> None:
        """A user says something about a run; one whose turn has not come is stopped or paused beforehand."""
        kind = frame["type"]
        if kind == "pause" and self._waiting:
            return  # it would keep others waiting
        if run is self._run and self._hearing is not None and self._process is not None:
            await tell(self._process, self._hearing, frame)
        elif kind == "stop" and not run.ended:
            await run.say(stopped(None), last=True)
        elif kind in ("pause", "resume"):
            run.is_paused = kind == "pause"

    async def close(self) -> None:
        await self._end()
