"""Code contexts: interpreters whose state lasts from one `runCode` to the next.

Source: spec sandbox-and-containers.md section 5.6.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from edge.http.response import Response
from edge.kernel.tasks import spawn_outside
from sandbox.server.call import Call
from sandbox.server.errors import ApiError, invalid
from sandbox.server.host import HOME, Host
from sandbox.server.interpreter.kernel import Execution, Kernel
from sandbox.server.reply import Stop, event_stream, iso

_LANGUAGES = {
    "python": "python",
    "python3": "python",
    "javascript": "javascript",
    "js": "javascript",
    "node": "javascript",
    "typescript": "typescript",
    "ts": "typescript",
}


@dataclass
class Context:
    """One interpreter and what is told about it."""

    id: str
    language: str
    cwd: str
    timeout_ms: float | None
    kernel: Kernel
    created_ms: int
    last_used_ms: int

    def info(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "language": self.language,
            "cwd": self.cwd,
            "createdAt": iso(self.created_ms),
            "lastUsed": iso(self.last_used_ms),
        }


class Contexts:
    """All contexts of a sandbox; one of each language is made by itself."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._contexts: dict[str, Context] = {}
        self._defaults: dict[str, asyncio.Task[Context]] = {}

    async def create(self, call: Call) -> dict[str, Any]:
        """POST /api/contexts"""
        context = await self._make(
            _language(call), call.cwd() or HOME, call.env(), call.positive("timeout", "timeoutMs")
        )
        return self._host.ok(contextId=context.id, **context.info())

    async def list(self, call: Call) -> dict[str, Any]:
        """GET /api/contexts"""
        return self._host.ok(contexts=[context.info() for context in self._contexts.values()])

    async def delete(self, call: Call) -> dict[str, Any]:
        """DELETE /api/contexts/{id}"""
        context = self._get(call.id)
        del self._contexts[call.id]
        await context.kernel.close()
        return self._host.ok(contextId=call.id)

    async def run(self, call: Call) -> Response:
        """POST /api/execute/code: a stream of what the cell prints, shows and raises."""
        code = call.text("code")
        id = call.maybe_text("contextId", "context_id")
        context = self._get(id) if id is not None else await self._default(_language(call))
        context.last_used_ms = self._host.clock.now_ms()
        await self._host.instance.phase("exec")
        execution = context.kernel.begin(
            code,
            call.env(),
            typescript=context.language == "typescript",
            timeout_ms=call.positive("timeoutMs", "timeout_ms", "timeout") or context.timeout_ms,
        )
        stop = Stop()
        stop.when_asked(execution.abandon)
        return event_stream(self._stamped(execution, stop), stop)

    async def health(self, call: Call) -> dict[str, Any]:
        """GET /api/interpreter/health"""
        return self._host.ok(status="healthy", ready=True, contexts=len(self._contexts))

    def _get(self, id: str) -> Context:
        context = self._contexts.get(id)
        if context is None or context.kernel.ended:
            self._contexts.pop(id, None)
            raise ApiError("CONTEXT_NOT_FOUND", f"Code context '{id}' not found", {"contextId": id})
        return context

    async def _default(self, language: str) -> Context:
        """The context for calls that name none; a new one when its interpreter has ended."""
        making = self._defaults.get(language)
        if making is None or (making.done() and not _usable(making, self._contexts)):
            making = spawn_outside(self._make(language, HOME, {}, None), name=f"default {language} context")
            making.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._defaults[language] = making
        return await asyncio.shield(making)

    async def _make(self, language: str, cwd: str, env: dict[str, str], timeout_ms: float | None) -> Context:
        if cwd == HOME:
            await self._host.ensure_home()
        program = "python" if language == "python" else "javascript"
        try:
            kernel = await Kernel.start(self._host, program, cwd=cwd, env=env)
        except NotADirectoryError as error:
            raise invalid(f"The directory of a context must exist: {cwd}", "cwd") from error
        if language == "typescript" and not kernel.typescript:
            await kernel.close()
            message = "TypeScript needs a Node.js in the image that strips types (22.13 or newer)"
            raise ApiError("JAVASCRIPT_NOT_AVAILABLE", message, {"language": language})
        now_ms = self._host.clock.now_ms()
        id = f"context_{now_ms}_{self._host.token()}"
        context = Context(id, language, cwd, timeout_ms, kernel, now_ms, now_ms)
        self._contexts[id] = context
        return context

    async def _stamped(self, execution: Execution, stop: Stop) -> AsyncIterator[dict[str, Any]]:
        async for event in execution.events(stop):
            yield {**event, "timestamp": self._host.now()}


def _usable(making: asyncio.Task[Context], contexts: dict[str, Context]) -> bool:
    if making.cancelled() or making.exception() is not None:
        return False
    context = making.result()
    return context.id in contexts and not context.kernel.ended


def _language(call: Call) -> str:
    asked = call.maybe_text("language") or "python"
    language = _LANGUAGES.get(asked.lower())
    if language is None:
        message = f"Unsupported language '{asked}'. Supported languages: python, javascript, typescript"
        raise invalid(message, "language")
    return language
