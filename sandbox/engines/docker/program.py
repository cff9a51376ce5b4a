"""A program in a container: an exec of the daemon's, whose own `sh` tells what the daemon does not.

The `sh` says its process id before it becomes the program, so that signals can reach it; and it says why
there is no program, in words that no program can be mistaken for.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from errno import EACCES, ENOENT
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound

from edge.containers.engine import ContainerGone, EngineUnavailable, Terminal
from sandbox.engines.docker.streams import STDERR, STDOUT, StreamEnd, Streams
from sandbox.engines.docker.wire import Refused

if TYPE_CHECKING:
    from sandbox.engines.docker.instance import DockerInstance

#: With a terminal it waits for a line first: until then the size is set. Arguments: `yes` for a terminal,
#: the directory, the program with its own.
_LAUNCH = r"""
[ "$1" = yes ] && read -r _
cd -- "$2" >/dev/null 2>&1 || { printf '\036cwd\036'; exit 127; }
shift 2
case $1 in
*/*)
  [ -e "$1" ] || { printf '\036missing\036'; exit 127; }
  { [ -f "$1" ] && [ -x "$1" ]; } || { printf '\036denied\036'; exit 126; } ;;
*)
  __edge_rest=$PATH:
  while :; do
    [ -n "$__edge_rest" ] || { printf '\036missing\036'; exit 127; }
    __edge_dir=${__edge_rest%%:*} __edge_rest=${__edge_rest#*:}
    [ -f "${__edge_dir:-.}/$1" ] && [ -x "${__edge_dir:-.}/$1" ] && break
  done ;;
esac
printf '\036%s\036' "$$"
exec "$@"
"""
_SAID = re.compile(rb"\x1e([a-z]+|[0-9]+)\x1e")
_SAID_BYTES_MAX = 64 * 1024
_SHELL = "/bin/sh"
_LOOK_AGAIN_S = 0.2
#: How long after the end of a program the end of its container may be on its way.
_LAST_NEWS_S = 0.5
_SIGKILL_CODE = 137


class DockerProgram:
    """Implements `edge.containers.engine.Process`. Made by `start`."""

    def __init__(self, instance: DockerInstance, exec_id: str, streams: Streams, terminal: bool) -> None:
        self._instance = instance
        self._exec_id = exec_id
        self._streams = streams
        self._pid = 0
        self._killed = False
        self._code: int | None = None
        self._looking = asyncio.Lock()
        self._io = StreamEnd(streams, STDOUT, stdin=True, terminal=terminal)
        self._stderr = None if terminal else StreamEnd(streams, STDERR, stdin=False)
        self._ended = asyncio.Event()

    @classmethod
    async def start(
        cls,
        instance: DockerInstance,
        argv: tuple[str, ...],
        *,
        cwd: str,
        env: Mapping[str, str],
        stdin: bool,
        terminal: Terminal | None,
    ) -> DockerProgram:
        """Raises FileNotFoundError for a program or directory that is missing, PermissionError,
        ContainerGone, EngineUnavailable."""
        on_terminal = terminal is not None
        command = [_SHELL, "-c", _LAUNCH, "sh", "yes" if on_terminal else "no", cwd, *argv]
        program = await cls._attach(instance, command, env, stdin or on_terminal, on_terminal)
        try:
            if terminal is not None:
                await program.resize(terminal.cols, terminal.rows)
                await program._io.write(b"\n")
            await program._listen(cwd, argv[0])
        except BaseException:
            program._streams.wire.close()
            raise
        return program

    @classmethod
    async def _attach(
        cls, instance: DockerInstance, command: list[str], env: Mapping[str, str], stdin: bool, terminal: bool
    ) -> DockerProgram:
        def announce(api: Any) -> str:
            made = api.exec_create(
                instance.id,
                command,
                stdin=stdin,
                tty=terminal,
                environment=[f"{k}={v}" for k, v in env.items()],
            )
            return str(made["Id"])

        daemon = instance.daemon
        try:
            exec_id = await daemon.call(announce)
            wire = await daemon.start_exec(exec_id, terminal=terminal)
        except (Refused, APIError) as error:
            raise await instance.why_refused(error) from error
        program: DockerProgram | None = None

        def end() -> None:
            if program is not None:
                program._ended.set()

        streams = Streams(wire, terminal=terminal, on_end=end)
        program = cls(instance, exec_id, streams, terminal)
        instance.programs.add(program)
        return program

    # -- the protocol

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def io(self) -> StreamEnd:
        return self._io

    @property
    def stderr(self) -> StreamEnd | None:
        return self._stderr

    async def wait(self) -> int:
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await self._ended.wait()
            except TimeoutError:
                # Where nobody reads what it printed, the end of its streams is behind that; and Podman does
                # not tell of its end either before it was read.
                if self._streams.stalled:
                    if await self._look() is not None:
                        break
                    if not await self._instance.has(self._pid):
                        self._streams.take_all()
        return await self._exit_code()

    async def signal(self, number: int, *, group: bool = False) -> None:
        if self._ended.is_set() or self._code is not None or not self._pid:
            return
        self._killed = True
        await self._instance.kill(self._pid, number, group=group)

    async def resize(self, cols: int, rows: int) -> None:
        try:
            await self._instance.daemon.call(lambda api: api.exec_resize(self._exec_id, rows, cols))
        except (APIError, EngineUnavailable):
            return  # it has ended

    def cut(self) -> None:
        """The container ended with it."""
        self._streams.wire.close()

    # -- how it starts and ends

    async def _listen(self, cwd: str, name: str) -> None:
        heard = b""
        while (said := _SAID.search(heard)) is None and len(heard) < _SAID_BYTES_MAX:
            data = await self._io.read()
            if not data:
                raise await self._no_shell()
            heard += data
        if said is None:
            raise await self._no_shell()
        self._streams.buffers[STDOUT].put_back(heard[said.end() :])
        if said[1].isdigit():
            self._pid = int(said[1])
        elif said[1] == b"denied":
            raise PermissionError(EACCES, os.strerror(EACCES), name)
        else:
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT), cwd if said[1] == b"cwd" else name)

    async def _no_shell(self) -> Exception:
        if await self._instance.has_ended(_LAST_NEWS_S):
            return ContainerGone("the container has ended")
        return FileNotFoundError(ENOENT, os.strerror(ENOENT), _SHELL)

    async def _exit_code(self) -> int:
        async with self._looking:
            if self._code is None:
                self._code = await self._ask()
                self._instance.programs.discard(self)
        return self._code

    async def _ask(self) -> int:
        if self._instance.ended:
            raise ContainerGone("the container has ended")
        while (code := await self._look()) is None:
            await self._instance.daemon.clock.sleep(_LOOK_AGAIN_S)
        if code == _SIGKILL_CODE and not self._killed and await self._instance.has_ended(_LAST_NEWS_S):
            raise ContainerGone("the container has ended")
        return code

    async def _look(self) -> int | None:
        try:
            found = await self._instance.daemon.call(lambda api: api.exec_inspect(self._exec_id))
        except (NotFound, EngineUnavailable) as error:
            raise ContainerGone("the container has ended") from error
        return None if found["Running"] or found["ExitCode"] is None else int(found["ExitCode"])
