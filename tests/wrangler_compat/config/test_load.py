from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from tests.wrangler_compat.config.projects import loaded, project
from wrangler_compat.config.load import DevSettings, LoadOptions, load
from wrangler_compat.config.schema import KEYS


def test_several_configurations_are_one_world(tmp_path: Path) -> None:
    front = project(tmp_path / "front", {"name": "front", "services": [{"binding": "API", "service": "api"}]})
    api = project(tmp_path / "api", {"name": "api", "env": {"e": {}}})
    found = load([front, api], LoadOptions(process={}))
    assert [worker.name for worker in found.world.workers] == ["front", "api"]
    assert found.world.primary.name == "front"


def test_the_environment_is_the_first_workers(tmp_path: Path) -> None:
    front = project(tmp_path / "front", {"name": "front", "env": {"e": {}}})
    plain = project(tmp_path / "plain", {"name": "plain", "env": {"other": {}}})
    both = project(tmp_path / "both", {"name": "both", "env": {"e": {}}})
    found = load([front, plain, both], LoadOptions(environment="e", process={}))
    assert [worker.name for worker in found.world.workers] == ["front-e", "plain", "both-e"]


def test_two_workers_of_one_name(tmp_path: Path) -> None:
    paths = [project(tmp_path / "a", {}), project(tmp_path / "b", {})]
    with pytest.raises(ConfigError, match='two Workers are called "app"'):
        load(paths, LoadOptions(process={}))


@pytest.mark.parametrize(
    ("settings", "position"),
    [
        ({"services": [{"binding": "API", "service": "api"}]}, (9, 5)),
        (
            {"durable_objects": {"bindings": [{"name": "API", "class_name": "C", "script_name": "api"}]}},
            (10, 7),
        ),
    ],
)
def test_a_binding_to_a_worker_that_is_not_there(
    tmp_path: Path, settings: dict[str, object], position: tuple[int, int]
) -> None:
    with pytest.raises(ConfigError, match='the binding "API" is to the Worker "api"') as caught:
        load([project(tmp_path, settings)], LoadOptions(process={}))
    assert (caught.value.line, caught.value.column) == position


def test_dev_settings(tmp_path: Path) -> None:
    assert loaded(tmp_path, {}).dev == DevSettings("localhost", 8787, False)
    settings = {"dev": {"ip": "0.0.0.0", "port": 9000, "local_protocol": "https"}}
    assert loaded(tmp_path, settings).dev == DevSettings("0.0.0.0", 9000, True)


def test_the_files_to_watch(tmp_path: Path) -> None:
    names = {path.name for path in loaded(tmp_path, {}).files}
    assert names == {"wrangler.jsonc", ".dev.vars", ".env", ".env.local"}


def test_every_known_key_is_either_taken_ignored_or_refused() -> None:
    # The list of wrangler 4.125.0 (spec wrangler.md section 3); a key that is in no table only warns.
    assert len(KEYS) >= 85
    assert {"vars", "kv_namespaces", "r2_buckets", "observability", "site"} <= KEYS.keys()


def test_workers_may_be_bound_to_each_other(tmp_path: Path) -> None:
    paths = [
        project(tmp_path / name, {"name": name, "services": [{"binding": "OTHER", "service": other}]})
        for name, other in (("a", "b"), ("b", "a"))
    ]
    found = load(paths, LoadOptions(process={}))
    assert [worker.services[0].service for worker in found.world.workers] == ["b", "a"]
