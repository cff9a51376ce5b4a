"""Agents as processes: how one is started, for one query or to be kept warm, and how it is spoken to."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Any

from frames import Frame, encode
from hearing import Hearing
from host import AgentProcess, Host

_SIGNALS = {"pause": signal.SIGSTOP, "resume": signal.SIGCONT}


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


async def tell(agent: AgentProcess, hearing: Hearing, frame: Frame) -> None:
    """Hand what a user says to an agent that works."""
    hearing.told(frame)
    if frame["type"] in _SIGNALS:
        agent.signal(_SIGNALS[frame["type"]])
        return
    agent.signal(signal.SIGCONT)  # it may be paused, and would not hear it
    await agent.write_line(encode(frame))
