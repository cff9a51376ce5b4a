"""A cloud of its own for each test that drives the real wrangler."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    with cloud_in_thread() as running:
        yield running


@pytest.fixture
def wrangler(cloud: RunningCloud, tmp_path: Path) -> Wrangler:
    return Wrangler(cloud, tmp_path)
