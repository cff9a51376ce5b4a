"""What `edge dev` prints: the summary at the start, one line a request, and log messages.

Lines of requests are written together, a few milliseconds later: a terminal takes one long write far
more cheaply than many short ones.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from edge.config import WorldConfig
from edge.http.request import Request
from edge.http.response import Response
from edge.server.bindings import binding_rows

FLUSH_AFTER_S = 0.01
_LEVELS = {
    "none": logging.CRITICAL + 1,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "log": logging.INFO,
    "debug": logging.DEBUG,
}
_COLOURS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


class Console:
    """Standard output for what happens, standard error for what went wrong."""

    def __init__(self, level: str, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._level = _LEVELS[level]
        self._lines: list[str] = []
        self._coloured = self._out.isatty()
        self._scheduled = False

    def say(self, message: str) -> None:
        """A line for the user, at once."""
        if self._level <= logging.INFO:
            self.flush()
            self._out.write(f"{message}\n")
            self._out.flush()

    def warn(self, message: str) -> None:
        if self._level <= logging.WARNING:
            self._complain("▲ [WARNING]", "yellow", message)

    def error(self, message: str) -> None:
        if self._level <= logging.ERROR:
            self._complain("✘ [ERROR]", "red", message)

    def answered(self, request: Request, response: Response, duration_s: float) -> None:
        """The line of a request: `GET /path 200 OK (5ms)`."""
        if self._level > logging.INFO:
            return
        url, status = request.url, response.status
        reason = response.statusText
        path = url[url.index("/", 8) :]
        shown = f"{status} {reason}"
        if self._coloured:
            shown = click.style(shown, fg=_COLOURS.get(status // 100))
        self._lines.append(f"{request.method} {path} {shown} ({round(duration_s * 1000)}ms)\n")
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Write the lines that wait."""
        self._scheduled = False
        if self._lines:
            self._out.write("".join(self._lines))
            self._lines.clear()
            self._out.flush()

    def _complain(self, mark: str, colour: str, message: str) -> None:
        self.flush()
        if self._err.isatty():
            mark = click.style(mark, fg=colour)
        self._err.write(f"{mark} {message}\n")
        self._err.flush()

    def install(self) -> logging.Handler:
        """Let the loggers of `edge` speak here. Returns the handler, for taking it off again."""
        handler = _Handler(self)
        logger = logging.getLogger("edge")
        logger.addHandler(handler)
        logger.setLevel(self._level)
        logger.propagate = False
        return handler


class _Handler(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        message = self.format(record)
        if record.levelno >= logging.ERROR:
            self._console.error(message)
        elif record.levelno >= logging.WARNING:
            self._console.warn(message)
        else:
            self._console.say(message)


def summary(config: WorldConfig) -> Iterable[str]:
    """The bindings of each Worker."""
    for worker in config.workers:
        rows = binding_rows(worker)
        if not rows:
            yield f"{worker.name}: no bindings"
            continue
        width = max(len(str(row)) for row in rows)
        yield f"{worker.name} has access to:"
        yield from (f"  {str(row).ljust(width)}  {row.kind}" for row in rows)
