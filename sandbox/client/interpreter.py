"""The code interpreter (spec section 5.6)."""

from __future__ import annotations

import time
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from sandbox.client.remote import Remote, shaped
from sandbox.client.security import checked_language
from sandbox.client.sse import parse_sse_stream
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record, call_back, options_of

_CALLBACKS = ("on_stdout", "on_stderr", "on_result", "on_error")
_CREATE = ("language", "cwd", "env_vars", "timeout", "signal")
_RUN = ("context", "language", "env_vars", "timeout", "signal", *_CALLBACKS)


class Interpreter:
    """What runs pieces of code whose variables stay."""

    remote: Remote

    async def create_code_context(self, options: Any = None, **keywords: Any) -> Record:
        """A new interpreter. Options: `language` (python, javascript, typescript), `cwd`, `env_vars`,
        `timeout`. Returns `id`, `language`, `cwd`, `created_at`, `last_used`. Raises
        SandboxSecurityError, CodeExecutionError (PYTHON_NOT_AVAILABLE)."""
        chosen = options_of(options, keywords, _CREATE)
        checked_language(chosen.get("language"))
        found = await self.remote.call("createCodeContext", Remote(self.remote.stub).options(chosen))
        return _context(found)

    async def run_code(self, code: str, options: Any = None, **keywords: Any) -> Record:
        """Run code in a context, or in the language's own one.

        Options: `context`, `language`, `env_vars`, `timeout` (milliseconds), and callbacks as it runs:
        `on_stdout(output)`, `on_stderr(output)`, `on_result(result)`, `on_error(error)`. Returns `code`,
        `logs` (`stdout`, `stderr`: lists), `results` (each with `text`, `html`, `png`, …), `execution_count`,
        and `error` (`name`, `message`, `traceback`) when the code raised. Raises ContextNotFoundError.
        """
        chosen = options_of(options, keywords, _RUN)
        callbacks = {name: chosen.pop(name) for name in _CALLBACKS if name in chosen}
        checked_language(chosen.get("language"))
        if not callbacks:
            return await self.remote.call("runCode", code, self._run_options(chosen))
        execution = new_execution(code)
        stream = await self.run_code_stream(code, **chosen)
        async with aclosing(parse_sse_stream(stream)) as events:
            async for event in events:
                name, told = add_event(execution, event)
                if name in callbacks:
                    await call_back(callbacks[name], told)
        return execution

    async def run_code_stream(self, code: str, options: Any = None, **keywords: Any) -> Any:
        """Run code; returns a ReadableStream of events: `stdout` and `stderr` (`text`), `result`, `error`
        (`ename`, `evalue`, `traceback`), `execution_complete`. Options as `run_code`, without callbacks."""
        chosen = options_of(options, keywords, tuple(name for name in _RUN if name not in _CALLBACKS))
        checked_language(chosen.get("language"))
        return await self.remote.call("runCodeStream", code, self._run_options(chosen))

    async def list_code_contexts(self) -> list[Record]:
        """All contexts."""
        return [_context(found) for found in await self.remote.call("listCodeContexts")]

    async def delete_code_context(self, context_id: str) -> None:
        """End a context. Raises ContextNotFoundError."""
        await self.remote.call("deleteCodeContext", context_id)

    def _run_options(self, chosen: dict[str, Any]) -> dict[str, Any] | None:
        if "context" in chosen:
            chosen = {**chosen, "context": dict(chosen["context"])}
        return Remote(self.remote.stub).options(chosen)


def new_execution(code: str) -> Record:
    """What `run_code` returns before anything has happened."""
    return Record(code=code, logs=Record(stdout=[], stderr=[]), results=[], error=None, executionCount=None)


def add_event(execution: Record, event: Record) -> tuple[str, Any]:
    """Note an event of a stream; which callback it is for, and what that is told."""
    kind = event["type"]
    if kind in ("stdout", "stderr"):
        execution["logs"][kind].append(event["text"])
        told = Record(text=event["text"], timestamp=event.get("timestamp") or round(time.time() * 1000))
        return f"on_{kind}", told
    if kind == "result":
        result = shaped({name: value for name, value in event.items() if name not in ("type", "timestamp")})
        execution["results"].append(result)
        return "on_result", result
    if kind == "error":
        error = Record(
            name=event.get("ename") or "Error",
            message=event.get("evalue") or "Unknown error",
            traceback=event.get("traceback") or [],
        )
        execution["error"] = error
        return "on_error", error
    if kind == "execution_complete":
        execution["executionCount"] = event.get("execution_count")
    return "", None


def _context(found: Record) -> Record:
    moments = {name: found[name] for name in ("createdAt", "lastUsed") if found.get(name) is not None}
    for name, value in moments.items():
        if isinstance(value, datetime):
            found[name] = value.astimezone(UTC)
    return found


name_both(Interpreter, (), methods_of(Interpreter))


class CodeInterpreter(Interpreter):
    """The code interpreter of a sandbox alone: `CodeInterpreter(sandbox)`."""

    def __init__(self, sandbox: Any) -> None:
        self.remote = sandbox.remote
