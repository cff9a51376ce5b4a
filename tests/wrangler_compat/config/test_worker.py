# ruff: noqa: E501 (texts stand as wrangler prints them)
"""Texts are those of wrangler 4.164.0 (spec wrangler.md section 2)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edge.config import DurableBinding, KvBinding, ServiceBinding
from edge.errors import ConfigError, UnsupportedError
from tests.wrangler_compat.config.projects import BASE, loaded, project, refusal, unplaced, worker
from wrangler_compat.config.load import LoadOptions, load
from wrangler_compat.config.worker import DEFAULT_DATE


def test_a_whole_worker(tmp_path: Path) -> None:
    found = worker(
        tmp_path,
        {
            "kv_namespaces": [{"binding": "KV", "id": "real", "preview_id": "preview"}, {"binding": "BARE"}],
            "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
            "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"], "new_classes": ["Old"]}],
            "services": [{"binding": "SELF", "service": "app", "entrypoint": "Api", "props": {"x": 1}}],
            "triggers": {"crons": ["*/5 * * * *"]},
            "vars": {"TEXT": "t", "JSON": {"a": [1, None]}},
        },
    )
    assert found.name == "app"
    assert found.main == tmp_path / "src" / "entry.py"
    assert found.kv == (KvBinding("KV", "preview"), KvBinding("BARE", "BARE"))
    assert found.durable == (DurableBinding("ROOM", "Room"),)
    assert found.durable_classes == {"Room": True, "Old": False}
    assert found.services == (ServiceBinding("SELF", "app", "Api", {"x": 1}),)
    assert found.crons == ("*/5 * * * *",)
    assert found.vars == {"TEXT": "t", "JSON": {"a": [1, None]}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "Upper"}, 'Expected "name" to be of type string, alphanumeric and lowercase with dashes only but got "Upper".'),
        ({"name": 5}, 'Expected "name" to be of type string, alphanumeric and lowercase with dashes only but got 5.'),
        ({"main": 1}, 'Expected "main" to be of type string but got 1.'),
        ({"main": "src/gone.py"}, 'The entry-point file at "src/gone.py" was not found.'),
        ({"compatibility_flags": []}, "The `python_workers` compatibility flag is required to use Python."),
        ({"compatibility_flags": ["python_workers", 1]}, 'Expected "compatibility_flags" to be of type string array but got ["python_workers",1].'),
        ({"compatibility_date": "soon"}, '"compatibility_date" field should be a valid ISO-8601 date (YYYY-MM-DD), but got "soon".'),
        ({"compatibility_date": "2026-02-30"}, '"compatibility_date" field should be a valid ISO-8601 date (YYYY-MM-DD), but got "2026-02-30".'),
        ({"compatibility_date": "2026–01–01"}, '"compatibility_date" field should use ISO-8601 accepted hyphens (-) rather than en-dashes (–) or em-dashes (—).'),
        ({"kv_namespaces": {}}, 'The field "kv_namespaces" should be an array but got {}.'),
        ({"kv_namespaces": [{"id": "x"}]}, '"kv_namespaces[0]" bindings should have a string "binding" field but got {"id":"x"}.'),
        ({"kv_namespaces": [{"binding": "K", "id": ""}]}, '"kv_namespaces[0]" bindings should have a string "id" field but got {"binding":"K","id":""}.'),
        ({"durable_objects": []}, 'The field "durable_objects" should be an object but got [].'),
        ({"durable_objects": {"bindings": {}}}, 'The field "durable_objects.bindings" should be an array but got {}.'),
        ({"services": [{"binding": "S"}]}, '"services[0]" bindings should have a string "service" field but got {"binding":"S"}.'),
        ({"triggers": {"crons": "x"}}, 'Expected "triggers.crons" to be of type array, but got {"crons":"x"}.'),
        ({"migrations": {}}, 'The optional "migrations" field should be an array, but got {}'),
        ({"migrations": [{"tag": "v1", "renamed_classes": ["A"]}]}, 'Expected "migrations[0].renamed_classes" to be an array of "{from: string, to: string}" objects but got ["A"].'),
        ({"migrations": [{"tag": "v1", "deleted_classes": ["A"]}]}, "Cannot apply deleted_classes migration to non-existent class A"),
        ({"migrations": [{"new_classes": []}]}, '"migrations[0].tag" is a required field.'),
        ({"exports": {"A": {"type": "durable-object", "storage": "disk"}}}, '"exports.A.storage" is required for state "created" and must be one of sqlite and legacy-kv, but got "disk"'),
        ({"exports": {"A": {"type": "durable-object", "storage": "sqlite"}}, "migrations": [{"tag": "v1"}]}, "`migrations` and `exports` are mutually exclusive. Choose one or the other to declare your Durable Object lifecycle, but not both."),
        ({"assets": {"directory": "gone"}}, 'The directory specified by the "assets.directory" field in your configuration file does not exist:'),
        ({"assets": {"directory": "src", "run_worker_first": "x"}}, 'The field "assets.run_worker_first" should be an array of strings or a boolean, but got "x".'),
        ({"assets": {"directory": "src", "html_handling": "x"}}, 'Expected "assets.html_handling" field to be one of ["auto-trailing-slash","force-trailing-slash","drop-trailing-slash","none"] but got "x".'),
        ({"assets": {}}, '"assets.directory" is a required field.'),
        ({"secrets": {"required": "A"}}, 'Expected "secrets.required" to be an array of strings but got "A"'),
        ({"dev": {"port": "80"}}, 'Expected "dev.port" to be of type number but got "80".'),
        ({"env": []}, 'The field "env" should be an object but got [].'),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    assert refusal(tmp_path, settings).split("\n")[0] == f"  - {message}"


def test_an_incomplete_durable_binding_lists_its_problems(tmp_path: Path) -> None:
    assert refusal(tmp_path, {"durable_objects": {"bindings": [{"environment": "x"}]}}) == (
        '  - "durable_objects.bindings[0]": {"environment":"x"}\n'
        '      - binding should have a string "name" field.\n'
        '      - binding should have a string "class_name" field.\n'
        '      - binding should have a "script_name" field if "environment" is present.'
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"kv_namespaces": [{"binding": "B"}, {"binding": "B"}]},
            "B assigned to multiple KV Namespace bindings.",
        ),
        (
            {"kv_namespaces": [{"binding": "B"}], "vars": {"B": "x"}},
            "B assigned to KV Namespace and Environment Variable bindings.",
        ),
    ],
)
def test_names_are_unique(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    assert refusal(tmp_path, settings) == (
        f"  - {message}\n"
        "  - Bindings must have unique names, so that they can all be referenced in the worker.\n"
        "    Please change your bindings to have unique names."
    )


def test_every_finding_names_file_line_and_column(tmp_path: Path) -> None:
    settings = {"nmae": 1, "kv_namespaces": [{"binding": "K"}, {"binding": "L", "idd": 1}]}
    (warning,) = loaded(tmp_path, settings).warnings
    places = re.findall(r"(\d+:\d+): Unexpected fields found in (\S+)", warning)
    assert places == [("8:3", "top-level"), ("15:7", "kv_namespaces[1]")]


def test_an_error_names_file_and_line(tmp_path: Path) -> None:
    text = '{\n  "name": "app",\n  "compatibility_flags": ["python_workers"],\n  // wrong\n  "main": "src/gone.py"\n}'
    path = project(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load([path], LoadOptions(process={}))
    assert (caught.value.file, caught.value.line, caught.value.column) == (path, 5, 3)
    assert str(caught.value).startswith(f"{path}:5:3: Processing ")


def test_no_entry_point_and_no_assets(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{"compatibility_date": "2026-10-01"}') == (
        "  - Missing entry-point to Worker script or to assets directory"
    )


def test_assets_alone_are_a_worker(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    found = worker(
        tmp_path, '{"name": "s", "compatibility_date": "2026-10-01", "assets": {"directory": "public"}}'
    )
    assert found.main is None
    assert found.assets is not None
    assert found.assets.directory == tmp_path / "public"


def test_an_unknown_key_warns(tmp_path: Path) -> None:
    warnings = loaded(
        tmp_path, {"nmae": "x", "colour": 1, "kv_namespaces": [{"binding": "K", "idd": "x"}]}
    ).warnings
    assert len(warnings) == 1
    assert unplaced(warnings[0]).split("\n")[1:] == [
        '  - Unexpected fields found in top-level field: "nmae","colour"',
        '  - Unexpected fields found in kv_namespaces[0] field: "idd"',
    ]


def test_what_is_not_emulated_stops(tmp_path: Path) -> None:
    path = project(tmp_path, {"workflows": [{"binding": "W", "name": "w", "class_name": "W"}]})
    with pytest.raises(UnsupportedError) as caught:
        load([path], LoadOptions(process={}))
    assert caught.value.message.startswith('"workflows" (Workflows) is not emulated (docs/limitations.md).')
    assert caught.value.line == 8


def test_what_is_not_emulated_can_be_left_out(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"hyperdrive": [{"binding": "H"}], "workflows": []}, allow_unsupported=True)
    assert '"hyperdrive" is not emulated and was left out.' in found.warnings[0]
    assert "workflows" not in found.warnings[0]


def test_remote_bindings_stop(tmp_path: Path) -> None:
    assert refusal(tmp_path, {"kv_namespaces": [{"binding": "K", "remote": True}]}) == (
        '  - "kv_namespaces[0]" has "remote": true, and remote bindings are not emulated.'
    )


def test_a_javascript_worker_stops(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_text("")
    with pytest.raises(UnsupportedError, match="only Python Workers are emulated"):
        loaded(tmp_path, {"main": "index.js"})


def test_python_modules_beside_the_entry_point_stop(tmp_path: Path) -> None:
    (tmp_path / "src" / "python_modules").mkdir(parents=True)
    assert refusal(tmp_path, {}) == (
        "  - The 'python_modules' directory cannot exist in your module root. Delete it to continue."
    )


def test_without_a_date_there_is_a_default(tmp_path: Path) -> None:
    settings = {key: value for key, value in BASE.items() if key != "compatibility_date"}
    import json

    found = loaded(tmp_path, json.dumps(settings))
    assert found.world.primary.compatibility_date == DEFAULT_DATE
    assert f"Using the default compatibility date: {DEFAULT_DATE}." in found.warnings[0]


def test_durable_objects_without_migrations_warn(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"durable_objects": {"bindings": [{"name": "R", "class_name": "Room"}]}})
    assert (
        "you have configured `durable_objects` exported by this Worker (Room), but no live `exports` entry"
        in (found.warnings[0])
    )


def test_exports_declare_classes(tmp_path: Path) -> None:
    found = worker(
        tmp_path,
        {
            "exports": {
                "New": {"type": "durable-object", "storage": "sqlite"},
                "Old": {"type": "durable-object", "storage": "legacy-kv"},
                "Gone": {"type": "durable-object", "state": "deleted"},
                "Api": {"type": "worker"},
            }
        },
    )
    assert found.durable_classes == {"New": True, "Old": False}


def test_a_toml_date_in_vars_is_refused(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        'main = "src/entry.py"\ncompatibility_date = "2026-10-01"\ncompatibility_flags = ["python_workers"]\n'
        "[vars]\nX = 2025-12-19\n",
        "wrangler.toml",
    )
    with pytest.raises(ConfigError) as caught:
        load([path], LoadOptions(process={}))
    assert caught.value.line == 5
    assert caught.value.message.endswith(
        'The field "vars.X" is a TOML date, which is not supported. '
        'Please use a string instead, e.g. X = "2025-12-19".'
    )


def test_subrequests(tmp_path: Path) -> None:
    assert worker(tmp_path, {}).subrequests_max == 10_000
    assert worker(tmp_path, {"limits": {"cpu_ms": 100, "subrequests": 50}}).subrequests_max == 50


@pytest.mark.parametrize("wrong", ["50", True, None])
def test_subrequests_that_are_no_number(tmp_path: Path, wrong: Any) -> None:
    assert 'Expected "limits.subrequests" to be of type number but got' in refusal(
        tmp_path, {"limits": {"subrequests": wrong}}
    )
