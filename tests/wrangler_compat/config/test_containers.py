"""`containers` in a wrangler configuration (spec sandbox-and-containers.md 1.2)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.config import ContainerConfig
from edge.errors import ConfigError
from wrangler_compat.config.load import Loaded, LoadOptions, load

BASE = {
    "name": "app",
    "main": "entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
    "durable_objects": {"bindings": [{"name": "BOX", "class_name": "Box"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Box"]}],
}


def loaded(folder: Path, **entry: Any) -> Loaded:
    (folder / "entry.py").write_text("")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    path = folder / "wrangler.json"
    path.write_text(json.dumps({**BASE, "containers": [{"class_name": "Box", **entry}]}))
    return load([path], LoadOptions())


def only(found: Loaded) -> ContainerConfig:
    (container,) = found.world.primary.containers
    return container


def test_a_dockerfile_and_its_defaults(tmp_path: Path) -> None:
    container = only(loaded(tmp_path, image="./Dockerfile"))
    assert container.dockerfile == (tmp_path / "Dockerfile").resolve()
    assert container.build_context == tmp_path.resolve()
    assert (container.image, container.max_instances) == (None, 20)
    assert (container.vcpu, container.memory_mib, container.disk_mb) == (1 / 16, 256, 2000)


def test_a_reference_and_sizes(tmp_path: Path) -> None:
    container = only(loaded(tmp_path, image="registry.example/box:1", instance_type="standard-2"))
    assert (container.image, container.dockerfile) == ("registry.example/box:1", None)
    assert (container.instance_type, container.vcpu, container.memory_mib) == ("standard-2", 1, 6144)
    custom = only(loaded(tmp_path, image="x", instance_type={"vcpu": 2}, image_vars={"A": 1}))
    assert (custom.instance_type, custom.vcpu, custom.memory_mib) == ("custom", 2, 256)
    assert dict(custom.build_args) == {"A": "1"}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({}, '"containers.image" field must be defined for each container app.'),
        ({"image": "./missing"}, 'The image "./missing" does not appear to be a valid path to a Dockerfile.'),
        ({"image": "x", "max_instances": -1}, "should be a positive number, but got -1"),
        ({"image": "x", "instance_type": "huge"}, 'Expected "containers.instance_type" field to be one of'),
        (
            {"image": "x", "rollout_step_percentage": 7},
            '"containers.rollout_step_percentage" must be one of [5, 10, 20, 25, 50, 100], but got 7',
        ),
        (
            {"image": "x", "rollout_step_percentage": [10, 50]},
            'The final step in "containers.rollout_step_percentage" must be 100, but got "50"',
        ),
        ({"image": "x", "rollout_kind": "sudden"}, 'Expected "containers.rollout_kind" field to be one of'),
        (
            {"image": "x", "constraints": {"jurisdiction": "us"}},
            'containers.constraints.jurisdiction must be one of: "eu", "fedramp"',
        ),
        ({"image": "x", "ssh": {"enabled": "yes"}}, "containers.ssh.enabled must be a boolean"),
    ],
)
def test_what_wrangler_refuses(tmp_path: Path, entry: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, **entry)
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"instances": 3}, '"containers.instances" is deprecated. Use "containers.max_instances" instead.'),
        ({"instance_type": "standard"}, 'The "standard" instance_type has been renamed to "standard-1"'),
        ({"surprise": 1}, 'Unexpected fields found in containers[0] field: "surprise"'),
    ],
)
def test_what_wrangler_warns_of(tmp_path: Path, entry: dict[str, Any], text: str) -> None:
    assert any(text in warning for warning in loaded(tmp_path, image="x", **entry).warnings)
