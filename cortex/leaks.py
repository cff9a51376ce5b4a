"""Watches what a simulation logs and prints for what nobody may read there."""

from __future__ import annotations

import logging
import sys
from typing import Any


class Leaks(logging.Handler):
    """`marks` begin what is secret. While it watches, it hears all loggers and what is printed."""

    def __init__(self, *marks: str) -> None:
        super().__init__()
        self._marks = marks
        self._streams: dict[str, Any] = {}
        self.found: list[str] = []

    def watch(self) -> None:
        """Begin, if it has not begun."""
        if not self._streams:
            logging.getLogger().addHandler(self)
            for name in ("stdout", "stderr"):
                self._streams[name] = getattr(sys, name)
                setattr(sys, name, _Heard(self._streams[name], self.note))

    def end(self) -> list[str]:
        """Stop watching; gives what was found, and forgets it."""
        logging.getLogger().removeHandler(self)
        for name, stream in self._streams.items():
            setattr(sys, name, stream)
        found, self.found, self._streams = self.found, [], {}
        return found

    def emit(self, record: logging.LogRecord) -> None:
        self.note(self.format(record))

    def note(self, text: str) -> None:
        if any(mark in text for mark in self._marks):
            self.found.append(text[:200])


class _Heard:
    """A stream, and who hears what is written to it."""

    def __init__(self, stream: Any, note: Any) -> None:
        self._stream = stream
        self._note = note

    def write(self, text: str) -> int:
        self._note(text)
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
