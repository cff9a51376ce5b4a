"""Programs in a container: arguments, environment, streams, exit codes, signals, terminals."""

from __future__ import annotations

import asyncio
import signal

import pytest

from edge.containers.engine import Instance, Terminal
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import read_all, read_until, run, shell

ODD = "a b'\"$(x)\n*\t\\ ü"


def test_streams_and_exit_code(house: House, instance: Instance) -> None:
    ran = house.run(shell(instance, "echo out; echo err >&2; exit 7"))
    assert ran == (7, b"out\n", b"err\n")


def test_arguments_arrive_as_they_are(house: House, instance: Instance) -> None:
    assert house.run(run(instance, "printf", "%s|", ODD, "", "-n")).stdout == f"{ODD}||-n|".encode()


@pytest.mark.capability("long arguments")
def test_long_arguments(house: House, instance: Instance) -> None:
    ran = house.run(run(instance, "sh", "-c", "echo $# ${#1}", "sh", *["x" * 100_000] * 5))
    assert ran.stdout == b"5 100000\n"


def test_environment_is_the_containers_and_ones_own(house: House) -> None:
    instance = house.start(env={"A": "one", "B": ODD}, labels={"sandbox-server": "1"})
    ran = house.run(shell(instance, 'printf "%s|%s|%s" "$A" "$B" "$C"', env={"A": "mine", "C": "3"}))
    assert ran.stdout == f"mine|{ODD}|3".encode()


def test_the_host_environment_does_not_leak(
    house: House, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_HOST", "1")
    assert b"A_SECRET_OF_THE_HOST" not in house.run(run(instance, "env")).stdout


def test_directory(house: House, instance: Instance) -> None:
    assert house.run(run(instance, "pwd", cwd="/tmp")).stdout == b"/tmp\n"
    assert house.run(run(instance, "pwd")).stdout == b"/\n"


def test_missing_directory_and_missing_program(house: House, instance: Instance) -> None:
    for options in ({"argv": ("no-such-program",)}, {"argv": ("pwd",), "cwd": "/no/such"}):
        with pytest.raises(FileNotFoundError):
            house.run(instance.spawn(**options))  # type: ignore[arg-type]


def test_without_stdin_a_program_reads_an_empty_one(house: House, instance: Instance) -> None:
    assert house.run(run(instance, "cat")) == (0, b"", b"")


def test_stdin_is_binary_and_ends(house: House, instance: Instance) -> None:
    data = bytes(range(256)) * 4096
    assert house.run(run(instance, "cat", input=data)).stdout == data


@pytest.mark.capability("interactive programs")
def test_stdin_and_stdout_take_turns(house: House, instance: Instance) -> None:
    async def talk() -> bytes:
        process = await instance.spawn(("sh", "-c", 'while read x; do echo "<$x>"; done'), stdin=True)
        await process.io.write(b"one\n")
        seen = await read_until(process.io, b"<one>\n")
        await process.io.write(b"two\n")
        seen += await read_until(process.io, b"<two>\n")
        await process.io.write_eof()
        assert await process.wait() == 0
        return seen

    assert house.run(talk()) == b"<one>\n<two>\n"


@pytest.mark.capability("signals")
def test_a_signal_is_in_the_exit_code(house: House, instance: Instance) -> None:
    async def killed() -> int:
        process = await instance.spawn(("sleep", "100"))
        await process.signal(signal.SIGTERM)
        code = await process.wait()
        await process.signal(signal.SIGTERM)  # nothing happens any more
        return code

    assert house.run(killed()) == 128 + signal.SIGTERM


@pytest.mark.capability("signals")
def test_a_signal_can_be_caught_and_ignored(house: House, instance: Instance) -> None:
    async def deaf() -> tuple[bytes, int]:
        process = await instance.spawn(
            ("sh", "-c", "trap 'echo heard' TERM; echo ready; while :; do sleep 0.01; done")
        )
        await read_until(process.io, b"ready\n")
        await process.signal(signal.SIGTERM)
        heard = await read_until(process.io, b"heard\n")
        await process.signal(signal.SIGKILL)
        return heard, await process.wait()

    assert house.run(deaf()) == (b"heard\n", 128 + signal.SIGKILL)


@pytest.mark.capability("signals")
def test_a_signal_to_the_group_reaches_children(house: House, instance: Instance) -> None:
    async def group() -> bytes:
        process = await instance.spawn(("sh", "-c", "sleep 100 & echo started; wait"))
        await read_until(process.io, b"started\n")
        await process.signal(signal.SIGKILL, group=True)
        assert await process.wait() == 128 + signal.SIGKILL
        return await read_all(process.io)  # ends, because the child holds it open no longer

    assert house.run(group()) == b""


@pytest.mark.capability("backpressure")
def test_what_prints_for_ever_waits_until_somebody_reads(house: House, instance: Instance) -> None:
    async def chatter() -> int:
        process = await instance.spawn(("yes",))
        for _ in range(64):
            assert await process.io.read()
        await process.signal(signal.SIGKILL)
        code = await process.wait()
        rest = await read_all(process.io)
        assert len(rest) < 16 * 1024 * 1024
        return code

    assert house.run(chatter()) == 128 + signal.SIGKILL


@pytest.mark.capability("signals")
def test_many_at_once(house: House, instance: Instance) -> None:
    async def many() -> list[bytes]:
        ran = await asyncio.gather(*(shell(instance, f"echo {number}") for number in range(30)))
        return [one.stdout for one in ran]

    assert house.run(many()) == [f"{number}\n".encode() for number in range(30)]


@pytest.mark.capability("terminals")
def test_terminal(house: House, instance: Instance) -> None:
    async def talk() -> tuple[bytes, int]:
        process = await instance.spawn(("sh",), terminal=Terminal(101, 42), stdin=True)
        assert process.stderr is None
        await process.io.write(b"stty size; test -t 0 -a -t 1 -a -t 2 && echo a-'terminal'\n")
        seen = await read_until(process.io, b"a-terminal\r\n")
        await process.resize(63, 17)
        await process.io.write(b"stty size; echo resi'zed'\n")
        seen += await read_until(process.io, b"resized\r\n")
        await process.io.write(b"exit 3\n")
        await read_all(process.io)
        return seen, await process.wait()

    seen, code = house.run(talk())
    assert b"42 101" in seen
    assert b"17 63" in seen
    assert code == 3


@pytest.mark.capability("terminals")
def test_interrupt_key_of_a_terminal(house: House, instance: Instance) -> None:
    async def interrupt() -> int:
        process = await instance.spawn(
            ("sh", "-c", "echo ready; exec sleep 100"), terminal=Terminal(), stdin=True
        )
        await read_until(process.io, b"ready")
        await process.io.write(b"\x03")
        return await process.wait()

    assert house.run(interrupt()) == 128 + signal.SIGINT
