"""A program that runs in the background (spec section 5.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.client import waiting
from sandbox.container.values import Record, options_of

if TYPE_CHECKING:
    from sandbox.client.processes import Processes

_PORT = ("mode", "path", "status", "timeout", "interval")


class Process(Record):
    """`id`, `pid`, `command`, `status` (starting, running, completed, failed, killed, error), `start_time`,
    `end_time`, `exit_code`, `session_id`, as they were when it was asked for; the methods ask anew."""

    def __init__(self, sandbox: Processes, data: dict[str, Any]) -> None:
        plain = {name: _moment(value) for name, value in data.items() if not callable(value)}
        super().__init__({"pid": None, "endTime": None, "exitCode": None, "sessionId": None, **plain})
        self._sandbox = sandbox
        #: What Cloudflare's own class gives along: functions that run over there.
        self._functions = {name: value for name, value in data.items() if callable(value)}

    async def kill(self, signal: str | None = None) -> None:
        """End it with SIGTERM, whatever `signal` says (as in the JavaScript SDK)."""
        await self._sandbox.kill_process(self["id"], signal)

    async def get_status(self) -> str:
        """Its status now; `error` when the sandbox does not know it any more."""
        found = await self._sandbox.get_process(self["id"])
        return "error" if found is None else str(found["status"])

    async def get_logs(self) -> Record:
        """What it has printed: `stdout`, `stderr`."""
        logs = await self._sandbox.get_process_logs(self["id"])
        return Record(stdout=logs["stdout"], stderr=logs["stderr"])

    async def wait_for_log(self, pattern: Any, timeout: float | None = None) -> Record:
        """Wait for a line with a text or a regular expression (`re.compile`); what was printed before counts.

        `timeout` is in milliseconds; none by default. Returns `line` and, for an expression, `match`. Raises
        ProcessReadyTimeoutError, ProcessExitedBeforeReadyError.
        """
        return await waiting.for_log(self._sandbox, self, pattern, timeout)

    async def wait_for_port(self, port: int, options: Any = None, **keywords: Any) -> None:
        """Wait until something answers at a port.

        Options: `mode` (`http` or `tcp`), `path` ("/"), `status` (a number, or `{"min": 200, "max": 399}`),
        `timeout` (milliseconds, none), `interval` (500 ms). Raises as `wait_for_log`.
        """
        chosen = options_of(options, keywords, _PORT)
        if "waitForPort" in self._functions:
            await self._functions["waitForPort"](port, chosen)
            return
        about = (self["id"], self["command"])
        await self._sandbox.remote.call("waitForProcessPort", *about, port, chosen or None)

    async def wait_for_exit(self, timeout: float | None = None) -> Record:
        """Wait until it has ended: `exit_code`. `timeout` is in milliseconds. Raises
        ProcessReadyTimeoutError."""
        return await waiting.for_exit(self._sandbox, self, timeout)

    getStatus = get_status
    getLogs = get_logs
    waitForLog = wait_for_log
    waitForPort = wait_for_port
    waitForExit = wait_for_exit


def _moment(value: Any) -> Any:
    """JavaScript's Date comes as local time without a zone."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value
