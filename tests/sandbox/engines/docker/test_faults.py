"""A daemon that is not there, goes away, or hangs; containers that crash: errors, and no waiting for ever."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import ContainerGone, EngineUnavailable, Exit, Image, Instance, InstanceType
from sandbox.engines.docker import daemon as daemon_module
from sandbox.engines.docker import wire
from sandbox.engines.docker.address import parse
from sandbox.engines.docker.engine import DockerEngine
from sandbox.engines.docker.owner import LABEL
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.relay import Relay, relay

pytestmark = [
    pytest.mark.docker,
    # The SDK drops sockets, without closing them, when their daemon goes away.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SANDBOX = {"sandbox-server": "1"}


@pytest.fixture
def between(tmp_path: Path, api: Any) -> Iterator[Relay]:
    where = daemon.address()
    if where.socket is None:
        pytest.skip("the daemon is not on a socket of this machine")
    with relay(tmp_path, where) as made:
        yield made


@pytest.fixture
def relayed(between: Relay, tmp_path: Path, api: Any) -> Iterator[House]:
    """An engine behind the relay; what is left of it when the daemon went is removed."""
    house = House(
        "docker",
        lambda context: DockerEngine(context, lambda: between.address),
        Image(reference=daemon.USERLAND),
    )
    house.open(tmp_path)
    assert house.unavailable is None
    yield house
    owner = house.engine._owner  # type: ignore[attr-defined]
    house.close()
    for found in api.containers(all=True, filters={"label": f"{LABEL}={owner}"}):
        api.remove_container(found["Id"], force=True)
    for found in api.networks(filters={"label": f"{LABEL}={owner}"}):
        api.remove_network(found["Id"])
    gc.collect()  # so that what the SDK dropped is noticed here, not in another test


def test_no_daemon(tmp_path: Path) -> None:
    house = House("docker", lambda context: DockerEngine(context, lambda: parse(f"unix://{tmp_path}/none")))
    house.open(tmp_path)
    assert house.unavailable is not None
    assert house.unavailable.startswith(f"No container daemon answers at unix://{tmp_path}/none: ")
    assert "--engine process" in house.unavailable
    house._runner.close()


def test_a_daemon_that_dies_takes_what_is_under_way_along(relayed: House, between: Relay) -> None:
    async def doomed(instance: Instance) -> None:
        process = await instance.spawn(("sleep", "100"))
        session = await instance.open_shell(cwd="/", env={})
        waiting = [
            asyncio.ensure_future(work)
            for work in (process.wait(), instance.wait(), session.run("sleep 100", _ignore))
        ]
        await asyncio.sleep(0.1)
        between.die()
        for one in waiting:
            with pytest.raises(ContainerGone):
                await one
        with pytest.raises(ContainerGone):
            await instance.spawn(("true",))
        with pytest.raises(ContainerGone):
            await instance.files.stat("/")
        with pytest.raises(ContainerGone):
            await instance.connect(80)
        await instance.destroy()

    relayed.run(doomed(relayed.start(labels=SANDBOX)))
    with pytest.raises(EngineUnavailable, match="does not answer"):
        relayed.start(labels=SANDBOX)
    between.listen()
    assert relayed.run(shell(relayed.start(labels=SANDBOX), "echo back")).stdout == b"back\n"


def test_a_daemon_that_hangs(relayed: House, between: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = relayed.start(labels=SANDBOX)
    monkeypatch.setattr(wire, "_ANSWER_S", 0.5)
    relayed.engine._daemon._api.timeout = 0.5  # type: ignore[attr-defined]
    between.hang()
    with pytest.raises(EngineUnavailable, match="does not answer"):
        relayed.start(labels=SANDBOX)
    with pytest.raises(EngineUnavailable, match="does not answer"):
        relayed.run(instance.spawn(("true",)))
    relayed.run(instance.destroy())
    assert relayed.run(instance.wait()) == Exit(137, "runtime_signal")


def test_calls_of_the_sdk_have_a_limit() -> None:
    assert 0 < daemon_module._TIMEOUT_S <= 60
    assert 0 < wire._ANSWER_S <= 60


def test_what_is_no_daemon(tmp_path: Path) -> None:
    """Something else listens there and hangs up."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def attempt() -> None:
        server = await asyncio.start_unix_server(serve, tmp_path / "sock")
        async with server:
            with pytest.raises(EngineUnavailable, match="is no container daemon"):
                await daemon_module.Daemon.connect(house.context.clock, parse(f"unix://{tmp_path}/sock"))

    house = House("docker", lambda context: DockerEngine(context, lambda: parse(f"unix://{tmp_path}/none")))
    house.open(tmp_path)
    house.run(attempt())
    house._runner.close()


def test_a_container_that_crashes(house: House, api: Any) -> None:
    instance = house.start(entrypoint=("sh", "-c", "sleep 0.3; kill -SEGV $$"))
    assert house.run(instance.wait()) == Exit(139, "exit")


def test_a_container_that_somebody_else_kills(house: House, instance: Instance, api: Any) -> None:
    async def doomed() -> None:
        process = await instance.spawn(("sleep", "100"))
        waiting = asyncio.ensure_future(process.wait())
        api.kill(instance.id)  # type: ignore[attr-defined]
        assert await instance.wait() == Exit(137, "exit")
        with pytest.raises(ContainerGone):
            await waiting

    house.run(doomed())


def test_too_much_memory_ends_the_program_not_the_container(house: House) -> None:
    small = InstanceType("lite", 1 / 16, 64, 2000)
    instance = house.start(instance_type=small, labels=SANDBOX)
    hog = "x = bytearray(256 * 1024 * 1024); print(len(x))"
    assert house.run(shell(instance, f"python3 -c '{hog}'; echo $?")).stdout == b"137\n"
    assert house.run(shell(instance, "echo fine")).stdout == b"fine\n"


def test_a_file_may_not_be_larger_than_the_disk(house: House) -> None:
    instance = house.start(instance_type=InstanceType("lite", 1 / 16, 256, 1), labels=SANDBOX)
    ran = house.run(shell(instance, "head -c 2000000 /dev/zero >/tmp/big; wc -c </tmp/big"))
    assert ran.stdout.strip() == b"1000000"
    with pytest.raises(OSError, match="File too large"):
        house.run(instance.files.write("/tmp/bigger", bytes(2_000_000)))
    house.run(instance.files.write("/tmp/small", b"x"))
    assert house.run(instance.files.stat("/tmp/small")).size == 1


def test_the_shell_for_files_comes_back_when_somebody_kills_it(house: House, instance: Instance) -> None:
    house.run(instance.files.write("/tmp/one", b"1"))
    house.run(shell(instance, "kill -9 $(ps -eo pid,args | awk '$2 == \"sh\" && NF == 2 {print $1}')"))
    house.run(instance.files.write("/tmp/two", b"2"))
    assert house.run(instance.files.stat("/tmp/two")).size == 1


async def _ignore(_stream: str, _data: bytes) -> None:
    return
