"""`exec`: commands that are waited for, in a session's shell or, without one, in a fresh shell.

Source: spec sandbox-and-containers.md sections 5.1 and 6.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.server.call import Call
from sandbox.server.errors import ApiError
from sandbox.server.host import HOME, Host
from sandbox.server.running import Collected, OutputTooLarge, Running
from sandbox.server.sessions import Sessions

_TIMED_OUT = 124
_PROGRAM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin")


class Commands:
    """Runs commands to their end."""

    def __init__(self, host: Host, sessions: Sessions) -> None:
        self._host = host
        self._sessions = sessions

    async def execute(self, call: Call) -> dict[str, Any]:
        """POST /api/execute"""
        session_id = call.session_id()
        command = call.command()
        started_s = self._host.clock.monotonic()
        if session_id is None:
            exit_code, stdout, stderr = await self._sessionless(call, command)
        else:
            done, printed = await self._sessions.execute(call, session_id)
            exit_code, stdout, stderr = done.exit_code, printed.text("stdout"), printed.text("stderr")
        result = {
            "success": exit_code == 0,
            "exitCode": exit_code,
            "stdout": stdout,
            "stderr": stderr,
            "command": command,
            "duration": round((self._host.clock.monotonic() - started_s) * 1000),
            "timestamp": self._host.now(),
        }
        return result if session_id is None else {**result, "sessionId": session_id}

    async def available(self, call: Call) -> dict[str, Any]:
        """GET /api/commands: the programs in the usual directories."""
        names: set[str] = set()
        for folder in _PROGRAM_FOLDERS:
            try:
                entries = await self._host.instance.files.list(folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            names.update(entry.path.rpartition("/")[2] for entry in entries if entry.kind != "directory")
        return self._host.ok(availableCommands=sorted(names), count=len(names))

    async def _sessionless(self, call: Call, command: str) -> tuple[int, str, str]:
        timeout_ms = call.positive("timeoutMs", "timeout")
        cwd = call.cwd()
        if cwd is None:
            await self._host.ensure_home()
        await self._host.instance.phase("exec")
        collected = Collected()
        try:
            process = await self._host.spawn_shell(command, cwd=cwd or HOME, env=call.env())
            running = Running(process, collected)
            try:
                async with asyncio.timeout(None if timeout_ms is None else timeout_ms / 1000):
                    return await running.ended(), collected.text("stdout"), collected.text("stderr")
            except TimeoutError:
                await running.terminate()
        except (FileNotFoundError, NotADirectoryError, OutputTooLarge) as error:
            message = f"Failed to execute command '{command}': {error}"
            raise ApiError("COMMAND_EXECUTION_ERROR", message, {"command": command}) from error
        stderr = collected.text("stderr")
        stderr += "\n" if stderr and not stderr.endswith("\n") else ""
        return _TIMED_OUT, collected.text("stdout"), f"{stderr}Command timed out after {timeout_ms:g}ms"
