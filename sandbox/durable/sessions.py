"""Which session a call belongs to (spec sections 5.5 and 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from js import console

from sandbox.client.remote import NO_SESSION
from sandbox.client.session import env_commands
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.state import now_ms
from sandbox.container.values import Record
from sandbox.errors import SandboxError, SessionAlreadyExistsError

if TYPE_CHECKING:
    from sandbox.durable.sandbox import Sandbox

_KEY = "defaultSession"


class DefaultSession:
    """The session of all calls that name none: made with the first of them in a run of the container."""

    def __init__(self, owner: Sandbox) -> None:
        self._owner = owner
        self.id: str | None = None
        self._run = 0
        self._opening: asyncio.Future[str] | None = None

    async def load(self) -> None:
        self.id = await self._owner.ctx.storage.get(_KEY)

    async def ensure(self) -> str:
        """Its id; it exists from now on."""
        name = f"sandbox-{self._owner.settings.name or 'default'}"
        if self.id == name and self._owner.ctx.container.running:
            return name
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open(name))
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, done: asyncio.Future[str]) -> None:
        self._opening = None
        if not done.cancelled():
            done.exception()  # seen: those who waited got it

    async def _open(self, name: str) -> str:
        run = self._run
        body = {"id": name, "env": dict(self._owner.env_vars), "cwd": "/workspace"}
        try:
            await self._owner.control.post("/api/session/create", body)
        except SessionAlreadyExistsError:
            console.debug("The session is there from an earlier life of this object:", name)
        if run == self._run:  # else the container it was made in has ended
            self.id = name
            await self._owner.ctx.storage.put(_KEY, name)
        return name

    async def forget(self) -> None:
        """The container has ended, and with it the session."""
        self._run += 1
        self.id = None
        await self._owner.ctx.storage.delete(_KEY)


class SessionMethods:
    """RPC methods about sessions."""

    env_vars: Mapping[str, str]

    async def create_session(self: Any, options: Any = None) -> Record:
        given = dict(options or {})
        session_id = given.get("id") or f"session-{now_ms()}"
        if session_id == NO_SESSION:
            raise SandboxError(f"Session ID '{NO_SESSION}' is reserved for internal use")
        env = _set_only({**self.env_vars, **(given.get("env") or {})})
        body = {
            "id": session_id,
            "env": env or None,
            "cwd": given.get("cwd"),
            "commandTimeoutMs": given.get("commandTimeoutMs"),
        }
        await self.control.post("/api/session/create", body)
        return Record(id=session_id)

    async def get_session(self: Any, session_id: str) -> Record:
        return Record(id=_checked(session_id))

    async def delete_session(self: Any, session_id: str) -> Record:
        if self.default_session.id == session_id:
            raise SandboxError(
                f"Cannot delete default session '{session_id}'. Use sandbox.destroy() to terminate the "
                "sandbox."
            )
        found = await self.control.post("/api/session/delete", {"sessionId": session_id})
        return Record({name: found.get(name) for name in ("success", "sessionId", "timestamp")})

    async def set_env_vars(self: Any, env_vars: Any) -> None:
        wanted = dict(env_vars)
        commands = env_commands(wanted)
        self.env_vars = _set_only({**self.env_vars, **wanted})
        if self.default_session.id is None:
            return
        for command, failed in commands:
            body = {"command": command, "sessionId": self.default_session.id, "origin": "internal"}
            result = await self.control.post("/api/execute", body)
            if result["exitCode"] != 0:
                raise SandboxError(f"{failed}: {result.get('stderr') or 'Unknown error'}")

    async def _session(self: Any, explicit: str | None = None) -> str | None:
        """The session of a call; None for a call without one."""
        if explicit is None:
            return str(await self.default_session.ensure())
        return None if _checked(explicit) == NO_SESSION else explicit


def _checked(session_id: str) -> str:
    if not isinstance(session_id, str) or not session_id.strip():
        raise SandboxError("sessionId must not be empty or whitespace")
    return session_id


def _set_only(env: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in env.items() if value is not None}


name_both(SessionMethods, (), methods_of(SessionMethods))
