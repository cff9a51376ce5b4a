"""Processes in the background: started from a session, known to the whole sandbox, and their logs.

Source: spec sandbox-and-containers.md sections 5.1 and 6.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from typing import Any

from edge.containers.engine import ContainerGone, Process
from edge.http.response import Response
from edge.kernel.tasks import spawn_outside
from sandbox.server.call import Call
from sandbox.server.errors import ApiError
from sandbox.server.host import HOME, Host
from sandbox.server.log import Log, Missed, Reader
from sandbox.server.reply import Stop, event_stream, iso
from sandbox.server.running import SIGKILL, SIGTERM, TERM_GRACE_S, Running
from sandbox.server.sessions import Sessions

#: How many processes that have ended are remembered, with their logs.
ENDED_MAX = 200
_KILLED = (137, 143)


class Background:
    """One process and what is known of it."""

    def __init__(
        self, id: str, command: str, session_id: str | None, process: Process, start_ms: int
    ) -> None:
        self.id = id
        self.command = command
        self.session_id = session_id
        self.process = process
        self.start_ms = start_ms
        self.end_ms: int | None = None
        self.exit_code: int | None = None
        self.status = "running"
        self.log = Log()
        self.killed = False
        self.done = asyncio.Event()

    def info(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.id,
            "pid": self.process.pid,
            "command": self.command,
            "status": self.status,
            "startTime": iso(self.start_ms),
        }
        if self.end_ms is not None:
            found["endTime"] = iso(self.end_ms)
        if self.exit_code is not None:
            found["exitCode"] = self.exit_code
        if self.session_id is not None:
            found["sessionId"] = self.session_id
        return found

    def end(self, exit_code: int, now_ms: int) -> None:
        self.exit_code = exit_code
        self.end_ms = now_ms
        if self.killed or exit_code in _KILLED:
            self.status = "killed"
        else:
            self.status = "completed" if exit_code == 0 else "failed"
        self.log.close()
        self.done.set()

    def lose(self, error: Exception, now_ms: int) -> None:
        self.status = "error"
        self.end_ms = now_ms
        self.log.close(error)
        self.done.set()


class Processes:
    """All background processes of a sandbox, by id, in the order in which they started."""

    def __init__(self, host: Host, sessions: Sessions) -> None:
        self._host = host
        self._sessions = sessions
        self._processes: dict[str, Background] = {}

    async def spawn(self, call: Call, command: str) -> Background:
        """Start a command where the call's session is now. Raises ApiError."""
        id = call.maybe_text("processId") or f"proc_{self._host.clock.now_ms()}_{self._host.token()}"
        known = self._processes.get(id)
        if known is not None and not known.done.is_set():
            raise ApiError("PROCESS_ERROR", f"Process '{id}' already exists", {"processId": id})
        await self._host.instance.phase("exec")
        process = await self._spawn(call, command, call.session_id())
        started = Background(id, command, call.session_id(), process, self._host.clock.now_ms())
        self._processes[id] = started
        spawn_outside(self._follow(started), name=f"process {id}")
        return started

    async def _spawn(self, call: Call, command: str, session_id: str | None) -> Process:
        env, cwd = call.env(), call.cwd()
        if session_id is not None:
            place = await self._sessions.place(session_id)
            env = {**place.env, **env}
            cwd = place.cwd if cwd is None else await self._sessions.resolve(cwd, session_id)
        else:
            await self._host.ensure_home()
        try:
            return await self._host.spawn_shell(command, cwd=cwd or HOME, env=env)
        except (FileNotFoundError, NotADirectoryError) as error:
            message = f"Failed to start process '{command}': {error}"
            raise ApiError("PROCESS_ERROR", message, {"command": command}) from error

    async def _follow(self, started: Background) -> None:
        try:
            code = await Running(started.process, started.log.write).ended()
        except ContainerGone as gone:
            started.lose(gone, self._host.clock.now_ms())
        else:
            started.end(code, self._host.clock.now_ms())
        ended = [id for id, process in self._processes.items() if process.done.is_set()]
        for id in ended[: max(0, len(ended) - ENDED_MAX)]:
            del self._processes[id]

    def get(self, id: str) -> Background:
        """A process. Raises ApiError."""
        found = self._processes.get(id)
        if found is None:
            raise ApiError("PROCESS_NOT_FOUND", f"Process not found: {id}", {"processId": id})
        return found

    async def _kill(self, process: Background) -> bool:
        """SIGTERM to the process itself; to its group SIGKILL when it has not ended 5 seconds later."""
        if process.done.is_set():
            return False
        process.killed = True
        await process.process.signal(SIGTERM)
        try:
            async with asyncio.timeout(TERM_GRACE_S):
                await process.done.wait()
        except TimeoutError:
            await process.process.signal(SIGKILL, group=True)
            await process.done.wait()
        return True

    # -- the API ----------------------------------------------------------------------------------

    async def start(self, call: Call) -> dict[str, Any]:
        """POST /api/process/start"""
        command = call.text("command")
        if not command.strip():
            raise ApiError("INVALID_COMMAND", "Invalid command: empty command provided", {"command": command})
        started = await self.spawn(call, call.command())
        info = started.info()
        return self._host.ok(processId=started.id, pid=info["pid"], command=command, process=info)

    async def stream_command(self, call: Call) -> Response:
        """POST /api/execute/stream: the command runs on when nobody reads any more."""
        started = await self.spawn(call, call.command())
        stop, reader = Stop(), started.log.reader(lossless=True)
        stop.when_asked(lambda: started.log.forget(reader))
        return event_stream(self._command_events(started, reader, stop), stop)

    async def list(self, call: Call) -> dict[str, Any]:
        """GET /api/process/list"""
        return self._host.ok(processes=[process.info() for process in self._processes.values()])

    async def status(self, call: Call) -> dict[str, Any]:
        """GET /api/process/{id}"""
        return self._host.ok(process=self.get(call.id).info())

    async def kill(self, call: Call) -> dict[str, Any]:
        """DELETE /api/process/{id}"""
        await self._kill(self.get(call.id))
        return self._host.ok(processId=call.id)

    async def kill_all(self, call: Call) -> dict[str, Any]:
        """DELETE /api/process/kill-all"""
        killed = await asyncio.gather(*(self._kill(process) for process in list(self._processes.values())))
        return self._host.ok(cleanedCount=sum(killed))

    async def logs(self, call: Call) -> dict[str, Any]:
        """GET /api/process/{id}/logs"""
        log = self.get(call.id).log
        return self._host.ok(processId=call.id, stdout=log.text("stdout"), stderr=log.text("stderr"))

    async def stream_logs(self, call: Call) -> Response:
        """GET /api/process/{id}/stream"""
        process, stop = self.get(call.id), Stop()
        return event_stream(self._log_events(process, stop), stop)

    # -- events -----------------------------------------------------------------------------------

    async def _output(self, process: Background, reader: Reader, stop: Stop) -> AsyncIterator[dict[str, Any]]:
        """`{type, timestamp, data}` for what a process prints; characters are never cut in two."""
        decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        async for entry in process.log.follow(reader, stop):
            if isinstance(entry, Missed):
                told = f"{entry.byte_count} bytes of output were dropped, because this reader was too slow"
                yield {"type": "error", "timestamp": self._host.now(), "data": told, "error": told}
            elif text := decoders[entry.stream].decode(entry.data):
                yield {"type": entry.stream, "timestamp": self._host.now(), "data": text}
        for stream, decoder in decoders.items():
            if text := decoder.decode(b"", final=True):
                yield {"type": stream, "timestamp": self._host.now(), "data": text}

    async def _log_events(self, process: Background, stop: Stop) -> AsyncIterator[dict[str, Any]]:
        ids = {"processId": process.id}
        if process.session_id is not None:
            ids["sessionId"] = process.session_id
        async for event in self._output(process, process.log.reader(), stop):
            yield {**event, **ids}
        if not stop:
            told = f"Process {process.status} with exit code {process.exit_code}"
            event = {"type": "exit", "timestamp": self._host.now(), "data": told}
            yield {**event, "exitCode": process.exit_code, **ids}

    async def _command_events(
        self, process: Background, reader: Reader, stop: Stop
    ) -> AsyncIterator[dict[str, Any]]:
        ids = {} if process.session_id is None else {"sessionId": process.session_id}
        start = {"type": "start", "timestamp": iso(process.start_ms), "command": process.command}
        yield {**start, "pid": process.process.pid, "processId": process.id, **ids}
        async for event in self._output(process, reader, stop):
            yield {**event, **ids}
        if stop:
            return
        result = {
            "success": process.exit_code == 0,
            "exitCode": process.exit_code,
            "stdout": process.log.text("stdout"),
            "stderr": process.log.text("stderr"),
            "command": process.command,
            "duration": (process.end_ms or process.start_ms) - process.start_ms,
            "timestamp": iso(process.start_ms),
        }
        complete = {"type": "complete", "timestamp": self._host.now(), "exitCode": process.exit_code}
        yield {**complete, "result": result, **ids}
