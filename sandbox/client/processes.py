"""Programs in the background (spec section 5.1)."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from js import console
from workers import wait_until

from sandbox.client.process import Process
from sandbox.client.remote import Remote
from sandbox.client.sse import check_not_aborted, parse_sse_stream
from sandbox.container.both_names import methods_of, name_both
from sandbox.container.values import Record, call_back, options_of

_CALLBACKS = ("on_start", "on_output", "on_exit", "on_error")
_START = (
    *("process_id", "timeout", "env", "cwd", "encoding", "auto_cleanup", "session_id", "signal"),
    *_CALLBACKS,
)


class Processes:
    """What starts programs and looks after them. They are known in the whole sandbox."""

    remote: Remote

    async def start_process(self, command: str, options: Any = None, **keywords: Any) -> Process:
        """Start a program in the background.

        Options: `process_id` (default: one is made), `env`, `cwd`, `session_id`, and callbacks that are
        served until the program ends: `on_start(process)`, `on_output(stream, data)`, `on_exit(code)`,
        `on_error(error)`. `timeout` has no effect, as in the JavaScript SDK. Raises CommandError for an empty
        command.
        """
        chosen = options_of(options, keywords, _START)
        callbacks = {name: chosen.pop(name) for name in _CALLBACKS if name in chosen}
        check_not_aborted(chosen.pop("signal", None))
        try:
            session_id = chosen.pop("session_id", self.remote.session_id)
            plain = Remote(self.remote.stub).options(chosen) or ({} if session_id is not None else None)
            found = await self.remote.call("startProcess", command, plain, session_id)
        except Exception as failure:
            if "on_error" in callbacks:
                await call_back(callbacks["on_error"], failure)
            raise
        process = Process(self, found)
        if "on_start" in callbacks:
            await call_back(callbacks["on_start"], process)
        if "on_output" in callbacks or "on_exit" in callbacks:
            wait_until(asyncio.ensure_future(self._follow(process, callbacks)))
        return process

    async def _follow(self, process: Process, callbacks: dict[str, Any]) -> None:
        try:
            stream = await self.stream_process_logs(process["id"])
            async with aclosing(parse_sse_stream(stream)) as events:
                async for event in events:
                    if event["type"] in ("stdout", "stderr"):
                        if event.get("data") and "on_output" in callbacks:
                            await call_back(callbacks["on_output"], event["type"], event["data"])
                    elif event["type"] in ("exit", "complete"):
                        if "on_exit" in callbacks:
                            await call_back(callbacks["on_exit"], event.get("exitCode"))
                        return
        except Exception as failure:
            console.error("Background process streaming failed", repr(failure))
            if "on_error" in callbacks:
                await call_back(callbacks["on_error"], failure)

    async def list_processes(self) -> list[Process]:
        """All programs of the sandbox, whichever session started them."""
        found = await self.remote.call("listProcesses", self.remote.session_id)
        return [Process(self, data) for data in found]

    async def get_process(self, process_id: str) -> Process | None:
        """A program; None when the sandbox knows none by that id."""
        found = await self.remote.call("getProcess", process_id, self.remote.session_id)
        return None if found is None else Process(self, found)

    async def kill_process(self, process_id: str, signal: str | None = None) -> None:
        """End a program with SIGTERM, whatever `signal` says. Raises ProcessNotFoundError."""
        await self.remote.call("killProcess", process_id, signal)

    async def kill_all_processes(self) -> int:
        """End all programs; how many there were."""
        return int(await self.remote.call("killAllProcesses"))

    async def cleanup_completed_processes(self) -> int:
        """Always 0: the sandbox tidies up by itself."""
        return int(await self.remote.call("cleanupCompletedProcesses"))

    async def get_process_logs(self, process_id: str) -> Record:
        """What a program has printed: `stdout`, `stderr`, `process_id`. Raises ProcessNotFoundError."""
        found: Record = await self.remote.call("getProcessLogs", process_id)
        return found

    async def stream_process_logs(self, process_id: str, options: Any = None, **keywords: Any) -> Any:
        """A ReadableStream of events, what was printed before first: `type` (stdout, stderr, exit, error),
        `timestamp`, `data`, `process_id`, at the end `exit_code`. Option: `signal`."""
        chosen = options_of(options, keywords, ("signal",))
        check_not_aborted(chosen.get("signal"))
        return await self.remote.call("streamProcessLogs", process_id)


name_both(Processes, (), methods_of(Processes))
