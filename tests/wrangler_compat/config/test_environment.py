# ruff: noqa: E501 (texts stand as wrangler prints them)
from __future__ import annotations

from pathlib import Path

import pytest

from tests.wrangler_compat.config.projects import loaded, refusal, unplaced, worker


def test_an_environment_inherits_and_overrides(tmp_path: Path) -> None:
    settings = {
        "triggers": {"crons": ["1 1 1 1 1"]},
        "vars": {"A": "top"},
        "env": {"staging": {"vars": {"A": "staging"}, "compatibility_flags": ["python_workers", "x"]}},
    }
    top, staging = worker(tmp_path, settings), worker(tmp_path, settings, environment="staging")
    assert (top.name, staging.name) == ("app", "app-staging")
    assert (top.vars, staging.vars) == ({"A": "top"}, {"A": "staging"})
    assert staging.crons == ("1 1 1 1 1",)
    assert staging.compatibility_flags == ("python_workers", "x")
    assert worker(tmp_path, settings, process={"CLOUDFLARE_ENV": "staging"}).name == "app-staging"


def test_its_own_name_is_used_as_it_is(tmp_path: Path) -> None:
    assert worker(tmp_path, {"env": {"p": {"name": "prod"}}}, environment="p").name == "prod"


def test_what_is_not_inherited_is_absent_and_warned_about(tmp_path: Path) -> None:
    settings = {
        "vars": {"A": "1", "B": "2"},
        "kv_namespaces": [{"binding": "KV"}],
        "durable_objects": {
            "bindings": [{"name": "R", "class_name": "Room"}, {"name": "S", "class_name": "Room"}]
        },
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
        "env": {
            "dev": {
                "vars": {"A": "1"},
                "durable_objects": {"bindings": [{"name": "S", "class_name": "Room"}]},
            }
        },
    }
    found = loaded(tmp_path, settings, environment="dev")
    assert found.world.primary.kv == ()
    assert [binding.name for binding in found.world.primary.durable] == ["S"]
    assert unplaced(found.warnings[0]).split("\n")[1:] == [
        '  - "env.dev" environment configuration',
        '    - The following vars exist at the top level, but not on "env.dev.vars".',
        '      This is probably not what you want, since "vars" configuration is not inherited by environments.',
        '      Please add these vars to "env.dev.vars":',
        "      - B",
        '    - The following bindings are at the top level, but not on "env.dev".',
        '      This is not what you probably want, since "durable_objects" configuration is not inherited by '
        "environments.",
        '      Please add a binding for each to "env.dev.durable_objects.bindings":',
        "      - R",
        '    - "kv_namespaces" exists at the top level, but not on "env.dev".',
        '      This is not what you probably want, since "kv_namespaces" is not inherited by environments.',
        '      Please add "kv_namespaces" to "env.dev".',
    ]


def test_an_unknown_environment_is_an_error_where_there_are_some(tmp_path: Path) -> None:
    assert refusal(tmp_path, {"env": {"a": {}, "b": {}}}, environment="x") == (
        '  - No environment found in configuration with name "x".\n'
        "    Before using `--env=x` there should be an equivalent environment section in the configuration.\n"
        '    The available configured environment names are: ["a","b"]\n\n'
        "    Consider adding an environment configuration section to the wrangler.jsonc file:\n"
        "    ```\n    [env.x]\n    ```\n"
    )


def test_an_unknown_environment_is_a_warning_where_there_is_none(tmp_path: Path) -> None:
    found = loaded(tmp_path, {}, environment="x")
    assert found.world.primary.name == "app-x"
    assert 'No environment found in configuration with name "x".' in found.warnings[0]


@pytest.mark.parametrize("key", ["dev", "env", "keep_vars"])
def test_top_level_keys_do_not_belong_into_an_environment(tmp_path: Path, key: str) -> None:
    found = loaded(tmp_path, {"env": {"x": {key: {}}}}, environment="x")
    assert f'Unexpected fields found in env.x field: "{key}"' in found.warnings[0]
