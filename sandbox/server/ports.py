"""Waiting for a port: whether something listens, or answers over HTTP, looked at again and again.

Source: spec sandbox-and-containers.md sections 5.1 (`waitForPort`) and 7 (`/api/port-watch`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from edge.containers.engine import Connection, NotListening
from edge.http.request import Request
from edge.http.response import Response
from sandbox.server.call import Call
from sandbox.server.errors import ApiError, invalid
from sandbox.server.host import Host
from sandbox.server.processes import Background, Processes
from sandbox.server.reply import Stop, event_stream

_INTERVAL_MS = 500
#: A status line is short; a server that sends more without one speaks no HTTP.
_STATUS_LINE_BYTES_MAX = 8192


class Ports:
    """Watches ports inside the container."""

    def __init__(self, host: Host, processes: Processes) -> None:
        self._host = host
        self._processes = processes

    async def watch(self, call: Call) -> Response:
        """POST /api/port-watch: events `watching`, then `ready`, `process_exited` or `error`."""
        port = call.number("port")  # JavaScript has no integers: 8080.0 is a port
        if port is None or port != int(port) or not 1 <= port <= 65535:
            raise ApiError("INVALID_PORT", f"Invalid port: {port}", {"port": port})
        port = int(port)
        mode = call.maybe_text("mode") or "http"
        if mode not in ("http", "tcp"):
            raise invalid(f"mode must be http or tcp, not {mode}", "mode")
        id = call.maybe_text("processId")
        process = None if id is None else self._processes.get(id)
        stop = Stop()
        return event_stream(self._events(call, port, mode == "http", process, stop), stop)

    async def _events(
        self, call: Call, port: int, http: bool, process: Background | None, stop: Stop
    ) -> AsyncIterator[dict[str, Any]]:
        interval_s = (call.positive("interval") or _INTERVAL_MS) / 1000
        accepted = range(int(call.number("statusMin") or 200), int(call.number("statusMax") or 399) + 1)
        path = call.maybe_text("path") or "/"
        yield {"type": "watching", "port": port}
        while not stop:
            status = await self._http_status(port, path) if http else await self._listens(port)
            if status is not None and (not http or status in accepted):
                yield {"type": "ready", "port": port, **({"statusCode": status} if http else {})}
                return
            if process is not None and process.done.is_set():
                yield {"type": "process_exited", "port": port, "exitCode": process.exit_code}
                return
            await stop.sleep(self._host.clock, interval_s)

    async def _listens(self, port: int) -> int | None:
        """0 when something does."""
        if self._host.instance.service(port) is not None:
            return 0
        try:
            connection = await self._host.instance.connect(port)
        except NotListening:
            return None
        await connection.close()
        return 0

    async def _http_status(self, port: int, path: str) -> int | None:
        service = self._host.instance.service(port)
        if service is not None:
            response = await service(Request.make(f"http://localhost:{port}{path}"))
            return response.status
        try:
            connection = await self._host.instance.connect(port)
        except NotListening:
            return None
        try:
            return await _ask(connection, port, path)
        except (BrokenPipeError, ConnectionError):
            return None
        finally:
            await connection.close()


async def _ask(connection: Connection, port: int, path: str) -> int | None:
    """The status of a GET request; None for what is no HTTP."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    await connection.write(head.encode())
    answer = b""
    while b"\r\n" not in answer and len(answer) < _STATUS_LINE_BYTES_MAX:
        data = await connection.read()
        if not data:
            return None
        answer += data
    version, _, rest = answer.partition(b" ")
    code = rest[:3]
    return int(code) if version.startswith(b"HTTP/") and code.isdigit() else None
