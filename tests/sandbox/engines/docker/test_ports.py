"""Reaching ports where containers have no address on this machine: those that are published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.containers.engine import Image, Instance, NotListening
from sandbox.engines.docker import networks
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import read_until
from tests.sandbox.engines.contract.test_life import ask
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.conftest import docker_house

pytestmark = pytest.mark.docker


@pytest.fixture
def publishing(api: object, tmp_path: Path) -> Iterator[House]:
    house = docker_house(publish=True)
    house.open(tmp_path)
    yield house
    house.close()


def test_a_published_port(publishing: House, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {daemon.USERLAND}\nEXPOSE 4567 53/udp\n")
    image = Image(dockerfile=tmp_path / "Dockerfile")
    instance = publishing.start(image=image, labels={"sandbox-server": "1"})

    async def talk(instance: Instance) -> None:
        with pytest.raises(NotListening, match="nothing listens on port 4567"):
            await instance.connect(4567)
        process = await instance.spawn(publishing.echo("0.0.0.0", 4567))
        await read_until(process.io, b"listening\n")
        connection = await instance.connect(4567)
        assert await ask(connection, b"hello") == b"hello"
        await connection.close()
        with pytest.raises(NotListening, match="EXPOSE 9999"):
            await instance.connect(9999)

    publishing.run(talk(instance))


def test_a_server_on_localhost_only_is_not_reached(house: House, instance: Instance) -> None:
    async def talk() -> None:
        process = await instance.spawn(house.echo("127.0.0.1", 4567))
        await read_until(process.io, b"listening\n")
        with pytest.raises(NotListening):
            await instance.connect(4567)

    house.run(talk())


def test_a_daemon_in_a_virtual_machine_is_noticed(
    api: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(networks, "is_ours", lambda address: False)
    house = docker_house()
    house.open(tmp_path)
    try:
        instance = house.start(labels={"sandbox-server": "1"})
        assert "only ports that a Dockerfile names" in caplog.text
        with pytest.raises(NotListening, match="EXPOSE 80"):
            house.run(instance.connect(80))
    finally:
        house.close()
