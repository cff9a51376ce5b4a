"""RPC methods that run commands and programs (spec section 5.1)."""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sandbox.client.remote import NO_SESSION
from sandbox.client.sse import parse_sse_stream
from sandbox.client.waiting import exited_before_ready, ready_timeout
from sandbox.client.within import within
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record
from sandbox.errors import ProcessNotFoundError, SandboxError


class CommandMethods:
    """Commands that are waited for."""

    async def exec(self: Any, command: str, options: Any = None) -> Record:
        return await self._exec(command, await self._session(), options)

    async def exec_with_session_token(
        self: Any, command: str, session_id: str, options: Any = None
    ) -> Record:
        return await self._exec(command, await self._session(session_id), options)

    async def exec_stream(self: Any, command: str, options: Any = None) -> Any:
        given = dict(options or {})
        return await self._exec_stream(command, await self._session(given.get("sessionId")), given)

    async def exec_stream_with_session_token(
        self: Any, command: str, session_id: str, options: Any = None
    ) -> Any:
        return await self._exec_stream(command, await self._session(session_id), options)

    async def _exec(self: Any, command: str, session: str | None, options: Any) -> Record:
        found = await self.control.post("/api/execute", self._request(command, session, options))
        names = ("success", "exitCode", "stdout", "stderr", "command", "duration", "timestamp")
        result = Record({name: found.get(name) for name in names})
        result["sessionId"] = session
        return result

    async def _exec_stream(self: Any, command: str, session: str | None, options: Any) -> Any:
        return await self.control.stream("/api/execute/stream", self._request(command, session, options))

    def _request(self: Any, command: str, session: str | None, options: Any) -> dict[str, Any]:
        given = dict(options or {})
        env = {name: value for name, value in (given.get("env") or {}).items() if value is not None}
        if session is None:  # no shell that has the sandbox's variables
            env = {**self.env_vars, **env}
        return {
            "command": command,
            "sessionId": session,
            "timeoutMs": given.get("timeout"),
            "env": env or None,
            "cwd": given.get("cwd"),
            "origin": given.get("origin"),
        }


class ProcessMethods:
    """Programs in the background."""

    async def start_process(
        self: Any, command: str, options: Any = None, session_id: str | None = None
    ) -> Record:
        given = dict(options or {})
        session = await self._session(session_id or given.get("sessionId"))
        body = {
            **self._request(command, session, given),
            "processId": given.get("processId"),
            "autoCleanup": given.get("autoCleanup"),
        }
        found = await self.control.post("/api/process/start", body)
        started = {"id": found["processId"], "command": command, "status": "running"}
        return _process({**started, **(found.get("process") or {})}, session)

    async def list_processes(self: Any, session_id: str | None = None) -> list[Record]:
        found = await self.control.json("GET", "/api/process/list")
        return [_process(data, self._bound(session_id)) for data in found["processes"]]

    async def get_process(self: Any, process_id: str, session_id: str | None = None) -> Record | None:
        try:
            found = await self.control.json("GET", _path(process_id))
        except ProcessNotFoundError:
            return None
        return _process(found["process"], self._bound(session_id)) if found.get("process") else None

    async def kill_process(
        self: Any, process_id: str, signal: str | None = None, session_id: str | None = None
    ) -> None:
        await self.control.json("DELETE", _path(process_id))

    async def kill_all_processes(self: Any, session_id: str | None = None) -> int:
        return int((await self.control.json("DELETE", "/api/process/kill-all"))["cleanedCount"])

    async def cleanup_completed_processes(self: Any, session_id: str | None = None) -> int:
        return 0

    async def get_process_logs(self: Any, process_id: str, session_id: str | None = None) -> Record:
        found = await self.control.json("GET", _path(process_id, "/logs"))
        return Record({name: found[name] for name in ("stdout", "stderr", "processId")})

    async def stream_process_logs(self: Any, process_id: str, options: Any = None) -> Any:
        return await self.control.stream(_path(process_id, "/stream"), method="GET")

    async def wait_for_process_port(
        self: Any, process_id: str, command: str, port: int, options: Any = None
    ) -> None:
        """For the client's `Process.wait_for_port`. The JavaScript class gives a function along instead."""
        given = dict(options or {})
        mode, path = given.get("mode", "http"), given.get("path", "/")
        status = given.get("status", {"min": 200, "max": 399})
        low, high = (status, status) if isinstance(status, int) else (status["min"], status["max"])
        condition = f"port {port} (HTTP {path})" if mode == "http" else f"port {port} (TCP)"
        body = {"port": port, "mode": mode, "path": path, "statusMin": low, "statusMax": high}
        body |= {"processId": process_id, "interval": given.get("interval", 500)}
        process = {"id": process_id, "command": command}
        timeout_ms = given.get("timeout")
        await within(
            timeout_ms,
            self._watch_port(body, process, condition),
            lambda: ready_timeout(process, condition, timeout_ms),
        )

    async def _watch_port(self: Any, body: dict[str, Any], process: dict[str, Any], condition: str) -> None:
        async with aclosing(parse_sse_stream(await self.control.stream("/api/port-watch", body))) as events:
            async for event in events:
                if event["type"] == "ready":
                    return
                if event["type"] == "process_exited":
                    raise exited_before_ready(process, condition, event.get("exitCode", 1))
                if event["type"] == "error":
                    raise SandboxError(event.get("error") or "Port watch failed")
        raise SandboxError("Port watch stream ended unexpectedly")

    def _bound(self: Any, session_id: str | None) -> str | None:
        if session_id == NO_SESSION:
            return None
        return session_id or self.default_session.id


def _path(process_id: str, rest: str = "") -> str:
    return f"/api/process/{quote(process_id, safe='')}{rest}"


def _process(data: dict[str, Any], session_id: str | None) -> Record:
    found = {name: data.get(name) for name in ("id", "pid", "command", "status", "exitCode")}
    for name in ("startTime", "endTime"):
        moment = data.get(name)
        found[name] = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return Record({**found, "sessionId": session_id})


name_both(CommandMethods, (), methods_of(CommandMethods))
name_both(ProcessMethods, (), methods_of(ProcessMethods))
