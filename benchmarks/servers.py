"""Start a contender's server on fresh state, ask it, weigh it, stop it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_START_LIMIT_S = 60.0
_CHANGE_LIMIT_S = 20.0
_STOP_LIMIT_S = 10.0
_POLL_S = 0.002


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a server: its command and environment, and the file whose change it serves."""

    command: list[str]
    environment: Mapping[str, str]
    greeting_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to be measured. `launch` is given a port and an empty folder for state and sources."""

    name: str
    label: str
    launch: Callable[[int, Path], Launch]


class Server:
    """A running server in a process group of its own. `start_s` is the time to its first 200."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self._folder = tempfile.TemporaryDirectory(prefix=f"bench-{contender.name}-")
        self._log = Path(self._folder.name) / "server.log"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.start_s = 0.0

    def __enter__(self) -> Server:
        work = Path(self._folder.name) / "work"
        work.mkdir()
        self._launch = self.contender.launch(self._port, work)
        started = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._launch.command,
                env=os.environ | dict(self._launch.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=work,
            )
        try:
            self._wait(lambda: self.get("/")[0] == 200, _START_LIMIT_S)
        except BaseException:
            self._stop()
            raise
        self.start_s = time.perf_counter() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of one GET. Raises OSError when nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def change_s(self) -> float | None:
        """Seconds from a changed source file to its effect in an answer; None where nobody watches."""
        file = self._launch.greeting_file
        if file is None:
            return None
        source = file.read_text()
        changed = f"Hello {time.monotonic_ns()}!"
        greeting = self.get("/")[1]
        file.write_text(source.replace(greeting, changed))
        started = time.perf_counter()
        self._wait(lambda: self.get("/")[1] == changed, _CHANGE_LIMIT_S)
        return time.perf_counter() - started

    def _wait(self, done: Callable[[], bool], limit_s: float) -> None:
        deadline = time.perf_counter() + limit_s
        while True:
            try:
                if done():
                    return
            except (OSError, http.client.HTTPException):
                pass  # not listening yet, or between two versions of its code
            if self._process.poll() is not None or time.perf_counter() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.contender.label} does not answer; its log ends:\n{tail}")
            time.sleep(_POLL_S)

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            pass  # it is killed below
        # Whatever is left of the group (peers leave helpers behind) goes with it.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing was left
        self._process.wait()
        self._folder.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
