"""What the API is told of a container, and what counts as a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.projects import project_of
from wrangler_compat.deploy.containers import application
from wrangler_compat.deploy.containers.container import Container, containers_of
from wrangler_compat.deploy.containers.limits import check_disk
from wrangler_compat.deploy.containers.local_image import LocalImage

LOGS = {"logs": {"enabled": True}}
NO_LOGS = {"logs": {"enabled": False}}


def container(*, logs: bool = False, **entry: Any) -> Container:
    return Container("w-box", "Box", {"class_name": "Box", "image": "i", **entry}, logs, reference="i")


def before(**changes: Any) -> dict[str, Any]:
    lite = {"vcpu": 0.0625, "memory_mib": 256, "disk": {"size_mb": 2000}}
    made = application.wanted(container(), "i", "n")
    return {**made, "id": "1", "version": 1, "configuration": {"image": "i", **lite}, **changes}


def test_what_is_asked_without_any_wish() -> None:
    assert application.wanted(container(), "i", "n") == {
        "name": "w-box",
        "scheduling_policy": "default",
        "configuration": {"image": "i", "instance_type": "lite"},
        "instances": 0,
        "max_instances": 20,
        "constraints": {"tiers": [1, 2]},
        "durable_objects": {"namespace_id": "n"},
        "rollout_active_grace_period": 0,
    }


def test_wishes() -> None:
    asked = application.wanted(
        container(
            constraints={"tier": 3, "regions": ["weur"], "cities": ["ZRH"], "jurisdiction": "EU"},
            affinities={"colocation": "datacenter"},
            ssh={"enabled": True},
            configuration={"vcpu": 1, "disk": {"size_mb": 3000}},
            unsafe={"configuration": {"network": {"mode": "public"}}},
        ),
        "i",
        "n",
    )
    assert asked["constraints"] == {
        "tiers": [3], "regions": ["WEUR"], "cities": ["zrh"], "jurisdiction": "eu",
    }  # fmt: skip
    assert asked["affinities"] == {"colocation": "datacenter"}
    assert asked["configuration"] == {
        "image": "i",
        "disk": {"size_mb": 3000},
        "memory_mib": 256,
        "vcpu": 1,
        "wrangler_ssh": {"enabled": True},
        "network": {"mode": "public"},
    }
    everywhere = application.wanted(container(constraints={"tier": -1}), "i", "n")
    assert everywhere["constraints"] == {}


@pytest.mark.parametrize(
    ("had", "logs", "said"),
    [
        (None, True, LOGS),
        (None, False, None),
        (LOGS, True, None),
        (LOGS, False, NO_LOGS),
        (NO_LOGS, False, None),
        (NO_LOGS, True, LOGS),
    ],
)
def test_logs(had: dict[str, Any] | None, logs: bool, said: dict[str, Any] | None) -> None:
    asked = application.wanted(container(logs=logs), "i", "n", before(observability=had))
    assert asked.get("observability") == said


def test_logs_of_an_older_application_stay_in_its_configuration() -> None:
    old = before()
    old["configuration"]["observability"] = LOGS
    for logs, said in ((True, None), (False, NO_LOGS)):
        asked = application.wanted(container(logs=logs), "i", "n", old)
        assert asked["configuration"].get("observability") == said
        assert "observability" not in asked


def test_what_changes() -> None:
    old = application.as_asked(before(), container())
    same = application.change(application.wanted(container(), "i", "n"))
    assert application.differences(old, application.merged(old, same)) == {}
    other = application.change(application.wanted(container(instance_type="basic"), "j", "n"))
    assert application.differences(old, application.merged(old, other)) == {
        "configuration.image": ("i", "j"),
        "configuration.instance_type": ("lite", "basic"),
    }


@pytest.mark.parametrize(
    ("entry", "immediate", "steps"),
    [
        ({}, False, [10, 100]),
        ({"max_instances": 1}, False, 100),
        ({"rollout_step_percentage": 50}, False, 50),
        ({"rollout_step_percentage": [50, 100]}, True, 100),
    ],
)
def test_rollouts(entry: dict[str, Any], immediate: bool, steps: Any) -> None:
    asked = application.rollout(container(**entry), {"configuration": {}}, immediate=immediate)
    found = asked.get("step_percentage") or [step["step_size"]["percentage"] for step in asked["steps"]]
    assert found == steps
    assert asked["kind"] == "full_auto"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"containers": [{"name": "c", "image": "i"}]}, "is not linked to a Durable Object"),
        ({"containers": [{"class_name": "Box", "image": "i"}]}, "no binding, migration or export"),
        (
            {
                "containers": [{"class_name": "Box", "image": "i"}],
                "durable_objects": {"bindings": [{"name": "B", "class_name": "Box", "script_name": "other"}]},
            },
            "which the Worker other has",
        ),
    ],
)
def test_containers_of_nobody(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        containers_of(project_of(tmp_path, **config))


def test_a_class_of_exports_names_its_container(tmp_path: Path) -> None:
    exports = {"Box": {"type": "durable-object", "storage": "sqlite", "container": "c"}}
    project = project_of(tmp_path, containers=[{"name": "c", "image": "i"}], exports=exports)
    assert containers_of(project)[0].class_name == "Box"


def test_the_disk_that_an_image_needs() -> None:
    image = LocalImage("i", size_bytes=1_000_000_000, layers=10)
    assert image.needed_mb == 1268
    check_disk(image, 2000, "c")
    with pytest.raises(UserError, match="needs 1268 MB"):
        check_disk(image, 1267, "c")
