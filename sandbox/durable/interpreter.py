"""RPC methods of the code interpreter (spec section 5.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sandbox.client.interpreter import add_event, new_execution
from sandbox.client.security import checked_language
from sandbox.client.sse import parse_sse_stream
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record
from sandbox.errors import InterpreterNotReadyError
from sandbox.errors.base import iso_now

_TRIES = 3
_FIRST_DELAY_S = 1.0
_NAMES = {"python3": "python", "js": "javascript", "node": "javascript", "ts": "typescript"}


class InterpreterMethods:
    """Contexts, and code that runs in them."""

    async def create_code_context(self: Any, options: Any = None) -> Record:
        given = dict(options or {})
        checked_language(given.get("language"))
        body = {
            "language": given.get("language") or "python",
            "cwd": given.get("cwd") or "/workspace",
            "env_vars": given.get("envVars"),
            "timeout": given.get("timeout"),
        }
        found = await _patiently(lambda: self.control.post("/api/contexts", body))
        return self._know(found, found.get("timestamp"))

    async def run_code(self: Any, code: str, options: Any = None) -> Record:
        execution = new_execution(code)
        async with aclosing(parse_sse_stream(await self.run_code_stream(code, options))) as events:
            async for event in events:
                add_event(execution, event)
        return execution

    async def run_code_stream(self: Any, code: str, options: Any = None) -> Any:
        given = dict(options or {})
        checked_language(given.get("language"))
        context = given.get("context") or await self._default_context(given.get("language") or "python")
        body = {
            "context_id": context["id"],
            "code": code,
            "language": given.get("language"),
            "env_vars": given.get("envVars"),
            "timeout_ms": given.get("timeout"),
        }
        return await _patiently(lambda: self.control.stream("/api/execute/code", body))

    async def list_code_contexts(self: Any) -> list[Record]:
        found = await _patiently(lambda: self.control.json("GET", "/api/contexts"))
        return [self._know(context, found.get("timestamp")) for context in found["contexts"]]

    async def delete_code_context(self: Any, context_id: str) -> None:
        path = f"/api/contexts/{quote(context_id, safe='')}"
        await _patiently(lambda: self.control.json("DELETE", path))
        self.code_contexts.pop(context_id, None)

    async def _default_context(self: Any, language: str) -> Record:
        known = _NAMES.get(language.lower(), language.lower())
        for context in self.code_contexts.values():
            if context["language"] == known:
                return context
        return await self.create_code_context({"language": language})

    def _know(self: Any, found: dict[str, Any], timestamp: str | None) -> Record:
        made = datetime.fromisoformat(found.get("createdAt") or timestamp or iso_now())
        used = datetime.fromisoformat(found.get("lastUsed") or timestamp or iso_now())
        context = Record(
            id=found.get("id") or found.get("contextId"),
            language=found["language"],
            cwd=found.get("cwd") or "/workspace",
            createdAt=made,
            lastUsed=used,
        )
        self.code_contexts[context["id"]] = context
        return context


async def _patiently(work: Callable[[], Awaitable[Any]]) -> Any:
    """Do it again when the interpreter is not ready yet."""
    for attempt in range(_TRIES):
        try:
            return await work()
        except InterpreterNotReadyError:
            if attempt == _TRIES - 1:
                raise
            await asyncio.sleep(_FIRST_DELAY_S * 2**attempt)


name_both(InterpreterMethods, (), methods_of(InterpreterMethods))
