"""Every test of the contract runs on every engine; what one cannot do stands in docs/compat.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.containers.engine import Instance
from tests.sandbox.engines.contract.houses import HOUSES, House


def _parameter(house: House) -> object:
    marks = [pytest.mark.docker] if house.name == "docker" else []
    return pytest.param(house, id=house.name, marks=marks)


@pytest.fixture(scope="session", params=[_parameter(house) for house in HOUSES])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found: House = request.param
    found.open(tmp_path_factory.mktemp(found.name))
    yield found
    found.close()


@pytest.fixture
def house(opened: House, request: pytest.FixtureRequest) -> Iterator[House]:
    """An engine that is open; what a test starts with it is destroyed after the test."""
    if opened.unavailable is not None:
        pytest.skip(f"the {opened.name} engine does not work here: {opened.unavailable}")
    for marker in request.node.iter_markers("capability"):
        why_not = opened.lacks(marker.args[0])
        if why_not is not None:
            pytest.skip(why_not)
    yield opened
    opened.clean_up()


@pytest.fixture
def instance(house: House) -> Instance:
    """A sandbox that runs nothing yet."""
    return house.start(labels={"sandbox-server": "1"})
