from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.wrangler_compat.deploy.projects import plan_of, write_project
from wrangler_compat.deploy.plan import UploadOptions, make_plan, triggers_of
from wrangler_compat.deploy.project import DeployOptions, read_project


def warnings(folder: Path, **config: Any) -> list[str]:
    path = write_project(folder, **config)
    (folder / "python_modules/workers/__init__.py").unlink()
    plan = make_plan(read_project(path, DeployOptions(process={})), UploadOptions())
    return [text.split(",")[0] for text in plan.warnings]


def test_a_date_that_needs_the_sdk_vendored_says_so(tmp_path: Path) -> None:
    assert warnings(tmp_path) == ["The module `workers` is not vendored"]


@pytest.mark.parametrize(
    "config",
    [
        {"compatibility_date": "2026-04-20"},
        {"compatibility_flags": ["python_workers", "disable_python_external_sdk"]},
    ],
)
def test_older_dates_have_it_in_the_runtime(tmp_path: Path, config: dict[str, Any]) -> None:
    assert warnings(tmp_path, **config) == []


@pytest.mark.parametrize(("mib", "text"), [(4, "needs a paid plan"), (11, "is too large for any plan")])
def test_size_is_told_before_cloudflare_refuses(tmp_path: Path, mib: int, text: str) -> None:
    plan = plan_of(tmp_path, {"src/noise.bin": os.urandom(mib << 20)})
    assert len(plan.warnings) == 1
    assert text in plan.warnings[0]


def test_version_and_variables_of_the_command_line(tmp_path: Path) -> None:
    path = write_project(tmp_path, vars={"A": "1"})
    options = UploadOptions(overrides={"A": "2"}, tag="t", message="m", keep_vars=True)
    plan = make_plan(read_project(path, DeployOptions(process={})), options)
    assert plan.metadata["annotations"] == {"workers/message": "m", "workers/tag": "t"}
    assert plan.metadata["bindings"] == [{"name": "A", "type": "plain_text", "text": "2"}]
    assert "plain_text" in plan.metadata["keep_bindings"]


def test_routes_may_be_texts_and_switch_workers_dev_off() -> None:
    domain = {"pattern": "shop.example.com", "custom_domain": True}
    found = triggers_of({"routes": ["example.com/*", domain]})
    assert found.routes == ({"pattern": "example.com/*"},)
    assert found.custom_domains == (domain,)
    assert found.workers_dev is False


def test_crons_that_are_not_said_stay_and_an_empty_list_removes_them() -> None:
    assert triggers_of({}).crons is None
    assert triggers_of({"triggers": {"crons": []}}).crons == ()
    assert triggers_of({}).workers_dev is True


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK, as pip leaves it."""
    site = tmp_path / "site"
    files = {
        "workers/__init__.py": "",
        "workers/workflows.js": "export {}",
        "workers_runtime_sdk-1.9.5.dist-info/METADATA": "Name: workers-runtime-sdk\nVersion: 1.9.5\n",
    }
    record = [*files, "../../bin/tool", "workers/__pycache__/__init__.cpython-311.pyc"]
    files["workers_runtime_sdk-1.9.5.dist-info/RECORD"] = "".join(f"{name},,\n" for name in record)
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    monkeypatch.syspath_prepend(str(site))


@pytest.mark.usefixtures("installed")
def test_an_sdk_that_is_installed_comes_along(tmp_path: Path) -> None:
    path = write_project(tmp_path / "project")
    (tmp_path / "project/python_modules/workers/__init__.py").unlink()
    plan = make_plan(read_project(path, DeployOptions(process={})), UploadOptions())
    assert plan.warnings == ()
    assert {module.name: module.kind for module in plan.bundle.modules if module.is_vendored} == {
        "python_modules/workers/__init__.py": "Data",
        "python_modules/workers/workflows.js": "ESModule",
        "python_modules/workers_runtime_sdk-1.9.5.dist-info/METADATA": "Data",
    }


@pytest.mark.usefixtures("installed")
def test_but_not_where_it_is_vendored_or_of_the_runtime(tmp_path: Path) -> None:
    for folder, config in (("new", {}), ("old", {"compatibility_date": "2026-04-20"})):
        names = [module.name for module in plan_of(tmp_path / folder, **config).bundle.modules]
        assert names == ["entry.py", "python_modules/workers/__init__.py"]
