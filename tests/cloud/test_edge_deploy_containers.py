"""`edge deploy` of projects with containers: images, applications, rollouts; wrangler leaves the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from tests.cloud.docker_cli import docker_environment
from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.conftest import api as docker  # noqa: F401 (a fixture)
from tests.wrangler_compat.deploy.projects import ENTRY, write_project
from wrangler_compat.cli.main import edge
from wrangler_compat.cloudflare.account import opened

BOX = f"{ENTRY}\nfrom workers import DurableObject\n\nclass Box(DurableObject):\n    pass\n"
CONFIG: dict[str, Any] = {
    "durable_objects": {"bindings": [{"name": "BOX", "class_name": "Box"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Box"]}],
}
ELSEWHERE = "docker.io/library/busybox:1"

Deploy = Callable[..., Result]


@pytest.fixture
def deploy(cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Deploys a project with a container, with flags of the command, to the cloud."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")

    def run(*flags: str, note: str = "one\n", **container: Any) -> Result:
        write(tmp_path, note, **container)
        return CliRunner().invoke(edge, ["deploy", str(tmp_path), *flags])

    return run


def write(folder: Path, note: str, **container: Any) -> None:
    dockerfile = f"FROM {daemon.BUSYBOX}\nARG NAME\nCOPY note.txt /note-$NAME\n"
    files: dict[str, str | bytes] = {"src/entry.py": BOX, "box/Dockerfile": dockerfile, "box/note.txt": note}
    entry = {"class_name": "Box", "image": "box/Dockerfile", "image_vars": {"NAME": "a"}, **container}
    write_project(folder, files, **CONFIG, containers=[entry])


def applications(cloud: RunningCloud) -> dict[str, dict[str, Any]]:
    with opened(environment=cloud.environment) as account:
        return {one["name"]: one for one in account.call("GET", "/containers/applications")}


def rollouts(cloud: RunningCloud) -> list[dict[str, Any]]:
    [found] = applications(cloud).values()
    with opened(environment=cloud.environment) as account:
        listed: list[dict[str, Any]] = account.call("GET", f"/containers/applications/{found['id']}/rollouts")
    return listed


def versions(cloud: RunningCloud) -> int:
    def count(inside: Any) -> int:
        script = inside.workers.scripts.find(cloud.account_id, "shop")
        return 0 if script is None else len(inside.workers.versions.all(script))

    return cloud.look(count)


def test_an_image_of_another_registry_needs_no_daemon(cloud: RunningCloud, deploy: Deploy) -> None:
    answer = deploy(image=ELSEWHERE, max_instances=1)
    assert answer.exception is None, answer.output
    first = applications(cloud)["shop-box"]
    assert (first["configuration"]["image"], first["configuration"]["memory_mib"]) == (ELSEWHERE, 256)
    assert f"Created application shop-box (Application ID: {first['id']})" in answer.stdout
    assert "No changes of the application shop-box" in deploy(image=ELSEWHERE, max_instances=1).stdout
    changed = deploy("--containers-rollout", "immediate", image=ELSEWHERE, instance_type="basic").stdout
    assert "  max_instances: 1 -> 20\n" in changed
    assert "  configuration.instance_type: lite -> basic\n" in changed
    assert applications(cloud)["shop-box"]["configuration"]["memory_mib"] == 1024
    assert [rollout["step_percentage"] for rollout in rollouts(cloud)] == [100]


def test_gradually_or_not_at_all(cloud: RunningCloud, deploy: Deploy) -> None:
    deploy(image=ELSEWHERE)
    deploy(image="docker.io/library/busybox:2")
    assert [step["step_size"]["percentage"] for step in rollouts(cloud)[0]["steps"]] == [10, 100]
    skipped = deploy(image=ELSEWHERE, rollout_kind="none")
    assert "Skipping the rollout" in skipped.stdout
    assert deploy("--containers-rollout", "none", image=ELSEWHERE).exception is None
    assert applications(cloud)["shop-box"]["configuration"]["image"] == "docker.io/library/busybox:2"
    assert len(rollouts(cloud)) == 1


def test_where_no_daemon_answers(cloud: RunningCloud, deploy: Deploy) -> None:
    answer = deploy()
    assert isinstance(answer.exception, UserError)
    assert "No container daemon answers" in str(answer.exception)
    assert "--containers-rollout none" in str(answer.exception)
    assert versions(cloud) == 0
    dry = deploy("--dry-run")
    assert dry.exception is None
    assert "Would build the image of shop-box for linux/amd64" in dry.stdout
    assert deploy("--containers-rollout", "none").exception is None
    assert (versions(cloud), applications(cloud)) == (1, {})


def test_what_the_account_may_not_run_changes_nothing(cloud: RunningCloud, deploy: Deploy) -> None:
    answer = deploy(image=ELSEWHERE, instance_type={"vcpu": 64, "memory_mib": 256, "disk_mb": 2000})
    assert isinstance(answer.exception, UserError)
    assert "64 vCPU, and the limit of the account is 4" in str(answer.exception)
    assert versions(cloud) == 0


def test_an_application_that_is_refused(cloud: RunningCloud, deploy: Deploy) -> None:
    answer = deploy(image=f"{cloud.registry}/nothing:1")
    assert isinstance(answer.exception, UserError)
    image = f"{cloud.registry}/{cloud.account_id}/nothing:1"
    assert f"  IMAGE_REGISTRY_DOESNT_CONTAIN_IMAGE; image: {image} [code: 1000]" in str(answer.exception)
    assert "The new version of shop is live" in str(answer.exception)
    assert versions(cloud) == 1


def test_a_fault_after_the_upload_is_mended_by_the_next_deploy(
    cloud: RunningCloud, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudflare._base_client.BaseClient._calculate_retry_timeout", lambda *_: 0.0)
    cloud.look(lambda inside: inside.faults.add("POST /containers/applications=500x3"))
    answer = deploy(image=ELSEWHERE)
    assert isinstance(answer.exception, UserError)
    assert "not all of its containers have followed" in str(answer.exception)
    assert (versions(cloud), applications(cloud)) == (1, {})
    assert deploy(image=ELSEWHERE).exception is None
    assert list(applications(cloud)) == ["shop-box"]


@pytest.mark.docker
def test_images_are_built_and_pushed(
    docker: Any,  # noqa: F811
    cloud: RunningCloud,
    deploy: Deploy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", str(daemon.address()))
    dry = deploy("--dry-run", name="own")
    assert dry.exception is None, dry.output
    assert "MB of disk" in dry.stdout
    assert versions(cloud) == 0
    first = deploy(name="own")
    assert first.exception is None, first.output
    image = applications(cloud)["own"]["configuration"]["image"]
    assert image.startswith(f"{cloud.registry}/{cloud.account_id}/own@sha256:")
    assert "(2 layers, 2 of them new)" in first.stdout
    again = deploy(name="own")
    assert "skipping push" in again.stdout
    assert "No changes of the application" in again.stdout
    assert "(2 layers, 1 of them new)" in deploy(note="two\n", name="own").stdout
    assert applications(cloud)["own"]["configuration"]["image"] != image
    assert len(rollouts(cloud)) == 1
    docker.pull(image, auth_config=credentials(cloud))
    assert not [tag for one in docker.images() for tag in one["RepoTags"] if tag.startswith("own:")]


def credentials(cloud: RunningCloud) -> dict[str, str]:
    path = f"/containers/registries/{cloud.registry}/credentials"
    with opened(environment=cloud.environment) as account:
        given = account.call("POST", path, body={"permissions": ["pull"], "expiration_minutes": 1})
    return {"username": given["username"], "password": given["password"]}


@pytest.mark.docker
def test_an_image_that_does_not_build_changes_nothing(
    docker: Any,  # noqa: F811
    cloud: RunningCloud,
    deploy: Deploy,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", str(daemon.address()))
    (tmp_path / "Broken").write_text(f"FROM {daemon.BUSYBOX}\nCOPY nothing /\n")
    answer = deploy(image="./Broken")
    assert isinstance(answer.exception, UserError)
    assert "does not build" in str(answer.exception)
    (tmp_path / "Modern").write_text(f"FROM {daemon.BUSYBOX}\nRUN --mount=type=cache,target=/x true\n")
    assert "wrangler deploy" in str(deploy(image="./Modern").exception)
    too_small = {"vcpu": 0.1, "memory_mib": 256, "disk_mb": 1}
    assert "is too large: it needs" in str(deploy(instance_type=too_small).exception)
    assert versions(cloud) == 0


@pytest.mark.docker
@pytest.mark.peers
@pytest.mark.slow
def test_wrangler_leaves_the_same_behind(
    docker: Any,  # noqa: F811
    cloud: RunningCloud,
    deploy: Deploy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", str(daemon.address()))
    first: dict[str, Any] = {
        "instance_type": {"vcpu": 0.5, "memory_mib": 512, "disk_mb": 2000},
        "max_instances": 5,
        "constraints": {"regions": ["weur"]},
        "observability": {"enabled": True},
    }
    second: dict[str, Any] = {"instance_type": "basic", "max_instances": 6, "rollout_step_percentage": 50}
    with cloud_in_thread() as other:
        wrangler = Wrangler(other, tmp_path)
        wrangler.cloud.environment.update(docker_environment(tmp_path))
        for note, container in (("one\n", first), ("two\n", second)):
            assert deploy(note=note, **container).exception is None
            wrangler("deploy")
            assert left(other) == left(cloud)
            assert image(docker, other) == image(docker, cloud)
        assert len(rollouts(cloud)) == 1


def image(docker: Any, cloud: RunningCloud) -> dict[str, Any]:  # noqa: F811
    """The image of the application, as far as it does not depend on what the builder has in its cache."""
    [found] = applications(cloud).values()
    shown = docker.inspect_image(found["configuration"]["image"])
    config = {key: shown["Config"].get(key) for key in ("Cmd", "Entrypoint", "Env", "Labels", "WorkingDir")}
    return {
        **config,
        "platform": (shown["Os"], shown["Architecture"]),
        "layers": len(shown["RootFS"]["Layers"]),
    }


def left(cloud: RunningCloud) -> str:
    """Applications and rollouts, without what differs from one cloud to the next."""
    [found] = applications(cloud).values()
    return plain(cloud, found) + "".join(plain(cloud, one) for one in rollouts(cloud))


def plain(cloud: RunningCloud, found: dict[str, Any]) -> str:
    own = {key: value for key, value in found.items() if not key.endswith(("_at", "id"))}
    own.pop("durable_objects", None)
    text = re.sub("sha256:[0-9a-f]{64}", "DIGEST", json.dumps(own, indent=1, sort_keys=True))
    return text.replace(cloud.registry, "REGISTRY").replace(cloud.account_id, "ACCOUNT")
