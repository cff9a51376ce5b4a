"""What listens on port 3000 inside a sandbox: the HTTP API of the Sandbox SDK's image, over an Instance.

It runs on the host, so that an image needs nothing of it inside; what commands and files can reach is decided
by the container, never here.

Source: spec sandbox-and-containers.md sections 5 to 8.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from edge.containers.engine import ContainerGone, Instance
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.tasks import spawn_outside
from sandbox.server.backups import Backups
from sandbox.server.call import Call
from sandbox.server.commands import Commands
from sandbox.server.errors import ApiError
from sandbox.server.files import Files
from sandbox.server.git import Git
from sandbox.server.host import Host
from sandbox.server.interpreter.contexts import Contexts
from sandbox.server.ports import Ports
from sandbox.server.processes import Processes
from sandbox.server.reply import json_response
from sandbox.server.routes import Handler, Routes
from sandbox.server.sessions import Sessions
from sandbox.server.socket_transport import SocketTransport
from sandbox.server.sockets import check_upgrade
from sandbox.server.terminals import Terminals
from sandbox.server.watching import Watching

#: What an image says that was not told its version.
VERSION = "unknown"
_log = logging.getLogger("sandbox.server")


class SandboxServer:
    """The API of one container, from its start to its end.

    `name` labels the random streams, so that each sandbox draws its own.
    """

    def __init__(self, instance: Instance, clock: Clock, random: RandomStreams, name: str = "") -> None:
        self._host = Host(instance, clock, random, name)
        self._sessions = Sessions(self._host)
        self._processes = Processes(self._host, self._sessions)
        self._routes = Routes(self._table())

    def _table(self) -> dict[str, Handler]:
        commands, processes, sessions = Commands(self._host, self._sessions), self._processes, self._sessions
        files, contexts = Files(self._host, self._sessions), Contexts(self._host)
        ports, git = Ports(self._host, processes), Git(self._host, sessions)
        watching, terminals = Watching(self._host, sessions), Terminals(self._host, sessions)
        backups = Backups(self._host)
        return {
            "GET /": self._hello,
            "GET /api/ping": self._ping,
            "GET /api/version": self._version,
            "GET /api/commands": commands.available,
            "POST /api/execute": commands.execute,
            "POST /api/execute/stream": processes.stream_command,
            "POST /api/process/start": processes.start,
            "GET /api/process/list": processes.list,
            "DELETE /api/process/kill-all": processes.kill_all,
            "GET /api/process/{id}": processes.status,
            "DELETE /api/process/{id}": processes.kill,
            "GET /api/process/{id}/logs": processes.logs,
            "GET /api/process/{id}/stream": processes.stream_logs,
            "POST /api/read": files.read,
            "POST /api/read/stream": files.read_stream,
            "POST /api/write": files.write,
            "POST /api/mkdir": files.mkdir,
            "POST /api/delete": files.delete,
            "POST /api/rename": files.rename,
            "POST /api/move": files.move,
            "POST /api/list-files": files.list,
            "POST /api/exists": files.exists,
            "POST /api/watch": watching.watch,
            "POST /api/watch/check": watching.check,
            "POST /api/port-watch": ports.watch,
            "POST /api/git/checkout": git.checkout,
            "POST /api/backup/create": backups.create,
            "POST /api/backup/restore": backups.restore,
            "GET /ws": self._socket,
            "GET /ws/pty": terminals.attach,
            "POST /api/contexts": contexts.create,
            "GET /api/contexts": contexts.list,
            "DELETE /api/contexts/{id}": contexts.delete,
            "POST /api/execute/code": contexts.run,
            "GET /api/interpreter/health": contexts.health,
            "POST /api/session/create": sessions.create,
            "GET /api/session/list": sessions.list,
            "POST /api/session/delete": sessions.delete,
        }

    async def __call__(self, request: Request) -> Response:
        """Answer a request. Raises ContainerGone when the container ends meanwhile.

        What was begun goes on when the caller is cancelled, as on a machine of its own.
        """
        task = spawn_outside(self._answer(request), name=f"sandbox {request.method} {request.url}")
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_discard)
            raise

    async def close(self) -> None:
        """End the shells; the container itself is somebody else's."""
        await self._sessions.close()

    async def _answer(self, request: Request) -> Response:
        call: Call | None = None
        try:
            call = await Call.read(request)
            result = await self._routes.find(call)(call)
        except ApiError as error:
            return self._refusal(error, call)
        except (ContainerGone, JsException):
            raise
        except Exception as error:
            _log.exception("%s %s failed", request.method, request.url)
            return self._refusal(ApiError("INTERNAL_ERROR", f"{type(error).__name__}: {error}"), call)
        return result if isinstance(result, Response) else json_response(result)

    def _refusal(self, error: ApiError, call: Call | None) -> Response:
        operation = None if call is None else call.path.removeprefix("/api/").replace("/", ".")
        return json_response(error.body(self._host.now(), operation), error.http_status)

    async def _socket(self, call: Call) -> Response:
        check_upgrade(call.request)
        return SocketTransport(self.__call__).start()

    async def _hello(self, call: Call) -> Response:
        return Response.make(b"Hello from the sandbox server", headers=None)

    async def _ping(self, call: Call) -> dict[str, Any]:
        return self._host.ok(message="pong")

    async def _version(self, call: Call) -> dict[str, Any]:
        return self._host.ok(version=VERSION)


def _discard(answering: asyncio.Task[Response]) -> None:
    """Nobody takes this response: what would fill its stream must not wait for a reader."""
    if not answering.cancelled() and answering.exception() is None:
        payload = answering.result()._payload
        if isinstance(payload, ReadableStream):
            spawn_outside(payload._cancel(None), name="discard response")
