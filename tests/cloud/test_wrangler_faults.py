"""Faults that the real wrangler meets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cloud.running import RunningCloud
from tests.cloud.test_wrangler_deploy import project
from tests.cloud.wrangling import Wrangler

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js


def test_a_deploy_comes_again(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    project(tmp_path)
    cloud.cloud.faults.add("PUT */scripts/hello=500x2")
    cloud.cloud.faults.add("POST */subdomain=429/1x1")
    assert "Current Version ID" in wrangler("deploy")
    assert len(wrangler.json("versions", "list", "--json")) == 1


def test_a_deploy_gives_up(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    project(tmp_path)
    cloud.cloud.faults.add("PUT */scripts/hello=503")
    assert "An unknown error has occurred. [code: 10013]" in wrangler("deploy", exit_code=1)
    assert cloud.look(lambda inside: inside.workers.scripts.all(cloud.account_id)) == []
    cloud.cloud.faults.add("GET */namespaces=html")
    told = wrangler("kv", "namespace", "list", exit_code=1)
    assert "A request to the Cloudflare API failed." in told
