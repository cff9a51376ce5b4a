"""A shell at a terminal: it asks for a line, runs it, and asks for the next."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from sandbox.engines.fake.builtins import ShellExit
from sandbox.engines.fake.shell_redirects import Streams

if TYPE_CHECKING:
    from sandbox.engines.fake.interpreter import Interpreter
    from sandbox.engines.fake.process import FakeProcess

_PROMPT = b"# "
#: Keys that end what runs, but not the shell.
_FOR_OTHERS = (signal.SIGINT, signal.SIGQUIT)


async def interact(process: FakeProcess, shell: Interpreter) -> int:
    """Until `exit`, or the key for the end of input; the exit code."""
    process.on_signal = lambda number: shell.signals.receive(number) or number in _FOR_OTHERS
    streams = Streams(process.stdin, process.stdout, process.stderr)
    code = 0
    try:
        while (line := await _line(process)) is not None:
            code = await shell.run(line, streams)
    except ShellExit as leave:
        code = leave.code
    return await shell.signals.end(code, streams)


async def _line(process: FakeProcess) -> str | None:
    """What is typed, None at the end."""
    await process.stderr.write(_PROMPT)
    line = b""
    while (byte := await process.stdin.read(1)) != b"\n":
        if not byte:
            return None
        line += byte
    return line.decode(errors="replace")
