"""A container from start to end, and its ports."""

from __future__ import annotations

import asyncio
import signal

import pytest

from edge.containers.engine import (
    Connection,
    ContainerGone,
    Exit,
    Instance,
    NotListening,
    StartFailed,
)
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import read_until, run, shell


@pytest.mark.capability("entrypoints")
def test_it_ends_with_its_entrypoint(house: House) -> None:
    instance = house.start(entrypoint=("sh", "-c", "exit 5"))
    assert house.run(instance.wait()) == Exit(5, "exit")
    assert house.run(instance.wait()) == Exit(5, "exit")
    with pytest.raises(ContainerGone):
        house.run(run(instance, "true"))


@pytest.mark.capability("entrypoints")
def test_the_entrypoint_has_the_environment(house: House) -> None:
    instance = house.start(entrypoint=("sh", "-c", 'exit "$CODE"'), env={"CODE": "9"})
    assert house.run(instance.wait()) == Exit(9, "exit")


@pytest.mark.capability("entrypoints")
def test_an_entrypoint_that_is_not_there(house: House) -> None:
    with pytest.raises(StartFailed):
        house.start(entrypoint=("/no/such/program",))


@pytest.mark.capability("entrypoints")
def test_a_signal_ends_the_entrypoint(house: House) -> None:
    instance = house.start(entrypoint=("sleep", "100"))
    house.run(instance.signal(signal.SIGTERM))
    assert house.run(instance.wait()).code in (128 + signal.SIGTERM, 128 + signal.SIGKILL)


@pytest.mark.capability("entrypoints")
@pytest.mark.capability("signals")
def test_an_entrypoint_may_end_well_after_a_signal(house: House) -> None:
    script = "trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 0.01; done"
    instance = house.start(entrypoint=("sh", "-c", script))
    house.run(shell(instance, "until [ -e /tmp/ready ]; do sleep 0.01; done"))
    house.run(instance.signal(signal.SIGTERM))
    assert house.run(instance.wait()) == Exit(0, "exit")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_one_without_an_entrypoint(house: House, instance: Instance, number: int) -> None:
    house.run(instance.signal(number))
    assert house.run(instance.wait()) == Exit(128 + number, "runtime_signal")


def test_destroy(house: House, instance: Instance) -> None:
    house.run(instance.destroy())
    assert house.run(instance.wait()) == Exit(137, "runtime_signal")
    house.run(instance.destroy())
    with pytest.raises(ContainerGone):
        house.run(run(instance, "true"))
    with pytest.raises(ContainerGone):
        house.run(instance.files.stat("/"))
    with pytest.raises(ContainerGone):
        house.run(instance.connect(80))
    house.run(instance.signal(signal.SIGTERM))


def test_destroy_ends_what_is_under_way(house: House, instance: Instance) -> None:
    async def doomed() -> None:
        process = await instance.spawn(("sleep", "100"))
        waiting = asyncio.ensure_future(process.wait())
        ending = asyncio.ensure_future(instance.wait())
        await instance.destroy()
        assert await ending == Exit(137, "runtime_signal")
        with pytest.raises(ContainerGone):
            await waiting

    house.run(doomed())


def test_a_new_one_is_as_the_image_has_it(house: House) -> None:
    first = house.start(labels={"sandbox-server": "1"})
    house.run(first.files.write("/workspace/a", b"x"))
    house.run(first.destroy())
    second = house.start(labels={"sandbox-server": "1"})
    assert house.run(second.files.list("/workspace")) == []


# -- ports


def test_nothing_listens(house: House, instance: Instance) -> None:
    with pytest.raises(NotListening):
        house.run(instance.connect(4567))


async def echo(house: House, instance: Instance, port: int, host: str = "0.0.0.0") -> None:
    """Start something that sends back what it is sent."""
    process = await instance.spawn(house.echo(host, port))
    await read_until(process.io, b"listening\n")


async def ask(connection: Connection, question: bytes) -> bytes:
    await connection.write(question)
    answer = b""
    while len(answer) < len(question):
        piece = await connection.read()
        assert piece, "the connection ended"
        answer += piece
    return answer


@pytest.mark.capability("listening programs")
def test_connect(house: House, instance: Instance) -> None:
    async def talk() -> None:
        await echo(house, instance, 4567)
        connection = await instance.connect(4567)
        assert await ask(connection, b"hello") == b"hello"
        await connection.write_eof()
        assert await connection.read() == b""
        await connection.close()

    house.run(talk())


@pytest.mark.capability("listening programs")
def test_the_same_port_in_two_containers(house: House, instance: Instance) -> None:
    async def talk(other: Instance) -> None:
        await echo(house, instance, 4567)
        with pytest.raises(NotListening):
            await other.connect(4567)
        await echo(house, other, 4567)
        for one in (instance, other):
            connection = await one.connect(4567)
            assert await ask(connection, b"x") == b"x"
            await connection.close()

    house.run(talk(house.start(labels={"sandbox-server": "1"})))


@pytest.mark.capability("listening programs")
def test_much_data_over_a_connection(house: House, instance: Instance) -> None:
    async def talk() -> int:
        await echo(house, instance, 4567)
        connection = await instance.connect(4567)
        data = bytes(1_000_000)

        async def send() -> None:
            for _ in range(8):
                await connection.write(data)
            await connection.write_eof()

        async def receive() -> int:
            count = 0
            while piece := await connection.read():
                count += len(piece)
            return count

        _, count = await asyncio.gather(send(), receive())
        return count

    assert house.run(talk()) == 8_000_000


@pytest.mark.capability("listening programs")
def test_a_connection_ends_with_its_container(house: House, instance: Instance) -> None:
    async def talk() -> None:
        await echo(house, instance, 4567)
        connection = await instance.connect(4567)
        assert await ask(connection, b"x") == b"x"
        await instance.destroy()
        try:
            assert await connection.read() == b""
        except ContainerGone:
            return

    house.run(talk())
