"""Runs cells of Python one after the other in one namespace. Runs inside a sandbox: standard library only.

Reads one JSON object a line: `{"code": ..., "env": {...}}`. Writes lines that begin with a record separator,
each a JSON event: `ready`, `begun`, `stdout`, `stderr`, `result`, `error`, `execution_complete`. From `begun`
to `execution_complete` SIGINT interrupts the cell; at any other time it does nothing.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import inspect
import io
import json
import linecache
import os
import signal
import sys
import threading
import traceback
import types
from typing import Any, TextIO

RICH = {
    "html": "_repr_html_",
    "markdown": "_repr_markdown_",
    "svg": "_repr_svg_",
    "png": "_repr_png_",
    "jpeg": "_repr_jpeg_",
    "latex": "_repr_latex_",
    "json": "_repr_json_",
    "javascript": "_repr_javascript_",
}
MIME_TYPES = {
    "text/plain": "text",
    "text/html": "html",
    "text/markdown": "markdown",
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "text/latex": "latex",
    "application/json": "json",
    "application/javascript": "javascript",
}


class Events:
    """Writes events to the host, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb")
        self._lock = threading.Lock()
        #: Whether an interrupt came while an event was written.
        self.is_interrupted = False

    def send(self, kind: str, **fields: Any) -> None:
        self._write(json.dumps({"type": kind, **fields}, default=str).encode())
        if self.is_interrupted and threading.current_thread() is threading.main_thread():
            self.is_interrupted = False
            raise KeyboardInterrupt

    def _write(self, line: bytes) -> None:
        # An exception in here would leave half an event, or the lock to nobody.
        with self._lock:
            self._file.write(b"\x1e" + line + b"\n")
            self._file.flush()


class Tap:
    """Passes on what is written to a descriptor, by this program or by children that inherited it."""

    def __init__(self, events: Events, kind: str, descriptor: int) -> None:
        self._events = events
        self._kind = kind
        self._source, self._sink = os.pipe()
        os.dup2(self._sink, descriptor)
        self._mark = b"\x1e" + os.urandom(12).hex().encode() + b"\x1e"
        self._seen = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def drain(self) -> None:
        """Wait until all that was written so far has been passed on."""
        self._seen.clear()
        os.write(self._sink, self._mark)
        self._seen.wait(5)

    def _run(self) -> None:
        held = b""
        while data := os.read(self._source, 65536):
            before, found, after = (held + data).partition(self._mark)
            if not found:
                held = self._pass_on(before)
                continue
            if before:
                self._events.send(self._kind, text=before.decode(errors="replace"))
            held = self._pass_on(after)
            self._seen.set()

    def _pass_on(self, data: bytes) -> bytes:
        """Send what is whole; give back what may be a cut-off character or mark."""
        cut = data.rfind(b"\x1e")
        held = data[cut:] if cut >= 0 and self._mark.startswith(data[cut:]) else b""
        whole = data[: len(data) - len(held)]
        for count in range(1, min(4, len(whole) + 1)):
            if whole[-count] >= 0xC0:  # where a character of several bytes begins
                size = 2 if whole[-count] < 0xE0 else 3 if whole[-count] < 0xF0 else 4
                if count < size:
                    held = whole[-count:] + held
                    whole = whole[:-count]
                break
        if whole:
            self._events.send(self._kind, text=whole.decode(errors="replace"))
        return held


def rich(value: object) -> dict[str, Any]:
    """A value in every form it has."""
    forms: dict[str, Any] = {"text": repr(value)}
    if not isinstance(value, type):
        bundle = getattr(value, "_repr_mimebundle_", None)
        if callable(bundle):
            found = bundle(include=None, exclude=None)
            found = found[0] if isinstance(found, tuple) else found
            forms.update({MIME_TYPES[mime]: data for mime, data in found.items() if mime in MIME_TYPES})
        for name, method in RICH.items():
            form = getattr(value, method, None)
            if name not in forms and callable(form) and (data := form()) is not None:
                forms[name] = data[0] if isinstance(data, tuple) else data
    for name, data in forms.items():
        if isinstance(data, bytes):
            forms[name] = base64.b64encode(data).decode()
    return forms


class Cells:
    """The namespace and the count of what ran in it."""

    def __init__(self, events: Events, taps: tuple[Tap, Tap]) -> None:
        self._events = events
        self._taps = taps
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self._names = module.__dict__
        self._names["display"] = self.display

    def display(self, *values: object) -> None:
        """Show values as results of the cell."""
        for value in values:
            self._drain()
            self._events.send("result", **rich(value))

    def run(self, code: str, env: dict[str, str]) -> None:
        """Run one cell and tell what came of it."""
        self._count += 1
        kept = {name: os.environ.get(name) for name in env}
        os.environ.update(env)
        self._events.is_interrupted = False
        try:
            self._show(code)
        except BaseException as error:  # what a cell raises, exit() included, is its result
            self._fail(error)
        finally:
            for name, old in kept.items():
                if old is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = old
        self._drain()
        self._events.send("execution_complete", execution_count=self._count)

    def _show(self, code: str) -> None:
        """Run a cell and show its value: all that SIGINT interrupts."""
        self._events.send("begun")
        value = self._evaluate(code, f"<cell {self._count}>")
        if value is not None:
            self._names["_"] = value
            self.display(value)
        self._show_figures()

    def _evaluate(self, code: str, filename: str) -> object:
        linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
        tree = ast.parse(code, filename)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._step(compile(tree, filename, "exec", flags=flags, dont_inherit=True))
        if not isinstance(last, ast.Expr):
            return None
        expression = ast.Expression(last.value)
        return self._step(compile(expression, filename, "eval", flags=flags, dont_inherit=True))

    def _step(self, code: types.CodeType) -> object:
        if not code.co_flags & inspect.CO_COROUTINE:
            return eval(code, self._names)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(eval(code, self._names))

    def _show_figures(self) -> None:
        """Figures of matplotlib that the cell left open."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            image = io.BytesIO()
            pyplot.figure(number).savefig(image, format="png", bbox_inches="tight")
            self._drain()
            self._events.send("result", text="<Figure>", png=base64.b64encode(image.getvalue()).decode())
        pyplot.close("all")

    def _fail(self, error: BaseException) -> None:
        frames = error.__traceback__
        while frames is not None and not frames.tb_frame.f_code.co_filename.startswith("<cell "):
            frames = frames.tb_next
        lines = traceback.format_exception(type(error), error, frames)
        self._drain()
        self._events.send("error", ename=type(error).__name__, evalue=str(error), traceback=lines)

    def _drain(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for tap in self._taps:
            tap.drain()


def interrupt(events: Events, frame: types.FrameType | None) -> None:
    """SIGINT: an exception in what a cell runs, and nothing elsewhere, where it would end the interpreter or
    hit the next cell. Where it came is seen by the stack: a flag could not be set and reset without gaps."""
    writes = False
    while frame is not None:
        writes = writes or frame.f_code is Events._write.__code__
        if frame.f_code is Cells._show.__code__:
            if not writes:
                raise KeyboardInterrupt
            events.is_interrupted = True  # `send` raises it, when the event is out
        frame = frame.f_back


def text_file(descriptor: int) -> TextIO:
    return io.TextIOWrapper(os.fdopen(descriptor, "wb", closefd=False), encoding="utf-8", line_buffering=True)


def main() -> None:
    """Serve until the input ends. The protocol moves to descriptors of its own, which children do not get."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    requests = os.fdopen(os.dup(0), "rb")
    events = Events(os.dup(1))
    # Set whatever was inherited: what a shell starts in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, lambda _, frame: interrupt(events, frame))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    taps = Tap(events, "stdout", 1), Tap(events, "stderr", 2)
    sys.stdout, sys.stderr = text_file(1), text_file(2)
    cells = Cells(events, taps)
    events.send("ready")
    for line in iter(requests.readline, b""):
        asked = json.loads(line)
        cells.run(asked["code"], asked.get("env") or {})


if __name__ == "__main__":
    main()
