"""A real `edge dev` in a process group of its own, to be killed and started again on the same state."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent
_POLL_S = 0.005
_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 30.0


class CrashServer:
    """The server of one test: one port, one state folder, many lives."""

    def __init__(self, folder: Path) -> None:
        self._project = folder / "worker"
        shutil.copytree(Path(__file__).parent / "worker", self._project)
        self.state = folder / "state"
        self._log = folder / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process; it does not answer yet."""
        assert self._process is None, "it runs already"
        command = [sys.executable, "-m", "wrangler_compat.cli.main", "dev", str(self._project)]
        command += ["--port", str(self.port), "--persist-to", str(self.state)]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}  # so that restarts are short
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until it accepts connections. Raises RuntimeError with its log when it never does."""
        process = self._process
        assert process is not None
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                while not await self._listens():
                    if process.poll() is not None:
                        raise RuntimeError(f"the server ended with {process.returncode}:\n{self.log_end()}")
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise RuntimeError(f"the server does not start:\n{self.log_end()}") from None

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def ask_to_stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def stopped(self) -> int:
        """Wait for the end that was asked for; gives the exit code."""
        assert self._process is not None
        code = await asyncio.to_thread(self._process.wait, _STOP_LIMIT_S)
        self._process = None
        return code

    def kill(self) -> None:
        """kill -9, the whole group. Also cleans up when a test fails half-way."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it had ended by itself
            self._process.wait()
            self._process = None

    def log_end(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
