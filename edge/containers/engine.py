"""What the runtime asks of a container engine: the seam between `ctx.container` and what really runs.

Engines stand on the floor above (`sandbox/engines/`): real processes, Docker, or scripted ones in virtual
time. Paths are the container's own, absolute; failures of files are Python's `OSError` classes with their
errno, as the same call would raise on one's own machine.

Source: spec sandbox-and-containers.md sections 1 and 2.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from edge.errors import EdgeError, UserError

if TYPE_CHECKING:
    from edge.containers.egress import Egress
    from edge.http.request import Request
    from edge.http.response import Response

    #: A service inside a container that needs no socket: it answers the requests to one of its ports.
    Service = Callable[[Request], Awaitable[Response]]


# -- what starts


@dataclass(frozen=True, slots=True)
class InstanceType:
    """What one instance may use (spec section 1.1)."""

    name: str = "lite"
    vcpu: float = 1 / 16
    memory_mib: int = 256
    disk_mb: int = 2000


@dataclass(frozen=True, slots=True)
class Image:
    """What a container starts from: a Dockerfile that is built, or a reference that is pulled or used."""

    reference: str | None = None
    dockerfile: Path | None = None
    build_context: Path | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.reference or str(self.dockerfile)


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """One container to start. `name` is unique among those that run: Worker, class and object id."""

    name: str
    image: Image
    instance_type: InstanceType = InstanceType()
    #: Replaces the image's own; None keeps it. Engines without images run nothing then.
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    enable_internet: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Who answers the container's own requests in the place of the outside; engines that carry such
    #: requests ask it before they connect (`edge.containers.egress`).
    egress: Egress | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """How a container ended: by itself with `code`, or by a signal of the runtime (`code` is 128 + it)."""

    code: int
    reason: Literal["exit", "runtime_signal"] = "exit"


# -- what goes wrong


class EngineUnavailable(UserError):
    """The engine cannot be used here (no daemon, no permission); the message says what to do."""


class StartFailed(EdgeError):
    """A container did not start: the image does not build or exist, or its entrypoint does not run."""


class NoInstance(StartFailed):
    """As many containers run as may (`max_instances`)."""


class NotListening(EdgeError):
    """Nothing in the container listens on that port (yet)."""


class ContainerGone(EdgeError):
    """The container ended, or its engine did, while something was under way."""


# -- what runs


class Connection(Protocol):
    """A byte stream both ways, with backpressure. Raises ContainerGone when the other side vanished."""

    async def read(self, limit: int = 65536) -> bytes:
        """What has arrived, at most `limit` bytes; b"" at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send; returns when there is room for more. Raises BrokenPipeError when nobody reads any more."""
        ...

    async def write_eof(self) -> None:
        """Nothing more comes from here."""
        ...

    async def close(self) -> None: ...


class Process(Protocol):
    """A program in the container, the leader of a process group of its own."""

    @property
    def pid(self) -> int:
        """Its id inside the container."""
        ...

    @property
    def io(self) -> Connection:
        """stdin and stdout; with a terminal all three."""
        ...

    @property
    def stderr(self) -> Connection | None:
        """None with a terminal, or when it is merged into stdout."""
        ...

    async def wait(self) -> int:
        """Its exit code; 128 + n for a signal n. Raises ContainerGone."""
        ...

    async def signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal to it, or to its whole process group; nothing happens when it has ended."""
        ...

    async def resize(self, cols: int, rows: int) -> None:
        """Change the size of its terminal."""
        ...


@dataclass(frozen=True, slots=True)
class Terminal:
    """The size of a terminal in characters."""

    cols: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command in a shell ended, and where the shell is now."""

    exit_code: int
    cwd: str


class Output(Protocol):
    """Receives what a command prints, chunk by chunk."""

    async def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None: ...


class Shell(Protocol):
    """A long-lived shell: directory and variables persist from one command to the next; one at a time."""

    async def run(
        self, command: str, output: Output, *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> Completed:
        """Run a command line in the shell itself; `env` and `cwd` hold for this command only.

        Raises ShellExited when the command ended the shell, ContainerGone.
        """
        ...

    async def environment(self) -> dict[str, str]:
        """The exported variables as they are now."""
        ...

    async def close(self) -> None: ...


class ShellExited(EdgeError):
    """The shell of a session ended by itself."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"shell exited (exit code: {exit_code})")
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class FileStat:
    """One entry of the container's file system."""

    path: str
    kind: Literal["file", "directory", "symlink", "other"]
    size: int
    mtime_s: float
    mode: int  # permission bits


class Files(Protocol):
    """The container's file system. Paths are absolute; symbolic links never lead out of it."""

    async def stat(self, path: str, *, follow: bool = True) -> FileStat: ...

    def read(self, path: str, *, chunk_bytes: int = 65536) -> AsyncIterator[bytes]:
        """The content, in chunks. Raises FileNotFoundError, IsADirectoryError, … at the first one."""
        ...

    async def write(
        self, path: str, content: bytes | AsyncIterator[bytes], *, parents: bool = False, mode: int = 0o644
    ) -> int:
        """Create or replace a file at once (never half of it is seen under its name); its length."""
        ...

    async def mkdir(self, path: str, *, parents: bool = False) -> None: ...

    async def remove(self, path: str) -> None:
        """Remove a file or a link, no directory."""
        ...

    async def rename(self, source: str, target: str) -> None: ...

    async def list(self, path: str, *, recursive: bool = False) -> list[FileStat]:
        """What a directory holds, in the order of its names; links are not followed."""
        ...


class Instance(Protocol):
    """A running container."""

    @property
    def files(self) -> Files: ...

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        terminal: Terminal | None = None,
    ) -> Process:
        """Start a program; `env` is added to the container's. Without `stdin` it reads an empty one.

        Raises FileNotFoundError when there is no such program, ContainerGone.
        """
        ...

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> Shell:
        """A new shell of a session. Raises FileNotFoundError when `cwd` is missing, ContainerGone."""
        ...

    async def connect(self, port: int) -> Connection:
        """A TCP connection to a port inside. Raises NotListening, ContainerGone."""
        ...

    def service(self, port: int) -> Service | None:
        """What answers at a port without a socket; None where programs have to listen."""
        ...

    async def phase(self, name: str) -> None:
        """Let the modelled time of a phase pass (`CONTAINER_PHASES`); real engines return at once."""
        ...

    async def wait(self) -> Exit:
        """How it ended, once it has; many may wait."""
        ...

    async def signal(self, number: int) -> None:
        """Send a signal to the entrypoint; a container without one ends by TERM, INT and KILL."""
        ...

    async def destroy(self) -> None:
        """Kill it and all that is in it, and free what it held. Never fails, may be called twice."""
        ...


class Engine(Protocol):
    """Starts containers."""

    #: `fake`, `process` or `docker`.
    name: str

    def isolation(self) -> str:
        """One sentence for people: what keeps containers apart from each other and from this machine."""
        ...

    async def open(self) -> None:
        """Find out what works here and remove what an earlier run left. Raises EngineUnavailable."""
        ...

    async def prepare(self, image: Image) -> None:
        """Build or pull an image ahead of its first start; start pools. Raises StartFailed."""
        ...

    async def start(self, spec: InstanceSpec) -> Instance:
        """Start a container; returns when it runs. Raises StartFailed, NoInstance, EngineUnavailable."""
        ...

    async def close(self) -> None:
        """Destroy all that runs."""
        ...
