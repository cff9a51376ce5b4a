"""Starts the zygote and asks it for sandboxes."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.containers.engine import ContainerGone, EngineUnavailable, StartFailed
from edge.kernel.clock import Clock
from sandbox.engines.process.channel import Channel, OnEvent, error_of
from sandbox.engines.process.inside.messages import Message
from sandbox.engines.process.inside.plan import Plan

_PROJECT = Path(__file__).parents[3]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from sandbox.engines.process.inside.zygote import main; main(int(sys.argv[2]), sys.argv[3] == 'root')"
)


@dataclass(frozen=True)
class Booted:
    """A sandbox whose process 1 runs and waits for requests."""

    pid: int
    pidfd: int
    channel: Channel
    root_fd: int


class Spawner:
    """The zygote as the host sees it."""

    def __init__(self, clock: Clock, log: Path, as_root: bool) -> None:
        """`log` receives what the zygote has to complain about; `as_root`: see `ProcessEngine`."""
        self._clock = clock
        self._log = log
        self._user = "root" if as_root else "user"
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "open() comes first"
        return self._process.pid

    def open(self) -> None:
        """Start the zygote."""
        if not sys.platform.startswith("linux"):
            raise EngineUnavailable("The process engine needs Linux. Use --engine docker.")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-I", "-S", "-E", "-c", _START, str(_PROJECT)]
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), self._user],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for the host, which then closes the zygote
            )
        self._channel = Channel(ours, None)

    async def warm(self) -> None:
        """Wait until the zygote has imported what programs want; whoever boots meanwhile goes first."""
        assert self._channel is not None, "open() comes first"
        await self._channel.ask({"op": "warm"})

    async def boot(self, plan: Plan, on_event: OnEvent, on_close: Callable[[], None]) -> Booted:
        """Start a sandbox. Raises StartFailed, which names the step that did not work."""
        assert self._channel is not None, "open() comes first"
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        first: asyncio.Future[tuple[Message, list[int]]] = asyncio.get_running_loop().create_future()

        def event(message: Message, fds: list[int]) -> None:
            if first.done():
                on_event(message, fds)
            else:
                first.set_result((message, fds))

        def closed() -> None:
            if first.done():
                on_close()
            else:
                first.set_exception(ContainerGone("it ended while it started"))
                first.exception()  # when the zygote is gone, nobody waits for it any more

        channel = Channel(ours, event, closed)
        with self._clock.hold("a sandbox that is starting"):
            try:
                with theirs:
                    _, (pidfd,) = await self._channel.ask({"op": "boot", "plan": plan}, [theirs.fileno()])
                message, fds = await first
            except (OSError, ContainerGone) as error:
                channel.close()
                raise StartFailed(f"The sandbox does not start: {error}. {self._complaints()}") from error
            except BaseException:  # whoever wanted it was cancelled
                channel.close()
                raise
        if message["op"] == "failed":
            channel.close()
            os.close(pidfd)
            raise StartFailed(f"The sandbox does not start: {error_of(message)}")
        return Booted(_pid_of(pidfd), pidfd, channel, fds[0])

    def close(self) -> None:
        """End the zygote, and with it every sandbox that still runs."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.wait()  # it ends at once: its socket is closed
            self._process = None

    def _complaints(self) -> str:
        return self._log.read_text(errors="replace")[-2000:].strip()


def _pid_of(pidfd: int) -> int:
    """The process behind a descriptor by our own count, which the zygote may not know."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid" and int(value) > 0:
            return int(value)
    raise StartFailed("The sandbox ended while it started.")
