"""The real wrangler builds an image, pushes it to the cloud's registry and deploys an application of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.docker_cli import docker_environment
from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler
from tests.sandbox.engines.docker.conftest import api as docker  # noqa: F401 (a fixture)
from tests.sandbox.engines.docker.daemon import BUSYBOX
from wrangler_compat.cloudflare.account import opened

pytestmark = [pytest.mark.docker, pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]

WORKER = """\
import { DurableObject } from "cloudflare:workers";
export class Box extends DurableObject {}
export default { fetch() { return new Response("hello") } }
"""


def write_project(folder: Path, content: str = "one\n", **container: Any) -> None:
    (folder / "index.js").write_text(WORKER)
    (folder / "note.txt").write_text(content)
    (folder / "Dockerfile").write_text(f"FROM {BUSYBOX}\nARG NAME\nCOPY note.txt /note-$NAME\n")
    config = {
        "name": "boxes",
        "main": "index.js",
        "compatibility_date": "2026-06-01",
        "durable_objects": {"bindings": [{"name": "BOX", "class_name": "Box"}]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Box"]}],
        "containers": [
            {
                "class_name": "Box",
                "image": "./Dockerfile",
                "image_vars": {"NAME": "a"},
                "instance_type": "basic",
                **container,
            }
        ],
    }
    (folder / "wrangler.jsonc").write_text(json.dumps(config))


def test_an_image_and_its_application(
    docker: Any,  # noqa: F811
    wrangler: Wrangler,
    cloud: RunningCloud,
    tmp_path: Path,
) -> None:
    cloud.environment.update(docker_environment(tmp_path))
    write_project(tmp_path)
    wrangler("deploy")
    first = applications(cloud)["boxes-box"]
    assert first["configuration"]["memory_mib"] == 1024
    repository = f"{cloud.registry}/{cloud.account_id}/boxes-box"
    assert first["configuration"]["image"].startswith(f"{repository}@sha256:")
    told = wrangler("deploy")
    assert "already exists remotely, skipping push" in told
    assert "No changes to be made" in told
    write_project(tmp_path, "two\n", max_instances=7)
    wrangler("deploy")
    second = applications(cloud)["boxes-box"]
    assert (second["id"], second["max_instances"], second["version"]) == (first["id"], 7, 2)
    assert second["configuration"]["image"] != first["configuration"]["image"]
    [listed] = wrangler.json("containers", "list", "--json")
    assert (listed["id"], listed["state"]) == (first["id"], "ready")
    assert wrangler.json("containers", "info", first["id"], "--json")["max_instances"] == 7
    wrangler("containers", "delete", first["id"])
    assert applications(cloud) == {}


def applications(cloud: RunningCloud) -> dict[str, dict[str, Any]]:
    with opened(environment=cloud.environment) as account:
        return {one["name"]: one for one in account.call("GET", "/containers/applications")}
