"""The text that makes a shell run one command and say where its output ends. Pure: no I/O.

Written for bash, and for what dash and busybox understand, too. What it defends against:

- A command that is no valid shell: it goes through `eval`, so that only itself fails.
- `exec >file` in a command: its redirections are undone with those of `eval`.
- `set -x` and `set -v`, which repeat what runs: a marker is printed from two halves, which stand side by
  side only in the real one.

Source: spec sandbox-and-containers.md section 6.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RECORD = b"\x1e"  # what a marker begins and ends with


def checked_name(name: str) -> str:
    """The name of an environment variable that a shell can export. Raises ValueError."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"Invalid environment variable name: {name}")
    return name


#: Sent once: what prints the markers. Short calls matter, because a shell reads a pipe byte by byte.
PROLOGUE = rb"""__edge_begin() {
  command printf '\036%s%s\036' "$2" "$1"; command printf '\036%s%s\036' "$2" "$1" >&7
}
__edge_end() {
  command printf '\036%s%s%s ' "$1" "$2" "$3"; command pwd; command printf '%s%s\036' "$1" "$2"
  command printf '\036%s%s%s%s\036' "$1" "$2" "$1" "$2" >&7
}
"""


def script(command: str, halves: tuple[str, str], *, env: Mapping[str, str], cwd: str | None) -> bytes:
    """What to write to the input of a shell that has read the PROLOGUE; `halves` of the marker are new for
    each command. Raises ValueError for a NUL byte or a name that is none.
    """
    if "\0" in "".join([command, *env.values(), cwd or ""]):
        raise ValueError("a command, its directory and its variables cannot contain NUL bytes")
    before, after = _set_up(env, cwd)
    guard = '[ "$__edge_in" = 0 ] && ' if cwd is not None else ""
    marker = " ".join(halves)
    quiet = "7>&2 2>/dev/null\n"
    # The space keeps a command that begins with "-" from being an option; 6 and 7 hold the shell's own
    # output while `exec` in the command may redirect 1 and 2. The empty line resets bash's parser, which
    # an unterminated quote inside `eval` leaves confused.
    run = f"{guard}command eval {shlex.quote(' ' + command)} </dev/null 6>&1 7>&2 1>&6 2>&7 6>&- 7>&-\n\n"
    end = f'__edge_end {marker} "$?" {quiet}'
    if after:
        end = f'{{ __edge_status=$?; {after}__edge_end {marker} "$__edge_status"; }} {quiet}'
    return f"__edge_begin {marker} {quiet}{before}{run}{end}".encode("utf-8", "surrogateescape")


def _set_up(env: Mapping[str, str], cwd: str | None) -> tuple[str, str]:
    """What holds for one command only: how it is set, and how it is put back."""
    before, after = [], []
    for index, (name, value) in enumerate(env.items()):
        kept = f"__edge_{index}"
        before.append(
            f"{kept}s=${{{checked_name(name)}+set}}; {kept}=${{{name}-}}; export {name}={shlex.quote(value)}"
        )
        after.append(f'[ "${kept}s" ] && {name}=${kept} || unset {name}; unset {kept} {kept}s')
    if cwd is not None:
        before.append(
            f"__edge_from=$PWD; __edge_in=1; command cd -- {shlex.quote(cwd)} >/dev/null && __edge_in=0"
        )
        complaint = shlex.quote(f"Failed to change directory to {cwd}")
        after.append(
            f"""[ "$__edge_in" = 0 ] && command cd -- "$__edge_from" || printf '%s\\n' {complaint} >&7"""
        )
    if not before:
        return "", ""
    return "{ " + "; ".join(before) + "; } 2>/dev/null\n", "; ".join(after) + "; "


class OutputScanner:
    """Finds a command's output in the bytes of one stream, and what the shell reports at its end.

    What comes before the command's start is dropped: late output of earlier background jobs.
    """

    def __init__(self, halves: tuple[str, str]) -> None:
        one, two = (half.encode() for half in halves)
        self._start = _RECORD + two + one + _RECORD
        self._begin = _RECORD + one + two
        self._end = one + two + _RECORD
        self._started = False
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The output in `data`, and what stands in the end marker once that is complete."""
        if self._held:
            data = self._held + data
        if not self._started:
            at = data.find(self._start)
            if at < 0:
                self._held = data[-len(self._start) :]
                return b"", None
            self._started = True
            data = data[at + len(self._start) :]
        at = data.find(self._begin)
        if at < 0:
            at = self._possible_begin(data)
        elif (end := data.find(self._end, at + len(self._begin))) >= 0:
            return data[:at], data[at + len(self._begin) : end]
        self._held = data[at:]
        return data[:at], None

    def _possible_begin(self, data: bytes) -> int:
        """Where an end marker begins that is cut off at the end of `data`; its length when none does."""
        at = data.rfind(_RECORD, max(0, len(data) - len(self._begin)))
        return at if at >= 0 and self._begin.startswith(data[at:]) else len(data)
