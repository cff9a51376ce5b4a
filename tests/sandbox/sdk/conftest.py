"""Every test of the SDK runs on every engine that works here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.containers.engine import EngineUnavailable
from tests.sandbox.sdk.house import ENGINES, SdkHouse


@pytest.fixture(params=ENGINES)
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SdkHouse]:
    try:
        house = SdkHouse(ENGINES[request.param], tmp_path)
    except EngineUnavailable as why:
        pytest.skip(f"the {request.param} engine does not work here: {why}")
    yield house
    house.close()
