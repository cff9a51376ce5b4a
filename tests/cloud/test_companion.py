"""A project with sandboxes goes to the cloud: the companion by the real wrangler, the Worker by edge."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.errors import UserError
from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler
from tests.peers.npm import peers
from wrangler_compat.cli.main import edge
from wrangler_compat.cloudflare.account import opened

pytestmark = [pytest.mark.peers, pytest.mark.slow]

WORKBENCH = str(Path(__file__).parents[2] / "examples" / "sandbox")


def test_the_worker_binds_to_the_class_of_its_companion(
    cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    early = CliRunner().invoke(edge, ["deploy", WORKBENCH])
    assert isinstance(early.exception, UserError)
    assert "objects of the Worker workbench-sandbox, which is not deployed" in str(early.exception)

    dist = tmp_path / "dist"
    written = CliRunner().invoke(edge, ["deploy", WORKBENCH, "--dry-run", "--outdir", str(dist)])
    assert written.exit_code == 0, written.output
    (dist / "sandbox" / "node_modules").symlink_to(peers() / "node_modules")
    Wrangler(cloud, dist / "sandbox")("deploy", "--containers-rollout=none")

    deployed = CliRunner().invoke(edge, ["deploy", WORKBENCH])
    assert deployed.exit_code == 0, f"{deployed.output}{deployed.exception}"
    with opened(environment=cloud.environment) as account:
        (binding,) = account.call("GET", "/workers/scripts/workbench/settings")["bindings"]
    assert (binding["name"], binding["class_name"]) == ("Sandbox", "Sandbox")
    assert binding["script_name"] == "workbench-sandbox"
