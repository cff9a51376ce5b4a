"""What code says while it answers a request: `console`, `print` and what goes to standard error.

Each request collects in a list of its own, which its tasks inherit. All still goes where it went before.
"""

from __future__ import annotations

import contextvars
import io
import logging
import sys
from dataclasses import dataclass, field
from typing import Any, TextIO

from edge.kernel.clock import Clock

_LEVELS = {logging.DEBUG: "debug", logging.INFO: "log", logging.WARNING: "warn", logging.ERROR: "error"}
_CONSOLE = "edge.console"


@dataclass(slots=True)
class Heard:
    """What was said, and the lines that are not finished yet, by their level."""

    logs: list[dict[str, Any]] = field(default_factory=list)
    unfinished: dict[str, str] = field(default_factory=dict)


hearing: contextvars.ContextVar[Heard | None] = contextvars.ContextVar("tail_hearing", default=None)


class Ears:
    """Listens to the whole process while it is `open`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._handler = _Handler(self)
        self._before: tuple[TextIO, TextIO] | None = None

    def open(self) -> None:
        """Begin to listen."""
        if self._before is None:
            self._before = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = _Tee(self, "log", sys.stdout), _Tee(self, "error", sys.stderr)
            console = logging.getLogger(_CONSOLE)
            console.setLevel(logging.DEBUG)
            console.addHandler(self._handler)

    def close(self) -> None:
        """Listen no more."""
        if self._before is not None:
            sys.stdout, sys.stderr = self._before
            self._before = None
            console = logging.getLogger(_CONSOLE)
            console.setLevel(logging.NOTSET)
            console.removeHandler(self._handler)

    def note(self, level: str, text: str) -> None:
        """Something was said by the code that runs now."""
        heard = hearing.get()
        if heard is not None:
            heard.logs.append({"level": level, "message": [text], "timestamp": self._clock.now_ms()})


class _Handler(logging.Handler):
    def __init__(self, ears: Ears) -> None:
        super().__init__()
        self._ears = ears

    def emit(self, record: logging.LogRecord) -> None:
        self._ears.note(_LEVELS.get(record.levelno, "log"), record.getMessage())


class _Tee(io.TextIOBase):
    """A standard stream that is listened to, line by line."""

    def __init__(self, ears: Ears, level: str, stream: TextIO) -> None:
        self._ears = ears
        self._level = level
        self._stream = stream

    def write(self, text: str) -> int:
        heard = hearing.get()
        if heard is not None:
            *lines, rest = (heard.unfinished.get(self._level, "") + text).split("\n")
            heard.unfinished[self._level] = rest
            for line in lines:
                self._ears.note(self._level, line)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding
