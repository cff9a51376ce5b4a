"""The process engine, open for the whole run of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.containers.engine import Instance
from sandbox.engines.process.engine import ProcessEngine
from tests.sandbox.engines.contract.houses import House


@pytest.fixture(scope="package")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House("process", ProcessEngine)
    house.open(tmp_path_factory.mktemp("process"))
    yield house
    house.close()


@pytest.fixture
def house(opened: House) -> Iterator[House]:
    assert opened.unavailable is None, opened.unavailable
    if opened.engine.isolation().startswith("None"):
        pytest.skip(f"no namespaces here: {opened.engine.isolation()}")
    yield opened
    opened.clean_up()


@pytest.fixture
def instance(house: House) -> Instance:
    return house.start(labels={"sandbox-server": "1"})
