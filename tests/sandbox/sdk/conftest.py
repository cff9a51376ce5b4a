"""Every test of the SDK runs on every engine that works here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.containers.engine import EngineUnavailable
from tests.sandbox.engines.contract.houses import capabilities
from tests.sandbox.sdk.house import ENGINES, SdkHouse


def _parameter(name: str) -> object:
    return pytest.param(name, marks=[pytest.mark.docker] if name == "docker" else [])


@pytest.fixture(params=[_parameter(name) for name in ENGINES])
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SdkHouse]:
    for marker in request.node.iter_markers("capability"):
        cell = capabilities()[marker.args[0]][request.param]
        if cell != "yes":
            pytest.skip(f"docs/compat.md, {marker.args[0]}: {cell}")
    try:
        house = SdkHouse(ENGINES[request.param], tmp_path)
    except EngineUnavailable as why:
        pytest.skip(f"the {request.param} engine does not work here: {why}")
    yield house
    house.close()
