"""Rules that look at the whole project: each finds what it is for, at its place, and passes what is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import ConfigError, WorkerLoadError
from tests.wrangler_compat.check.projects import DEFAULT, TODAY, check, found, write
from tests.wrangler_compat.config.projects import BASE
from wrangler_compat.check import rules
from wrangler_compat.check.rule import RULES
from wrangler_compat.check.rules import limits

ROOM = "from workers import DurableObject\n\nclass Room(DurableObject): ...\n"
DURABLE = {"durable_objects": {"bindings": [{"name": "ROOMS", "class_name": "Room"}]}}
MIGRATED = {**DURABLE, "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}]}


def test_a_clean_project(tmp_path: Path) -> None:
    assert found(tmp_path, DEFAULT + ROOM, MIGRATED) == []


@pytest.mark.parametrize(
    ("settings", "rule", "line"),
    [
        ({"name": 5}, "config-error", 2),
        ({"main": "src/gone.py"}, "config-error", 3),
        ({"nonsense": 1}, "config-warning", 8),
        ({"name": "-app"}, "worker-name", 2),
        ({"name": "my_app"}, "worker-name", 2),
        ({"name": "a" * 64}, "worker-name", 2),
        ({"name": ""}, "worker-name", 0),
        ({"compatibility_date": "2026-11-30"}, "future-date", 4),
        ({"vars": {"MY-VAR": "a"}}, "binding-name", 9),
        ({"kv_namespaces": [{"binding": "A", "id": "mine"}]}, "resource-id", 11),
        ({"d1_databases": [{"binding": "A", "database_id": "mine"}]}, "resource-id", 11),
        ({"vars": {"A": "a", "B": "b" * 5121}}, "variable-size", 10),
        ({"vars": {f"A{number}": "a" for number in range(65)}}, "variable-count", 8),
    ],
)
def test_configuration(tmp_path: Path, settings: dict[str, Any], rule: str, line: int) -> None:
    assert (rule, "wrangler.jsonc", line) in found(tmp_path, DEFAULT, settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "a" * 63, "compatibility_date": "2026-11-29", "vars": {"A": "b" * 5120}},
        {"kv_namespaces": [{"binding": "A", "id": "0123456789abcdef" * 2}, {"binding": "B"}]},
        {"d1_databases": [{"binding": "A", "database_id": "01234567-89ab-cdef-0123-456789abcdef"}]},
        {"vars": {f"A{number}": "a" for number in range(64)}},
        {"queues": {"producers": [{"binding": "A", "queue": "a"}]}},
    ],
)
def test_right_configurations(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert found(tmp_path, DEFAULT, settings) == []


def test_without_a_date(tmp_path: Path) -> None:
    config = write(tmp_path)
    config.write_text('{"name": "app", "main": "src/entry.py", "compatibility_flags": ["python_workers"]}')
    assert [(one.rule, one.place.line) for one in check(config)] == [("no-date", 0)]


def test_the_settings_of_an_environment(tmp_path: Path) -> None:
    config = write(tmp_path, DEFAULT, {"env": {"live": {"compatibility_date": "2027-01-01"}}})
    assert check(config) == []
    assert [(one.rule, one.place.line) for one in check(config, "live")] == [("future-date", 10)]


def test_durable_objects(tmp_path: Path) -> None:
    code = DEFAULT + ROOM
    unmigrated = found(tmp_path, code, DURABLE)
    assert ("no-migration", "wrangler.jsonc", 10) in unmigrated
    assert ("no-class", "wrangler.jsonc", 10) in found(tmp_path, DEFAULT, MIGRATED)
    hidden = found(tmp_path, f'__all__ = ["Default"]\n{code}', MIGRATED)
    assert hidden == [("no-class", "wrangler.jsonc", 10)]
    assert found(tmp_path, code) == [("unbound-class", "entry.py", 7)]
    gone = {"migrations": [*MIGRATED["migrations"], {"tag": "v2", "deleted_classes": ["Room"]}]}
    assert ("no-migration", "wrangler.jsonc", 10) in found(tmp_path, code, {**DURABLE, **gone})
    only_migrated = {"migrations": MIGRATED["migrations"]}
    assert found(tmp_path, DEFAULT, only_migrated) == [("no-class", "wrangler.jsonc", 8)]
    elsewhere = {"bindings": [{"name": "ROOMS", "class_name": "Room", "script_name": "other"}]}
    assert found(tmp_path, DEFAULT, {"durable_objects": elsewhere}) == []


def test_durable_objects_of_other_modules(tmp_path: Path) -> None:
    code = f"from room import Room\n{DEFAULT}"
    assert found(tmp_path, code, MIGRATED, files={"src/room.py": ROOM}) == []
    base = f"{DEFAULT}{ROOM}class Lobby(Room): ...\n"
    migrations = [{"tag": "v1", "new_sqlite_classes": ["Lobby"]}]
    assert found(tmp_path, base, {"migrations": migrations}) == []


def test_entrypoints(tmp_path: Path) -> None:
    handler = "async def on_fetch(request, env): ...\n"
    assert found(tmp_path, "class Other: ...\n") == [("no-entrypoint", "entry.py", 0)]
    assert found(tmp_path, f'__all__ = ["Other"]\n{DEFAULT}') == [("no-entrypoint", "entry.py", 0)]
    assert (
        found(tmp_path, handler)
        == [("global-handler", "entry.py", 1), ("no-entrypoint", "entry.py", 0)][::-1]
    )
    old = {"compatibility_date": "2025-08-01"}
    assert found(tmp_path, handler, old) == []
    assert found(tmp_path, handler + DEFAULT, old) == [("global-handler", "entry.py", 1)]


def test_the_sdk(tmp_path: Path) -> None:
    assert found(tmp_path / "a", dependencies=None) == [("sdk-not-vendored", "wrangler.jsonc", 4)]
    assert found(tmp_path / "b", DEFAULT, {"compatibility_date": "2026-04-20"}, dependencies=None) == []
    vendored = {"python_modules/workers/__init__.py": ""}
    assert found(tmp_path / "c", dependencies=None, files=vendored) == []


def test_what_pywrangler_refuses(tmp_path: Path) -> None:
    config = write(tmp_path, files={"requirements.txt": "fastapi\n"})
    assert [(one.rule, one.place.file.name) for one in check(config)] == [
        ("requirements-txt", "requirements.txt")
    ]
    (tmp_path / "requirements.txt").unlink()
    renamed = config.rename(tmp_path / "wrangler.json")
    assert [one.rule for one in check(renamed)] == ["wrangler-json"]


def test_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKER_BYTES_MAX", 1000)
    monkeypatch.setattr(limits, "ASSET_BYTES_MAX", 10)
    monkeypatch.setattr(limits, "ASSETS_MAX_FREE", 1)
    monkeypatch.setattr(limits, "ASSETS_MAX", 2)
    assets = {"assets": {"directory": "./public"}}
    files = {"public/a": "a" * 10, "src/data.csv": "a" * 900, "python_modules/a/a.pyc": "a" * 900}
    assert found(tmp_path, DEFAULT, assets, files=files) == []
    files = {"public/b": "b" * 11, "python_modules/a/a.dat": "a" * 900}
    assert found(tmp_path, DEFAULT, assets, files=files) == [
        ("asset-size", "b", 0),
        ("worker-size", "wrangler.jsonc", 0),
        ("asset-count", "wrangler.jsonc", 8),
    ]
    for name in ("c", "d"):
        (tmp_path / "public" / name).write_text("")
    assert "4 static files, at most 2" in [one.reason for one in check(tmp_path / "wrangler.jsonc")]


PACKAGES = """
import fastapi, json, helper, sandbox
import lxml  # vendored
import numpy
import yaml
"""


def test_packages_that_nothing_brings_along(tmp_path: Path) -> None:
    files = {"src/helper.py": "import pydantic\nimport attr\n", "python_modules/lxml/__init__.py": ""}
    rest = found(tmp_path, PACKAGES + DEFAULT, dependencies=("FastAPI>=0.1", "PyYAML"), files=files)
    assert rest == [("undeclared-package", "entry.py", 4), ("undeclared-package", "helper.py", 2)]


def test_packages_that_do_not_run_there(tmp_path: Path) -> None:
    declared = (
        "uvloop",
        "click",
        "no-such-package-at-all",
        "numpy<1",
        "fastapi<0.1",
        'winloop; sys_platform == "win32"',
    )
    assert found(tmp_path, dependencies=declared) == [
        ("native-package", "pyproject.toml", 5),
        ("unknown-package", "pyproject.toml", 7),
        ("package-version", "pyproject.toml", 8),
    ]


def test_what_was_vendored_counts(tmp_path: Path) -> None:
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: {}\nTag: {}\n"
    tags = {
        "one": "py3-none-any",
        "two": "cp314-cp314-pyemscripten_2026_0_wasm32",
        "three": "cp311-cp311-linux_x86_64",
    }
    files = {
        f"python_modules/{name}-1.0.dist-info/WHEEL": wheel.format("true", tag) for name, tag in tags.items()
    }
    files["python_modules/two/_c.cpython-314-wasm32-emscripten.so"] = ""
    files["python_modules/three/_c.cpython-311-x86_64-linux-gnu.so"] = ""
    assert found(tmp_path, dependencies=tuple(tags), files=files) == [
        ("native-package", "pyproject.toml", 7),
        ("native-module", "_c.cpython-311-x86_64-linux-gnu.so", 0),
    ]


def test_only_what_the_main_module_reaches_is_looked_at(tmp_path: Path) -> None:
    code = "import time\ntime.sleep(1)\n"
    files = {
        "src/a/__init__.py": "from .b import c\n",
        "src/a/b.py": "from . import d\nc = 1\n",
        "src/a/d.py": code,
    }
    files["src/server.py"] = files["container.py"] = code
    assert found(tmp_path, f"import a.b\n{DEFAULT}", files=files) == [("blocking-sleep", "d.py", 2)]


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(WorkerLoadError, match=r"b.py:2: SyntaxError"):
        found(tmp_path, f"import b\n{DEFAULT}", files={"src/b.py": "\nclass B(:\n"})
    with pytest.raises(ConfigError, match=r"pyproject.toml: "):
        found(tmp_path, files={"pyproject.toml": "[project"})


def test_every_rule_is_tested_here() -> None:
    source = Path(__file__).read_text()
    assert rules.__all__
    assert [one.id for one in RULES.values() if not one.of_modules and f'"{one.id}"' not in source] == []
    assert BASE["compatibility_date"] < TODAY.isoformat()
