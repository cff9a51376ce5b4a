"""What `ctx.container.exec()` is given.

Source: spec sandbox-and-containers.md section 2; workerd's container API (texts of errors).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from edge.containers.engine import Terminal
from edge.containers.options import absent, record
from edge.errors import UnsupportedError
from edge.http.abort import AbortSignal
from edge.http.streams.readable import ReadableStream
from edge.js.arrays import JsArray
from edge.js.errors import type_error
from edge.js.objects import get_property
from edge.js.webidl import to_int32, to_string

_ROOT: Final = ("root", "0")


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """What `exec()` was given beside the command."""

    stdin: ReadableStream | bool = False
    stdout: str = "pipe"
    stderr: str = "pipe"
    cwd: str | None = None
    env: dict[str, str] | None = None
    terminal: Terminal | None = None
    signal: AbortSignal | None = None


def exec_command(given: Any) -> tuple[str, ...]:
    """The program and its arguments. Raises TypeError."""
    if not isinstance(given, (JsArray, list, tuple)):
        raise type_error("Incorrect type: the command is not of type 'Array'.")
    command = tuple(to_string(part) for part in given)
    if not command:
        raise type_error("exec() requires a non-empty command array.")
    return command


def exec_options(given: Any) -> ExecOptions:
    """The options. Raises TypeError, Error, and UnsupportedError for another user than root."""
    stdout, stderr = (_mode(given, name) for name in ("stdout", "stderr"))
    if stderr == "combined" and stdout != "pipe":
        raise type_error('stderr: "combined" requires stdout to be "pipe".')
    cwd, user = (get_property(given, name) for name in ("cwd", "user"))
    for name, value in (("cwd", cwd), ("user", user)):
        if not absent(value) and "\0" in to_string(value):
            raise type_error(f"{name} cannot contain '\\0' characters.")
    if not absent(user) and to_string(user) not in _ROOT:
        raise UnsupportedError("exec() as another user than root is not emulated (docs/limitations.md)")
    signal = get_property(given, "signal")
    return ExecOptions(
        stdin=_stdin(get_property(given, "stdin")),
        stdout=stdout,
        stderr=stderr,
        cwd=None if absent(cwd) else to_string(cwd),
        env=record(given, "env", check=True),
        terminal=_terminal(get_property(given, "pty")),
        signal=signal if isinstance(signal, AbortSignal) else None,
    )


def _mode(given: Any, name: str) -> str:
    value = get_property(given, name)
    mode = "pipe" if absent(value) else to_string(value)
    if mode not in ("pipe", "ignore") and not (name == "stderr" and mode == "combined"):
        raise type_error(f"Invalid {name} option: {mode}")
    return mode


def _stdin(value: Any) -> ReadableStream | bool:
    if isinstance(value, ReadableStream):
        return value
    if not absent(value) and value != "pipe":
        raise type_error('stdin must be a ReadableStream or the string "pipe".')
    return not absent(value)


def _terminal(value: Any) -> Terminal | None:
    if absent(value) or value is False:
        return None
    cols, rows = get_property(value, "cols"), get_property(value, "rows")
    return Terminal(80 if absent(cols) else to_int32(cols), 24 if absent(rows) else to_int32(rows))
