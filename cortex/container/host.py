"""What the agent server needs of the machine it runs on: files, programs, time.

`machine.py` offers it for real, in the container. A simulation offers the same in virtual time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol


class AgentProcess(Protocol):
    """A running agent: it reads JSON lines and prints JSON lines."""

    @property
    def pid(self) -> int: ...

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        ...

    async def write_line(self, line: str) -> None:
        """Give it a line; nothing happens when it has ended."""
        ...

    def lines(self) -> AsyncIterator[str]:
        """What it prints, line by line, until it ends."""
        ...

    async def wait(self) -> int:
        """Its exit code."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to it and all that it started; nothing happens when it has ended."""
        ...


class Channel(Protocol):
    """A WebSocket, seen as texts."""

    async def send(self, text: str) -> None:
        """Send a text. Raises ConnectionError when the other side is gone."""
        ...

    async def receive(self) -> str | None:
        """The next text; None when the other side is gone."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class Host(Protocol):
    """The machine."""

    @property
    def npm_prefix(self) -> str:
        """Where `npm install -g` installs to."""
        ...

    def now_ms(self) -> int: ...

    async def sleep(self, delay_s: float) -> None: ...

    async def read(self, path: str) -> str:
        """The text of a file. Raises FileNotFoundError."""
        ...

    async def write(self, path: str, text: str, *, mode: int = 0o600) -> None:
        """Create or replace a file at once, with its directories."""
        ...

    async def remove(self, path: str) -> None:
        """Remove a file; nothing happens when there is none, or a directory has taken its place."""
        ...

    async def spawn(self, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> AgentProcess:
        """Start an agent; `env` is added to the container's. Raises OSError."""
        ...

    async def run(self, argv: Sequence[str], limit_s: float) -> int:
        """Run a program to its end: its exit code, 124 when it took too long, 127 when there is none."""
        ...

    async def unpack(self, archive: bytes, name: str) -> None:
        """Put a package's archive into npm's prefix. Raises BadArchive (a ValueError) and OSError."""
        ...

    async def pack(self, prefix: str, name: str) -> bytes:
        """The archive of a package that was installed below another prefix. Raises OSError."""
        ...
