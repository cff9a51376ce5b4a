"""A project with sandboxes goes to the cloud: the companion by the real wrangler, the Worker by edge.

Cortex goes there in one command, with its image.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.errors import UserError
from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler
from tests.peers.npm import peers
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.conftest import api as docker  # noqa: F401 (a fixture)
from wrangler_compat.cli.main import edge
from wrangler_compat.cloudflare.account import opened
from wrangler_compat.config.jsonc import loads
from wrangler_compat.deploy.companion_deploy import prepare
from wrangler_compat.deploy.plan import UploadOptions, make_plan
from wrangler_compat.deploy.project import DeployOptions, read_project

pytestmark = [pytest.mark.peers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
WORKBENCH = str(ROOT / "examples" / "sandbox")
#: Stands in for the image of Cloudflare's SDK, which is a download.
STAND_IN = "cloudflare/sandbox:0.12-python"


def test_the_worker_binds_to_the_class_of_its_companion(
    cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    alone = ["--containers-rollout", "none"]
    early = CliRunner().invoke(edge, ["deploy", WORKBENCH, *alone])
    assert isinstance(early.exception, UserError)
    assert "objects of the Worker workbench-sandbox, which is not deployed" in str(early.exception)

    dist = tmp_path / "dist"
    written = CliRunner().invoke(edge, ["deploy", WORKBENCH, "--dry-run", "--outdir", str(dist), *alone])
    assert written.exit_code == 0, written.output
    (dist / "sandbox" / "node_modules").symlink_to(peers() / "node_modules")
    Wrangler(cloud, dist / "sandbox")("deploy", "--containers-rollout=none")

    deployed = CliRunner().invoke(edge, ["deploy", WORKBENCH, *alone])
    assert deployed.exit_code == 0, f"{deployed.output}{deployed.exception}"
    with opened(environment=cloud.environment) as account:
        (binding,) = account.call("GET", "/workers/scripts/workbench/settings")["bindings"]
    assert (binding["name"], binding["class_name"]) == ("Sandbox", "Sandbox")
    assert binding["script_name"] == "workbench-sandbox"


@pytest.fixture
def sdk_image(docker: Any) -> Iterator[Any]:  # noqa: F811
    """The client of the daemon for tests, which has an image by the name of the SDK's: with a Python, and a
    pip that installs nothing."""
    dockerfile = f"FROM {daemon.USERLAND}\nRUN ln -s true /usr/bin/pip\n"
    said = docker.build(fileobj=io.BytesIO(dockerfile.encode()), tag=STAND_IN, rm=True, decode=True)
    assert not [step for step in said if "error" in step]
    yield docker
    docker.remove_image(STAND_IN, noprune=True)


def cortex(folder: Path) -> Path:
    """A copy of Cortex without the ids of its local namespaces."""
    shutil.copytree(ROOT / "cortex", folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    path = folder / "wrangler.jsonc"
    config = loads(path.read_text())
    for namespace in config["kv_namespaces"]:
        del namespace["id"]
    path.write_text(json.dumps(config))
    return path


@pytest.mark.docker
def test_cortex_is_deployed_by_one_command(
    sdk_image: Any, cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = peers() / "node_modules"
    for name, value in {
        **cloud.environment,
        "DOCKER_HOST": str(daemon.address()),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    config = cortex(tmp_path / "cortex")
    companion = make_plan(read_project(config, DeployOptions()), UploadOptions()).companion
    assert companion is not None
    (prepare(companion).folder / "node_modules").symlink_to(installed)

    deployed = CliRunner().invoke(edge, ["deploy", str(config.parent)])
    assert deployed.exit_code == 0, f"{deployed.output}{deployed.exception}"
    with opened(environment=cloud.environment) as account:
        bindings = account.call("GET", "/workers/scripts/cortex/settings")["bindings"]
        applications = {one["name"]: one for one in account.call("GET", "/containers/applications")}
    assert {binding.get("script_name") for binding in bindings if binding["name"] == "Sandbox"} == {
        "cortex-sandbox"
    }
    assert applications["cortex-sandbox-sandbox"]["max_instances"] == 100
    for application in applications.values():
        image = application["configuration"]["image"]
        assert image.startswith(f"{cloud.registry}/{cloud.account_id}/{application['name']}@")
        assert "CORTEX_AGENT=scripted" in sdk_image.inspect_image(image)["Config"]["Env"]

    again = CliRunner().invoke(edge, ["deploy", str(config.parent)])
    assert again.exit_code == 0, f"{again.output}{again.exception}"
    for words in ("companion cortex-sandbox is live as it is", "skipping push", "No changes of the appl"):
        assert words in again.output
