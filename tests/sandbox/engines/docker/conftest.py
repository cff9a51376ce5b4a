"""The docker engine, open for the whole run of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from edge.containers.engine import EngineUnavailable, Image, Instance
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.docker import daemon


@pytest.fixture(scope="session")
def api() -> Iterator[Any]:
    """The SDK's own client of the daemon for tests."""
    try:
        daemon.has_images()
        client = daemon.api()
    except EngineUnavailable as why:
        pytest.skip(f"the docker engine does not work here: {why}")
    yield client
    client.close()


def docker_house(**settings: Any) -> House:
    return House(
        "docker",
        lambda context: daemon.engine(context, **settings),
        Image(reference=daemon.USERLAND),
        furnish=daemon.has_images,
    )


@pytest.fixture(scope="package")
def opened(api: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = docker_house()
    house.open(tmp_path_factory.mktemp("docker"))
    yield house
    house.close()


@pytest.fixture
def house(opened: House) -> Iterator[House]:
    assert opened.unavailable is None, opened.unavailable
    yield opened
    opened.clean_up()


@pytest.fixture
def instance(house: House) -> Instance:
    return house.start(labels={"sandbox-server": "1"})
