"""The program that listens on port 8765 in the container (the design's `ws-agent-server.js`).

Environment: `CORTEX_AGENT` (`scripted` or `claude`) says which agent answers, `CORTEX_PORT` where to listen;
who started this program with `CORTEX_READY_FD` is told there, by one byte, that it listens.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from agent_server import AgentServer
from agents import AgentStarter
from machine import RealHost
from wire import serve

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 8765


def commands() -> dict[str, list[str]]:
    """How each agent is started. The scripted one needs nothing but Python itself."""
    return {
        "scripted": [sys.executable, "-I", "-S", f"{HERE}/scripted_agent.py"],
        "claude": [sys.executable, f"{HERE}/claude_agent.py"],
    }


async def main() -> None:
    starter = AgentStarter(RealHost(), commands(), os.environ.get("CORTEX_AGENT", "scripted"))
    server = AgentServer(RealHost(), starter, os.getpid())
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    listening = await serve(int(os.environ.get("CORTEX_PORT", PORT)), server.http, server.websocket)
    async with listening:
        if ready := os.environ.pop("CORTEX_READY_FD", ""):
            os.write(int(ready), b"1")
            os.close(int(ready))
        await ended.wait()
        await server.close()


if __name__ == "__main__":
    asyncio.run(main())
