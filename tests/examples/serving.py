"""Run `edge dev` on a project in a process of its own, as its user would."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WAIT_S = 60.0  # two cores shared with other test processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DevServer:
    """One `edge dev` process. `url` has no slash at its end; `output` is what it printed so far."""

    def __init__(
        self, project: Path, persist_to: Path, port: int | None = None, options: Sequence[str] = ()
    ) -> None:
        self.port = port or free_port()
        self.output = ""
        self._printed = threading.Condition()
        self._ended = False
        command = [sys.executable, "-m", "wrangler_compat.cli.main", "dev", str(project)]
        where = ["--port", str(self.port), "--persist-to", str(persist_to)]
        self._process = subprocess.Popen(
            [*command, *where, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_for(f"Ready on {self.url}")
        except AssertionError:
            self.kill()
            raise

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._printed:
                self.output += re.sub(r"\x1b\[[0-9;]*m", "", line)
                self._printed.notify_all()
        with self._printed:
            self._ended = True
            self._printed.notify_all()

    def wait_for(self, text: str) -> None:
        """Until it has printed `text`. Raises AssertionError when it ends or falls silent before."""
        with self._printed:
            self._printed.wait_for(lambda: text in self.output or self._ended, WAIT_S)
            assert text in self.output, f"edge dev never said {text!r}:\n{self.output}"

    def kill(self) -> None:
        """kill -9: nothing gets a chance to be saved."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        return self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> int:
        self._process.send_signal(how)
        code = self._process.wait(30)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


@contextmanager
def serving(
    project: Path, persist_to: Path, port: int | None = None, options: Sequence[str] = ()
) -> Iterator[DevServer]:
    """A running server; stopped with Ctrl-C at the end, unless the test has ended it itself."""
    server = DevServer(project, persist_to, port, options)
    try:
        yield server
    finally:
        if server._process.poll() is None:
            server.stop()
