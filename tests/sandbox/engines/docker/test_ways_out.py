"""The proxy of a container whose requests a Worker answers: it serves that container alone, and nothing goes
past it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.containers.egress import Egress
from edge.containers.engine import Instance
from sandbox.engines.docker.engine import DockerEngine
from sandbox.engines.process.egress import PORT
from tests.sandbox.engines.answering import Answering
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import run, shell
from tests.sandbox.engines.docker.conftest import docker_house

pytestmark = pytest.mark.docker
SANDBOX = {"sandbox-server": "1"}
_ASK = """
import socket, sys
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
sock.sendall(f"GET {sys.argv[3]} HTTP/1.1\\r\\nHost: api.test\\r\\n\\r\\n".encode())
try:
    print(sock.makefile().read())
except ConnectionResetError:
    print("reset")
"""


def rules() -> Egress:
    found = Egress()
    found.intercept("*", Answering())
    return found


def asked(house: House, instance: Instance, host: str, url: str) -> str:
    """What a program hears that asks the proxy at `host`."""
    ran = house.run(run(instance, "python3", "-c", _ASK, host, str(PORT), url))
    assert ran.code == 0, ran
    return ran.stdout.decode().strip()


def gateway(instance: Any) -> str:
    return str(instance.network.gateway)


def test_it_serves_its_own_container_alone(house: House) -> None:
    instance, other = (house.start(labels=SANDBOX, egress=rules()) for _ in range(2))
    assert " 201 " in asked(house, instance, gateway(instance), "http://api.test/")
    assert asked(house, other, gateway(instance), "http://api.test/") in ("reset", "")


def test_it_leads_to_no_other_container(house: House) -> None:
    instance, other = (house.start(labels=SANDBOX, egress=rules()) for _ in range(2))
    address = other.network.address  # type: ignore[attr-defined]
    assert " 403 " in asked(house, instance, gateway(instance), f"http://{address}:8000/")


def test_with_internet_there_is_no_way_but_the_proxy(house: House, api: Any) -> None:
    if "podman" in str(api.version()["Components"]).lower():
        pytest.skip("docs/docker-engine.md, Podman: what ignores the proxy reaches the internet")
    instance: Any = house.start(labels=SANDBOX, egress=rules(), enable_internet=True)
    assert api.inspect_network(instance.network.id)["Internal"]
    free: Any = house.start(labels=SANDBOX, egress=Egress(), enable_internet=True)
    assert not api.inspect_network(free.network.id)["Internal"]
    assert house.run(shell(free, "echo $http_proxy")).stdout == b"\n"


def test_it_ends_with_its_container(house: House) -> None:
    instance: Any = house.start(labels=SANDBOX, egress=rules())
    assert isinstance(house.engine, DockerEngine)
    assert instance.network.id in house.engine._ways._proxies
    house.run(instance.destroy())
    assert not house.engine._ways._proxies


def test_a_spare_gets_rules_when_it_is_taken(api: Any, tmp_path: Path) -> None:
    house = docker_house(pool_size=1)
    house.open(tmp_path)
    try:
        engine = house.engine
        assert isinstance(engine, DockerEngine)
        house.start(labels=SANDBOX)
        house.run(engine.filled())
        (spare,) = {one.id for one in engine._instances} - {one.id for one in house._instances}  # type: ignore[attr-defined]
        instance: Any = house.start(labels=SANDBOX, egress=rules(), enable_internet=True)
        assert instance.id == spare
        code = "import urllib.request as r\nprint(r.urlopen('http://api.test/x').status)"
        assert house.run(run(instance, "python3", "-c", code)).stdout == b"201\n"
    finally:
        house.close()
