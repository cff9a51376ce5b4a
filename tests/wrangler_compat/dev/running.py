"""`edge dev` as a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HELLO = """\
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("hello")
"""


def project(folder: Path, code: str = HELLO, **settings: Any) -> Path:
    """A project whose Worker is `code`."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "entry.py").write_text(code)
    config = {
        "name": "app", "main": "src/entry.py", "compatibility_date": "2026-10-01",
        "compatibility_flags": ["python_workers"], **settings,
    }  # fmt: skip
    (folder / "wrangler.jsonc").write_text(json.dumps(config, indent=2))
    return folder


class Dev:
    """A running server and what it has printed."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [
            sys.executable,
            "-m",
            "wrangler_compat.cli.main",
            "dev",
            str(folder),
            "--port",
            "0",
            *options,
        ]
        root = Path(__file__).parents[3]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder.parent,
            env={**os.environ, "PYTHONPATH": str(root)},
        )  # fmt: skip
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def until(self, text: str, timeout_s: float = 20) -> str:
        """Wait for a line with `text` in it."""
        while True:
            line = self._queue.get(timeout=timeout_s)
            assert line is not None, "\n".join(["ended without it:", *self.lines])
            self.lines.append(line)
            if text in line:
                return line

    @property
    def port(self) -> int:
        return int(self.until("Ready on ").rpartition(":")[2])

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[Dev, int]]:
    """Start; stop at the end, if it still runs."""
    dev = Dev(folder, *options)
    try:
        yield dev, dev.port
    finally:
        if dev.process.poll() is None:
            dev.process.kill()
        dev.process.wait(20)
        assert dev.process.stdout is not None
        dev.process.stdout.close()


def get(port: int, path: str = "/") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
