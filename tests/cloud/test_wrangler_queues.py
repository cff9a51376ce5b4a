"""The real wrangler makes queues, and what it deploys takes what it sends."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler
from tests.examples.serving import EXAMPLES

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    with cloud_in_thread(serve=True) as running:
        yield running


def test_queues_of_an_account(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    (tmp_path / "wrangler.jsonc").write_text(json.dumps({"name": "w", "compatibility_date": "2026-10-01"}))
    assert "Created queue 'jobs'" in wrangler("queues", "create", "jobs", "--delivery-delay-secs", "5")
    assert "already taken" in wrangler("queues", "create", "jobs", exit_code=1)
    assert "jobs" in wrangler("queues", "list")
    assert "Number of Consumers: 0" in wrangler("queues", "info", "jobs")
    wrangler("queues", "update", "jobs", "--message-retention-period-secs", "3600")
    wrangler("queues", "purge", "jobs", "--force")
    wrangler("queues", "delete", "jobs")
    assert "does not exist" in wrangler("queues", "info", "jobs", exit_code=1)


def test_the_example_runs_where_it_was_deployed(
    cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLES / "queues", tmp_path, dirs_exist_ok=True)
    for name in ("orders", "dead-orders"):
        wrangler("queues", "create", name)
    wrangler("deploy")
    told = wrangler("queues", "info", "orders")
    assert "Producers: worker:queues" in told
    assert "Consumers: worker:queues" in told
    headers = {"host": "queues.localhost"}
    assert httpx.post(f"{cloud.origin}/orders/1?amount=5", headers=headers).status_code == 202
    patience = time.monotonic() + 60  # only the Worker of another process knows when its batch came
    while (books := httpx.get(cloud.origin, headers=headers).json())["booked"] == 0:
        assert time.monotonic() < patience, "no batch came"
        time.sleep(0.1)
    assert books == {"booked": 1, "refused": 0, "total": 5}
    wrangler("deploy")  # changes the consumer that is there
    assert "Consumers: worker:queues" in wrangler("queues", "info", "orders")
