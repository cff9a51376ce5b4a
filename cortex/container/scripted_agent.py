"""The scripted agent: works offline, always says the same to the same prompt (`scripted_reply.py`)."""

from __future__ import annotations

import asyncio
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from agent_loop import Inbox, emit, run
from frames import Frame
from scripted_reply import reply

_TOOL_LIMIT_S = 30.0


class RealIo:
    """Tools on the container's own files and programs."""

    def __init__(self, inbox: Inbox, cwd: str) -> None:
        self._inbox = inbox
        self._cwd = cwd

    async def emit(self, frame: Frame) -> None:
        await emit(frame)

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    async def confirm(self, approval_id: str) -> bool:
        return await self._inbox.confirm(approval_id)

    async def tool(self, name: str, argument: str) -> str:
        path = os.path.join(self._cwd, argument)
        try:
            if name == "list":
                return "\n".join(sorted(os.listdir(path)))
            if name == "read":
                with open(path, encoding="utf-8", errors="replace") as file:
                    return file.read()
            return await self._run(argument)
        except OSError as failure:
            return str(failure)

    async def _run(self, command: str) -> str:
        pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        process = await asyncio.create_subprocess_shell(
            command, cwd=self._cwd, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=merged
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _TOOL_LIMIT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            return f"timed out after {_TOOL_LIMIT_S:g} s"
        return output.decode(errors="replace")


async def answer(query: Frame, inbox: Inbox) -> None:
    await reply(query, os.environ, RealIo(inbox, str(query.get("cwd") or "/workspace")))


if __name__ == "__main__":
    asyncio.run(run(answer))
