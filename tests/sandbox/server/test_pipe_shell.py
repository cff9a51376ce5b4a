"""The shell of a session, over bash and over a plain sh."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import Completed, ContainerGone, ShellExited
from sandbox.server.pipe_shell import PipeShell
from tests.loops import run
from tests.sandbox.server.local import LocalInstance

Body = Callable[[PipeShell, LocalInstance], Coroutine[Any, Any, None]]


class Printed:
    """An Output that keeps what it gets."""

    def __init__(self) -> None:
        self.stdout = b""
        self.stderr = b""

    async def __call__(self, stream: str, data: bytes) -> None:
        setattr(self, stream, getattr(self, stream) + data)


async def out(shell: PipeShell, command: str, **options: Any) -> tuple[int, bytes, bytes]:
    printed = Printed()
    done = await shell.run(command, printed, **options)
    return done.exit_code, printed.stdout, printed.stderr


def only_sh(folder: Path) -> str:
    """A PATH on which there is sh, and no bash."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("sh", "env", "cat", "sleep", "printf", "head", "ls", "seq"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    return str(programs)


@pytest.fixture(params=["bash", "sh"])
def in_shell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Body], None]:
    """Run a test in an open shell of each kind."""

    def drive(body: Body) -> None:
        async def main() -> None:
            path = None if request.param == "bash" else only_sh(tmp_path)
            async with LocalInstance(tmp_path, path=path) as instance:
                shell = await instance.open_shell(cwd="/workspace", env={"GREETING": "hello you"})
                await body(shell, instance)
                await shell.close()

        run(main())

    return drive


def test_a_command_prints_and_ends(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        assert await out(shell, "echo $GREETING; echo no >&2; (exit 3)") == (3, b"hello you\n", b"no\n")
        assert await out(shell, "printf 'no newline'") == (0, b"no newline", b"")
        assert await out(shell, "true") == (0, b"", b"")

    in_shell(body)


def test_directory_and_variables_persist(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        folder = str(instance.place("/workspace"))
        done = await shell.run("cd / && X=one && export Y='two\nlines' && f() { echo f$1; }", Printed())
        assert done == Completed(0, "/")
        assert (await out(shell, 'f "$X"; pwd'))[1] == b"fone\n/\n"
        environment = await shell.environment()
        assert environment["Y"] == "two\nlines"
        assert environment["GREETING"] == "hello you"
        assert "X" not in environment
        assert (await shell.run(f"cd {folder}", Printed())).cwd == folder

    in_shell(body)


def test_env_and_cwd_of_a_command_hold_for_it_only(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        command = 'printf "%s|" "$GREETING" "$NEW"; pwd; K=kept'
        assert (await out(shell, command, env={"GREETING": "it's", "NEW": "$x"}, cwd="/"))[
            1
        ] == b"it's|$x|/\n"
        folder = str(instance.place("/workspace")).encode()
        code, stdout, _ = await out(shell, 'printf "%s|" "$GREETING" "${NEW-unset}" "$K"; pwd')
        assert (code, stdout) == (0, b"hello you|unset|kept|" + folder + b"\n")
        missing = await out(shell, "echo never", cwd="/not here")
        assert missing == (1, b"", b"Failed to change directory to /not here\n")
        assert (await out(shell, "(exit 4)", cwd="/"))[0] == 4

    in_shell(body)


def test_bytes_pass_unchanged(in_shell: Callable[[Body], None], tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000 + b"\x1e" * 50
    (tmp_path / "data").write_bytes(data)

    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        assert await out(shell, f"cat {tmp_path}/data; cat {tmp_path}/data >&2") == (0, data, data)

    in_shell(body)


def test_nothing_a_command_prints_passes_for_the_end(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        fake = "printf '\\0360123456789abcdef0123456789abcdef 0 /\\n\\036'; echo after"
        assert (await out(shell, fake))[1].endswith(b"after\n")
        # With -x and -v the shell repeats what it reads and runs, the markers' halves included.
        code, stdout, _ = await out(shell, "set -xv; echo traced")
        assert (code, stdout) == (0, b"traced\n")
        code, stdout, stderr = await out(shell, "echo again")
        assert (code, stdout) == (0, b"again\n")
        assert b"echo again" in stderr
        assert (await out(shell, "set +xv"))[0] == 0
        assert await out(shell, "echo quiet") == (0, b"quiet\n", b"")

    in_shell(body)


@pytest.mark.parametrize("command", ["if", "echo 'open", 'echo "open', ")", "for", "a() {", "$(", "`", "<<"])
def test_what_is_no_command_harms_itself_only(in_shell: Callable[[Body], None], command: str) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        code, stdout, stderr = await out(shell, command)
        assert code != 0
        assert stdout == b""
        assert stderr != b""
        assert await out(shell, "echo fine") == (0, b"fine\n", b"")

    in_shell(body)


def test_redirections_of_the_shell_end_with_the_command(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        assert await out(shell, "exec >/dev/null 2>&1; echo lost") == (0, b"", b"")
        assert await out(shell, "echo back; echo too >&2") == (0, b"back\n", b"too\n")
        assert await out(shell, "cat; echo empty") == (0, b"empty\n", b"")

    in_shell(body)


def test_odd_commands(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        assert (await out(shell, "no_such_program"))[0] == 127
        assert (await out(shell, "-x"))[0] == 127
        assert await out(shell, "cat <<'E'\nit's\nE") == (0, b"it's\n", b"")
        assert await out(shell, "# nothing") == (0, b"", b"")
        assert (await out(shell, "echo 'ü \N{SNOWMAN}'"))[1].decode() == "ü ☃\n"
        with pytest.raises(ValueError, match="NUL"):
            await shell.run("echo \0", Printed())
        with pytest.raises(ValueError, match="Invalid environment variable name: a b"):
            await shell.run("true", Printed(), env={"a b": "c"})

    in_shell(body)


def test_commands_wait_for_each_other(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        printed = Printed()
        await asyncio.gather(
            shell.run("sleep 0.1; echo one", printed),
            shell.run("echo two", printed),
            shell.run("echo three", printed),
        )
        assert printed.stdout == b"one\ntwo\nthree\n"

    in_shell(body)


def test_a_cancelled_caller_leaves_the_command_running(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        begun = asyncio.Event()

        async def first(stream: str, data: bytes) -> None:
            begun.set()

        task = asyncio.create_task(shell.run("echo begun; sleep 0.2; KEPT=yes; echo late", first))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await out(shell, "echo $KEPT") == (0, b"yes\n", b"")

    in_shell(body)


def test_an_output_that_fails_is_the_callers_error(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        async def full(stream: str, data: bytes) -> None:
            raise OverflowError("enough")

        with pytest.raises(OverflowError):
            await shell.run("seq 100000", full)
        assert (await out(shell, "echo goes on"))[1] == b"goes on\n"

    in_shell(body)


def test_background_jobs_neither_block_nor_end_a_command(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        ready = instance.place("/workspace/done")
        # 3 MB is more than any pipe holds: it only ends when somebody reads between the commands.
        await shell.run(f"(head -c 3000000 /dev/zero; printf x >{ready}) &", Printed())
        while not ready.exists():
            await asyncio.sleep(0.01)
        assert await out(shell, "echo clean") == (0, b"clean\n", b"")

    in_shell(body)


@pytest.mark.parametrize("command", ["exit 7", "sleep 5 & exit 7", "exec sh -c 'exit 7'"])
def test_a_shell_that_exits(in_shell: Callable[[Body], None], command: str) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        printed = Printed()
        with pytest.raises(ShellExited, match=r"exit code: 7") as caught:
            await shell.run(f"echo last words; {command}", printed)
        assert caught.value.exit_code == 7
        assert printed.stdout == b"last words\n"
        with pytest.raises(ShellExited):
            await shell.run("true", printed)

    in_shell(body)


def test_a_shell_that_is_closed_ends_its_command(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        begun = asyncio.Event()

        async def first(stream: str, data: bytes) -> None:
            begun.set()

        task = asyncio.create_task(shell.run("echo begun; sleep 60", first))
        await begun.wait()
        await shell.close()
        with pytest.raises(ShellExited):
            await task

    in_shell(body)


def test_a_container_that_goes_ends_the_command(in_shell: Callable[[Body], None]) -> None:
    async def body(shell: PipeShell, instance: LocalInstance) -> None:
        begun = asyncio.Event()

        async def first(stream: str, data: bytes) -> None:
            begun.set()

        task = asyncio.create_task(shell.run("echo begun; sleep 60", first))
        await begun.wait()
        await instance.destroy()
        with pytest.raises(ContainerGone):
            await task

    in_shell(body)


def test_opening_in_a_directory_that_is_missing(tmp_path: Path) -> None:
    async def main() -> None:
        async with LocalInstance(tmp_path) as instance:
            with pytest.raises(FileNotFoundError):
                await instance.open_shell(cwd="/not/here", env={})
            with pytest.raises(ValueError, match="Invalid environment variable name"):
                await instance.open_shell(cwd="/", env={"A-B": "c"})

    run(main())


def test_opening_without_any_shell(tmp_path: Path) -> None:
    async def main() -> None:
        async with LocalInstance(tmp_path, path=str(tmp_path)) as instance:
            with pytest.raises(FileNotFoundError):
                await instance.open_shell(cwd="/", env={})

    run(main())
