"""`edge containers`: applications and images of a cloud; the same as wrangler shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from tests.cloud.running import RunningCloud
from tests.cloud.test_edge_deploy_containers import ELSEWHERE, applications, deploy  # noqa: F401 (a fixture)
from tests.cloud.wrangling import Wrangler
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.conftest import api as docker  # noqa: F401 (a fixture)
from wrangler_compat.cli.main import edge

Run = Callable[..., Result]


@pytest.fixture
def containers(cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `edge containers` in a folder without a configuration, against the cloud."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(edge, ["containers", *arguments])

    return run


def test_applications(cloud: RunningCloud, containers: Run, deploy: Run) -> None:  # noqa: F811
    assert containers("list").output == "No containers found.\n"
    deploy(image=ELSEWHERE)
    [application] = applications(cloud).values()
    [listed] = json.loads(containers("list", "--json").output)
    assert (listed["id"], listed["state"], listed["image"]) == (application["id"], "ready", ELSEWHERE)
    assert f"│ {application['id']} │ shop-box │ ready │ 0 " in containers("list").output
    assert json.loads(containers("info", application["id"]).output) == application
    assert containers("delete", application["id"]).output == "Your container has been deleted\n"
    assert applications(cloud) == {}
    gone = containers("info", application["id"])
    assert isinstance(gone.exception, UserError)
    assert "APPLICATION_NOT_FOUND" in str(gone.exception)
    assert "Expected a container ID but got shop-box" in str(containers("delete", "shop-box").exception)


def test_images(cloud: RunningCloud, containers: Run) -> None:
    def keep(inside: Any) -> None:
        images = inside.images(cloud.account_id)
        for repository, tag in (("app", "1"), ("app", "2"), ("team/other", "sha256-x"), ("team/other", "3")):
            images.put(repository, tag, "application/json", json.dumps({"layers": [], "is": tag}).encode())

    cloud.look(keep)
    assert (
        containers("images", "list").output
        == "REPOSITORY  TAG\napp         1\napp         2\nteam/other  3\n"
    )
    found = json.loads(containers("images", "list", "--filter", "/team", "--json").output)
    assert found == [{"name": "team/other", "tags": ["3"]}]
    assert containers("images", "delete", "app:1", "-y").output.startswith("Deleted app:1 (sha256:")
    assert "There is no image app:1" in str(containers("images", "delete", "app:1", "-y").exception)
    assert "Expected IMAGE:TAG" in str(containers("images", "delete", "app", "-y").exception)
    assert json.loads(containers("images", "list", "--filter", "/app", "--json").output)[0]["tags"] == ["2"]
    assert "no regular expression" in str(containers("images", "list", "--filter", "(").exception)


@pytest.mark.docker
def test_an_image_is_built_and_pushed(
    docker: Any,  # noqa: F811
    containers: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", str(daemon.address()))
    assert "There is no Dockerfile in ." in str(containers("build", ".", "-t", "built:1").exception)
    (tmp_path / "Dockerfile").write_text(f"FROM {daemon.BUSYBOX}\nLABEL is=built\n")
    assert "Successfully tagged built:1" in containers("build", ".", "-t", "built:1").output
    assert containers("images", "list").output == "REPOSITORY  TAG\n"
    assert "Pushed image: " in containers("push", "built:1").output
    pushed = containers("build", ".", "-t", "built:1", "--push")
    assert "skipping push" in pushed.output
    assert containers("images", "list").output == "REPOSITORY  TAG\nbuilt       1\n"
    assert "There is no image nothing:1" in str(containers("push", "nothing:1").exception)
    docker.remove_image("built:1")


@pytest.mark.peers
@pytest.mark.slow
def test_wrangler_shows_the_same(wrangler: Wrangler, containers: Run, deploy: Run) -> None:  # noqa: F811
    deploy(image=ELSEWHERE)
    listed = wrangler.json("containers", "list", "--json")
    assert json.loads(containers("list", "--json").output) == listed
    shown = wrangler.json("containers", "info", listed[0]["id"], "--json")
    assert json.loads(containers("info", listed[0]["id"]).output) == shown
