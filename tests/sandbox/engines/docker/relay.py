"""A socket in front of a daemon, by which the daemon seems to die, to hang, or to be slow to come."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.engines.docker.address import Address, parse


class Relay:
    """Passes bytes on between those who connect and a daemon."""

    def __init__(self, path: Path, daemon: Address) -> None:
        self.address = parse(f"unix://{path}")
        self._path = path
        self._daemon = daemon
        self._passes = threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.listen()

    def listen(self) -> None:
        """The daemon is there, perhaps again."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._path))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def die(self) -> None:
        """The daemon goes, with all connections."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
            self._path.unlink()
        self._passes.set()
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._sockets.clear()

    def hang(self) -> None:
        """The daemon takes and says nothing more, and closes nothing."""
        self._passes.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._daemon.socket or "")
                self._sockets += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._passes.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def relay(folder: Path, daemon: Address) -> Iterator[Relay]:
    """A relay to a daemon of this machine."""
    made = Relay(folder / "daemon.sock", daemon)
    try:
        yield made
    finally:
        made.die()
