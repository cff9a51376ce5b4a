from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.api import Api, result
from tests.wrangler_compat.deploy.projects import plan_of
from wrangler_compat.deploy.plan import Plan
from wrangler_compat.deploy.write import write_plan

ENTRY = "from sandbox import Sandbox, get_sandbox\nfrom workers import WorkerEntrypoint\n"
CONFIG: dict[str, Any] = {
    "containers": [{"class_name": "Sandbox", "image": "./box/Dockerfile", "instance_type": "basic"}],
    "durable_objects": {
        "bindings": [{"name": "BOX", "class_name": "Sandbox"}, {"name": "CART", "class_name": "Cart"}]
    },
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Sandbox", "Cart"]}],
}
DOCKERFILE = "FROM docker.io/cloudflare/sandbox:0.12.7-python\nEXPOSE 8080\n"


def plan(folder: Path, entry: str = ENTRY, dockerfile: str = DOCKERFILE, **config: Any) -> Plan:
    files: dict[str, str | bytes] = {"src/entry.py": entry, "box/Dockerfile": dockerfile}
    return plan_of(folder / "project", files, **{**CONFIG, **config})


def companion_of(folder: Path, **given: Any) -> tuple[Path, dict[str, Any]]:
    """The companion's folder and its configuration."""
    write_plan(plan(folder, **given), folder / "dist")
    at = folder / "dist" / "sandbox"
    return at, json.loads((at / "wrangler.json").read_text())


def test_the_python_worker_binds_to_the_companions_class(tmp_path: Path) -> None:
    found = plan(tmp_path)
    bindings = {binding["name"]: binding for binding in found.metadata["bindings"]}
    assert bindings["BOX"] == {
        "name": "BOX",
        "type": "durable_object_namespace",
        "class_name": "Sandbox",
        "script_name": "shop-sandbox",
    }
    assert "script_name" not in bindings["CART"]
    assert found.project.settings["migrations"] == [{"tag": "v1", "new_sqlite_classes": ["Cart"]}]
    assert "containers" not in found.metadata
    assert found.companion is not None
    assert found.companion.classes == ("Sandbox",)


def test_a_step_that_made_nothing_else_is_left_out(tmp_path: Path) -> None:
    steps = [{"tag": "v1", "new_sqlite_classes": ["Sandbox"]}, {"tag": "v2", "new_sqlite_classes": ["Cart"]}]
    found = plan(tmp_path, migrations=steps)
    assert found.project.settings["migrations"] == [{"tag": "v2", "new_sqlite_classes": ["Cart"]}]


def test_the_companion_has_class_container_and_image(tmp_path: Path) -> None:
    folder, config = companion_of(tmp_path)
    assert (
        'export { Sandbox, ContainerProxy } from "@cloudflare/sandbox";' in (folder / "index.js").read_text()
    )
    assert config["name"] == "shop-sandbox"
    assert config["durable_objects"] == {"bindings": [{"name": "Sandbox", "class_name": "Sandbox"}]}
    assert config["migrations"] == [{"tag": "v1", "new_sqlite_classes": ["Sandbox"]}]
    assert config["containers"] == [
        {
            "class_name": "Sandbox",
            "image": "./Dockerfile",
            "instance_type": "basic",
            "image_build_context": "../../project/box",
        }
    ]
    assert config["workers_dev"] is False
    assert (folder / "Dockerfile").read_text() == DOCKERFILE
    package = json.loads((folder / "package.json").read_text())
    assert package["dependencies"] == {"@cloudflare/sandbox": "0.12.7"}


def test_what_the_objects_read_comes_along(tmp_path: Path) -> None:
    variables = {"SANDBOX_TRANSPORT": "websocket", "BACKUP_BUCKET_NAME": "b", "OTHER": "x"}
    buckets = [{"binding": "BACKUP_BUCKET", "bucket_name": "backups"}]
    _, config = companion_of(tmp_path, vars=variables, r2_buckets=buckets)
    assert config["vars"] == {"SANDBOX_TRANSPORT": "websocket", "BACKUP_BUCKET_NAME": "b"}
    assert config["r2_buckets"] == buckets


def test_another_name_for_the_class(tmp_path: Path) -> None:
    renamed = json.loads(json.dumps(CONFIG).replace('"Sandbox"', '"Box"'))
    entry = ENTRY.replace("Sandbox,", "Sandbox as Box,")
    folder, config = companion_of(tmp_path, entry=entry, **renamed)
    assert "export { Sandbox as Box, ContainerProxy }" in (folder / "index.js").read_text()
    assert config["migrations"][0]["new_sqlite_classes"] == ["Box"]


@pytest.mark.parametrize(
    "entry",
    [
        "from workers import WorkerEntrypoint\n",
        "from sandbox import Sandbox as Base\n\nclass Sandbox(Base):\n    pass\n",
        "from sandbox import Sandbox\n\nclass Sandbox(Sandbox):\n    pass\n",
        "from .sandbox import Sandbox\n",
    ],
)
def test_a_class_of_ones_own_stays(tmp_path: Path, entry: str) -> None:
    found = plan(tmp_path, entry=entry)
    assert found.companion is None
    assert found.metadata["containers"] == [{"name": "shop-sandbox", "class_name": "Sandbox"}]


@pytest.mark.parametrize(
    ("base", "server"),
    [
        (
            "python:3.12-slim",
            "COPY --from=docker.io/cloudflare/sandbox:0.12.10 /container-server/sandbox /sandbox",
        ),
        (
            "alpine:3.21",
            "COPY --from=docker.io/cloudflare/sandbox:0.12.10-musl /container-server/sandbox /sandbox",
        ),
    ],
)
def test_another_image_gets_the_sdks_server(tmp_path: Path, base: str, server: str) -> None:
    folder, _ = companion_of(
        tmp_path, dockerfile=f"FROM node AS build\nFROM --platform=linux/amd64 {base}\nCMD x"
    )
    lines = (folder / "Dockerfile").read_text().splitlines()
    assert lines[:3] == ["FROM node AS build", f"FROM --platform=linux/amd64 {base}", "CMD x"]
    assert lines[-2:] == [server, 'ENTRYPOINT ["/sandbox"]']
    package = json.loads((folder / "package.json").read_text())
    assert package["dependencies"] == {"@cloudflare/sandbox": "0.12.10"}


def test_an_image_without_a_dockerfile_gets_one(tmp_path: Path) -> None:
    container = {"class_name": "Sandbox", "image": "docker.io/cloudflare/sandbox:0.12"}
    folder, config = companion_of(tmp_path, containers=[container])
    assert (folder / "Dockerfile").read_text() == "FROM docker.io/cloudflare/sandbox:0.12\n"
    assert config["containers"] == [{"class_name": "Sandbox", "image": "./Dockerfile"}]
    assert '"@cloudflare/sandbox": "~0.12"' in (folder / "package.json").read_text()


def test_an_entrypoint_that_is_replaced_is_named(tmp_path: Path) -> None:
    found = plan(tmp_path, dockerfile='FROM debian\nENTRYPOINT ["serve"]\n')
    assert [text for text in found.warnings if "The ENTRYPOINT of ./box/Dockerfile is replaced" in text]
    assert plan(tmp_path, dockerfile=DOCKERFILE + 'ENTRYPOINT ["x"]\n').warnings == ()


def test_the_companion_has_to_be_there_first(tmp_path: Path) -> None:
    api = Api()
    with pytest.raises(UserError, match="objects of the Worker shop-sandbox, which is not deployed"):
        api.run(plan(tmp_path), rollout="none")
    assert api.changes == []
    api.faults["GET /workers/services/shop-sandbox"] = lambda _: result({})
    api.run(plan(tmp_path), rollout="none")
    assert api.changes[0] == "PUT /workers/scripts/shop"


def test_a_companion_that_is_no_longer_needed_goes(tmp_path: Path) -> None:
    write_plan(plan(tmp_path), tmp_path / "dist")
    (tmp_path / "dist/sandbox/package-lock.json").write_text("{}")
    write_plan(plan(tmp_path, entry="import workers\n"), tmp_path / "dist")
    assert [file.name for file in (tmp_path / "dist/sandbox").iterdir()] == ["package-lock.json"]


def test_images_of_two_versions_are_refused(tmp_path: Path) -> None:
    two = [
        {"class_name": "Sandbox", "image": "docker.io/cloudflare/sandbox:0.12.7"},
        {"class_name": "Other", "image": "docker.io/cloudflare/sandbox:0.11.0"},
    ]
    entry = "from sandbox import Sandbox\nfrom sandbox import Sandbox as Other\n"
    with pytest.raises(UserError, match=r"different versions of the Sandbox SDK \(0.11.0, 0.12.7\)"):
        plan(tmp_path, entry=entry, containers=two)
