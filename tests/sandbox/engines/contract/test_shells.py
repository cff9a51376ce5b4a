"""Sessions: a long-lived shell whose directory and variables persist."""

from __future__ import annotations

from typing import Literal

import pytest

from edge.containers.engine import Completed, ContainerGone, Instance, Shell, ShellExited
from tests.sandbox.engines.contract.houses import House


class Collected:
    """What a command printed."""

    def __init__(self) -> None:
        self.stdout = b""
        self.stderr = b""

    async def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        setattr(self, stream, getattr(self, stream) + data)


async def do(shell: Shell, command: str, **options: object) -> tuple[Completed, bytes, bytes]:
    output = Collected()
    completed = await shell.run(command, output, **options)  # type: ignore[arg-type]
    return completed, output.stdout, output.stderr


def test_directory_and_variables_persist(house: House, instance: Instance) -> None:
    async def session() -> None:
        shell = await instance.open_shell(cwd="/workspace", env={"GIVEN": "g"})
        assert await do(shell, "echo $GIVEN; echo oops >&2") == (
            Completed(0, "/workspace"),
            b"g\n",
            b"oops\n",
        )
        assert (await do(shell, "mkdir -p a && cd a && export KEPT=k"))[0] == Completed(0, "/workspace/a")
        assert (await do(shell, "pwd; echo $KEPT"))[1] == b"/workspace/a\nk\n"
        assert (await do(shell, "exit_code() { return 4; }; exit_code"))[0].exit_code == 4
        assert (await shell.environment())["KEPT"] == "k"
        await shell.close()

    house.run(session())


def test_environment_and_directory_for_one_command(house: House, instance: Instance) -> None:
    async def session() -> None:
        shell = await instance.open_shell(cwd="/workspace", env={"A": "1"})
        completed, out, _ = await do(shell, "echo $A $PWD", env={"A": "2"}, cwd="/tmp")
        assert out == b"2 /tmp\n"
        assert (await do(shell, "echo $A $PWD"))[1] == b"1 /workspace\n"

    house.run(session())


def test_two_sessions_do_not_mix(house: House, instance: Instance) -> None:
    async def sessions() -> None:
        one = await instance.open_shell(cwd="/workspace", env={})
        two = await instance.open_shell(cwd="/tmp", env={})
        await do(one, "X=1; cd /")
        assert (await do(two, 'echo "[$X]" $PWD'))[1] == b"[] /tmp\n"

    house.run(sessions())


def test_a_missing_directory(house: House, instance: Instance) -> None:
    with pytest.raises(FileNotFoundError):
        house.run(instance.open_shell(cwd="/no/such", env={}))


def test_a_command_that_ends_the_shell(house: House, instance: Instance) -> None:
    async def session() -> int:
        shell = await instance.open_shell(cwd="/", env={})
        with pytest.raises(ShellExited) as caught:
            await do(shell, "exit 3")
        return caught.value.exit_code

    assert house.run(session()) == 3


def test_a_shell_ends_with_its_container(house: House, instance: Instance) -> None:
    async def session() -> None:
        shell = await instance.open_shell(cwd="/", env={})
        await instance.destroy()
        with pytest.raises(ContainerGone):
            await do(shell, "true")

    house.run(session())
