"""Sessions: one long-lived shell each, whose commands run one at a time, in the order in which they came.

Source: spec sandbox-and-containers.md sections 5.5 and 6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge.containers.engine import Completed, Output, Shell, ShellExited
from edge.kernel.tasks import spawn_outside
from sandbox.server.call import Call
from sandbox.server.errors import ApiError, invalid
from sandbox.server.host import HOME, Host
from sandbox.server.running import Collected, OutputTooLarge


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is now: what a program started from it gets."""

    cwd: str
    env: Mapping[str, str]


class Session:
    """A shell and the queue before it."""

    def __init__(
        self, id: str, shell: Shell, cwd: str, timeout_ms: float | None, begin: Callable[[], Awaitable[None]]
    ) -> None:
        """`begin` takes the time that starting a command costs; it is part of the command's turn."""
        self.id = id
        self._begin = begin
        self.cwd = cwd
        self.destroyed = False
        self._shell = shell
        self._timeout_ms = timeout_ms
        self._turn = asyncio.Lock()
        self._latest: asyncio.Task[Completed] | None = None
        self._env: dict[str, str] | None = None  # as known since the last command

    async def run(
        self,
        command: str,
        output: Output,
        *,
        timeout_ms: float | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Completed:
        """Run a command in the shell, after those that came before.

        Raises TimeoutError when it takes longer than `timeout_ms` (it runs on, and what comes after it waits
        for its end), ShellExited, ContainerGone, OutputTooLarge.
        """
        limit_ms = timeout_ms or self._timeout_ms
        async with self._turn:
            task = self._latest = spawn_outside(
                self._after(self._latest, command, output, env, cwd), name=f"exec in {self.id}"
            )
            # Whoever stopped waiting for a command does not hear how it ends.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            async with asyncio.timeout(None if limit_ms is None else limit_ms / 1000):
                return await asyncio.shield(task)

    async def _after(
        self,
        previous: asyncio.Task[Completed] | None,
        command: str,
        output: Output,
        env: Mapping[str, str] | None,
        cwd: str | None,
    ) -> Completed:
        if previous is not None and not previous.done():
            await asyncio.gather(previous, return_exceptions=True)
        self._env = None
        await self._begin()
        done = await self._shell.run(command, output, env=env, cwd=cwd)
        self.cwd = done.cwd
        return done

    async def place(self) -> Place:
        """The shell's directory and exported variables, once the commands before are done."""
        async with self._turn:
            if self._latest is not None and not self._latest.done():
                await asyncio.gather(self._latest, return_exceptions=True)
            if self._env is None:
                self._env = await self._shell.environment()
            return Place(self.cwd, self._env)

    async def close(self) -> None:
        self.destroyed = True
        await self._shell.close()


class Sessions:
    """All sessions of a sandbox, by id."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sessions: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Task[Session]] = {}

    async def get(self, id: str) -> Session:
        """The session; one that is not there yet is opened in /workspace."""
        return self._sessions.get(id) or await self._opened(id, None, {}, None)

    async def _opened(
        self, id: str, cwd: str | None, env: Mapping[str, str], timeout_ms: float | None
    ) -> Session:
        opening = self._opening.get(id)
        if opening is None:
            opening = spawn_outside(self._open(id, cwd, env, timeout_ms), name=f"open session {id}")
            self._opening[id] = opening
            opening.add_done_callback(lambda _: self._opening.pop(id))
        return await asyncio.shield(opening)

    async def _open(
        self, id: str, cwd: str | None, env: Mapping[str, str], timeout_ms: float | None
    ) -> Session:
        if cwd is None:
            await self._host.ensure_home()
        try:
            shell = await self._host.instance.open_shell(cwd=cwd or HOME, env=env)
        except FileNotFoundError as error:
            raise ApiError(
                "INTERNAL_ERROR",
                f"Failed to create session '{id}': {error.strerror}: {error.filename}",
                {"sessionId": id},
            ) from error
        instance = self._host.instance
        session = Session(id, shell, cwd or HOME, timeout_ms, lambda: instance.phase("exec"))
        self._sessions[id] = session
        return session

    async def execute(self, call: Call, id: str) -> tuple[Completed, Collected]:
        """Run a call's command in a session and keep what it prints. Raises ApiError."""
        session = await self.get(id)
        command = call.command()
        timeout_ms = call.positive("timeoutMs", "timeout")
        return await self.run(session, command, timeout_ms, call.env(), call.cwd())

    async def run(
        self,
        session: Session,
        command: str,
        timeout_ms: float | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> tuple[Completed, Collected]:
        """Run a command in a session and keep what it prints. Raises ApiError."""
        collected = Collected()
        context: dict[str, Any] = {"command": command, "sessionId": session.id}
        failed = f"Failed to execute command '{command}' in session '{session.id}'"
        try:
            done = await session.run(command, collected, timeout_ms=timeout_ms, env=env, cwd=cwd)
        except TimeoutError as error:
            limit_ms = timeout_ms or session._timeout_ms or 0
            message = f"{failed}: Command timeout after {limit_ms:g}ms"
            raise ApiError("COMMAND_EXECUTION_ERROR", message, context) from error
        except OutputTooLarge as error:
            raise ApiError("COMMAND_EXECUTION_ERROR", f"{failed}: {error}", context) from error
        except ShellExited as error:
            raise self._terminated(session, error) from error
        return done, collected

    def _terminated(self, session: Session, how: ShellExited) -> ApiError:
        # The next command under this id gets a new shell.
        if self._sessions.get(session.id) is session:
            del self._sessions[session.id]
        context = {"sessionId": session.id, "exitCode": how.exit_code}
        if session.destroyed:
            message = f"Session '{session.id}' was destroyed during command execution"
            return ApiError("SESSION_DESTROYED", message, context)
        message = f"Session '{session.id}' shell exited (exit code: {how.exit_code})"
        return ApiError("SESSION_TERMINATED", message, context)

    async def place(self, id: str) -> Place:
        """Where a session is. Raises ApiError when its shell has ended."""
        session = await self.get(id)
        try:
            return await session.place()
        except ShellExited as error:
            raise self._terminated(session, error) from error

    async def resolve(self, path: str, id: str | None) -> str:
        """An absolute path; a relative one starts from the session's directory. Raises ApiError."""
        if not path:
            raise invalid("Path cannot be empty", "path")
        if len(path) > 4096:
            raise invalid("Path too long (max 4096 characters)", "path")
        if "\0" in path:
            raise invalid("Path contains null bytes", "path")
        if path.startswith("/"):
            return path
        cwd = HOME if id is None else (await self.get(id)).cwd
        return f"{cwd.rstrip('/')}/{path.removeprefix('./')}"

    # -- the API ----------------------------------------------------------------------------------

    async def create(self, call: Call) -> dict[str, Any]:
        """POST /api/session/create"""
        id = call.maybe_text("id", "sessionId") or f"session-{self._host.clock.now_ms()}"
        if id in self._sessions or id in self._opening:
            raise ApiError("SESSION_ALREADY_EXISTS", f"Session '{id}' already exists", {"sessionId": id})
        timeout_ms = call.positive("commandTimeoutMs")
        await self._opened(id, call.cwd(), call.env(), timeout_ms)
        return self._host.ok(id=id, message="Session created")

    async def list(self, call: Call) -> dict[str, Any]:
        """GET /api/session/list"""
        return self._host.ok(sessions=list(self._sessions))

    async def delete(self, call: Call) -> dict[str, Any]:
        """POST /api/session/delete"""
        id = call.text("sessionId", "id")
        session = self._sessions.pop(id, None)
        if session is None:
            raise ApiError("INTERNAL_ERROR", f"Session '{id}' not found", {"sessionId": id})
        await session.close()
        return self._host.ok(sessionId=id)

    async def close(self) -> None:
        for session in list(self._sessions.values()):
            await session.close()
