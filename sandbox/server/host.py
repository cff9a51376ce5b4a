"""What every part of the server shares: the container, time and randomness, and how programs are started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.containers.engine import Instance, Process
from edge.kernel.clock import Clock
from edge.kernel.random import Generator, RandomStreams
from sandbox.server.reply import iso

#: Where commands run when nothing else is said.
HOME = "/workspace"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class Host:
    """One container, as the parts of its server see it."""

    def __init__(self, instance: Instance, clock: Clock, random: RandomStreams, name: str) -> None:
        self.instance = instance
        self.clock = clock
        self.random: Generator = random.stream(f"sandbox server {name}")
        self._shell: str | None = None
        self._has_home = False

    def now(self) -> str:
        return iso(self.clock.now_ms())

    def ok(self, **fields: Any) -> dict[str, Any]:
        """A successful result in the shape all of them have."""
        return {"success": True, **fields, "timestamp": self.now()}

    def token(self, length: int = 6) -> str:
        """Random characters 0-9 and a-z."""
        return "".join(self.random.choice(_BASE36) for _ in range(length))

    async def spawn_shell(
        self, command: str, *, cwd: str, env: Mapping[str, str], stdin: bool = False
    ) -> Process:
        """A fresh `bash -c`, or `sh -c` where there is no bash. Raises FileNotFoundError (no such directory,
        or neither shell), ContainerGone."""
        if self._shell is None:
            try:
                process = await self.instance.spawn(("bash", "-c", command), cwd=cwd, env=env, stdin=stdin)
                self._shell = "bash"
                return process
            except FileNotFoundError:
                await self.instance.files.stat(cwd)  # is it the directory that is missing?
                self._shell = "sh"
        return await self.instance.spawn((self._shell, "-c", command), cwd=cwd, env=env, stdin=stdin)

    async def ensure_home(self) -> None:
        """Make /workspace in an image that lacks it."""
        if self._has_home:
            return
        try:
            await self.instance.files.stat(HOME)
        except FileNotFoundError:
            await self.instance.files.mkdir(HOME, parents=True)
        self._has_home = True
