"""Commands that are waited for (spec section 5.1)."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import Any

from sandbox.client.remote import Remote
from sandbox.client.sse import check_not_aborted, parse_sse_stream
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record, call_back, options_of
from sandbox.errors import SandboxError
from sandbox.errors.base import iso_now

_CALLBACKS = ("on_output", "on_complete", "on_error")
_EXEC = ("timeout", "env", "cwd", "encoding", "stream", "signal", "origin", *_CALLBACKS)
_STREAM = ("timeout", "env", "cwd", "session_id", "buffer_size", "signal")


class Commands:
    """What runs commands, in one session after the other."""

    remote: Remote

    async def exec(self, command: str, options: Any = None, **keywords: Any) -> Record:
        """Run a command line to its end.

        Options: `timeout` (milliseconds), `env`, `cwd`, `stream` and `on_output(stream, data)` to hear of
        output as it comes, `on_complete(result)`, `on_error(error)`, `signal` (an AbortSignal, looked at
        before it starts). Returns `success`, `exit_code`, `stdout`, `stderr`, `command`, `duration`
        (milliseconds), `timestamp`, `session_id`. A command that fails does not raise. Raises CommandError
        after the timeout, SessionTerminatedError when the command ended the session's shell.
        """
        chosen = options_of(options, keywords, _EXEC)
        callbacks = {name: chosen.pop(name) for name in _CALLBACKS if name in chosen}
        check_not_aborted(chosen.pop("signal", None))
        streams = chosen.pop("stream", False) and "on_output" in callbacks
        try:
            if streams:
                result = await self._followed(command, chosen, callbacks["on_output"])
            else:
                result = await self._call_in_session("exec", command, chosen)
        except Exception as failure:
            if "on_error" in callbacks:
                await call_back(callbacks["on_error"], failure)
            raise
        if "on_complete" in callbacks:
            await call_back(callbacks["on_complete"], result)
        return result

    async def exec_stream(self, command: str, options: Any = None, **keywords: Any) -> Any:
        """Run a command line; returns a ReadableStream of events: `type` (start, stdout, stderr, complete,
        error), `timestamp`, and `data`, `exit_code`, `result` or `error`. Read it with `parse_sse_stream`.
        Options: `env`, `cwd`, `session_id`, `signal`; `timeout` has no effect, as in the JavaScript SDK."""
        chosen = options_of(options, keywords, _STREAM)
        check_not_aborted(chosen.pop("signal", None))
        if "session_id" in chosen:
            return await self.remote.call("execStream", command, self.remote.options(chosen))
        return await self._call_in_session("execStream", command, chosen)

    async def _call_in_session(self, method: str, command: str, chosen: dict[str, Any]) -> Any:
        # A session of its own goes by another method: `exec` is for the default one.
        session_id = self.remote.session_id
        plain = Remote(self.remote.stub).options(chosen)
        if session_id is None:
            return await self.remote.call(method, command, plain)
        return await self.remote.call(f"{method}WithSessionToken", command, session_id, plain)

    async def _followed(self, command: str, chosen: dict[str, Any], on_output: Any) -> Record:
        started_s, timestamp = time.monotonic(), iso_now()
        printed: dict[str, list[str]] = {"stdout": [], "stderr": []}
        stream = await self.exec_stream(command, {k: v for k, v in chosen.items() if k in _STREAM})
        async with aclosing(parse_sse_stream(stream)) as events:
            async for event in events:
                if event["type"] in printed and event.get("data"):
                    printed[event["type"]].append(event["data"])
                    await call_back(on_output, event["type"], event["data"])
                elif event["type"] == "complete":
                    exit_code = event.get("exitCode") or 0
                    return Record(
                        success=exit_code == 0,
                        exitCode=exit_code,
                        stdout="".join(printed["stdout"]),
                        stderr="".join(printed["stderr"]),
                        command=command,
                        duration=round((time.monotonic() - started_s) * 1000),
                        timestamp=timestamp,
                        sessionId=event.get("sessionId"),
                    )
                elif event["type"] == "error":
                    raise SandboxError(event.get("error") or event.get("data") or "Command execution failed")
        raise SandboxError("Stream ended without completion event")


name_both(Commands, (), methods_of(Commands))
