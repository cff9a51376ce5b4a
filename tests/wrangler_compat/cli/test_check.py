"""`edge check` as it is typed; and the projects of this repository, which must be clean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sandbox
from edge.config import WorkerConfig
from tests.wrangler_compat.check.projects import DEFAULT, check, write
from wrangler_compat.check.document import DOCUMENT, with_table
from wrangler_compat.check.project import parse
from wrangler_compat.check.run import check_modules
from wrangler_compat.cli.check import command
from wrangler_compat.config.worker import DEFAULT_DATE
from wrangler_compat.init.catalogue import TEMPLATES
from wrangler_compat.init.scaffold import make_project
from wrangler_compat.modules.profile import Profile

ROOT = Path(__file__).parents[3]
PROJECTS = sorted(
    path.parent for path in [*ROOT.glob("examples/*/wrangler.*"), ROOT / "cortex" / "wrangler.jsonc"]
)
WRONG = f"import os\nos.system('ls')\n{DEFAULT}"


def edge_check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)


def test_exit_codes(tmp_path: Path) -> None:
    config = write(tmp_path)
    assert (edge_check(tmp_path).exit_code, edge_check(tmp_path).stdout) == (0, "Nothing found.\n")
    write(tmp_path, WRONG)
    assert edge_check(tmp_path).exit_code == 1
    write(tmp_path, DEFAULT, dependencies=None)
    (tmp_path / "pyproject.toml").unlink()
    assert edge_check(tmp_path).exit_code == 0
    assert edge_check(tmp_path, "--strict").exit_code == 1
    assert edge_check("-c", config).stdout.endswith("\n1 warning\n")


def test_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, WRONG)
    monkeypatch.chdir(tmp_path)
    assert edge_check().stdout.startswith("src/entry.py:2:1: error: os.system() runs a program")
    assert json.loads(edge_check("--json").stdout)["findings"][0]["id"] == "subprocess"
    assert edge_check("--github").stdout.startswith("::error file=src/entry.py,line=2,col=1,")


def test_several_workers(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", WRONG), write(tmp_path / "two", WRONG, {"name": "two"})
    assert edge_check("-c", one, "-c", two).stdout.endswith("\n2 errors\n")


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_the_projects_of_this_repository(folder: Path) -> None:
    assert check(next(folder.glob("wrangler.*"))) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_new_projects(template: str, tmp_path: Path) -> None:
    make_project(tmp_path / "shop", template)
    assert check(tmp_path / "shop" / "wrangler.jsonc") == []


def test_the_sandbox_sdk() -> None:
    folder = Path(sandbox.__file__).parent
    profile = Profile.of(WorkerConfig("app", folder, None, DEFAULT_DATE))
    paths = [
        path
        for part in sandbox.FOR_WORKERS
        for path in [folder / f"{part}.py", *(folder / part).rglob("*.py")]
    ]
    modules = [parse(path, profile) for path in paths if path.is_file()]
    assert len(modules) > 20
    assert check_modules(modules) == []


def test_the_documented_rules_are_these() -> None:
    text = DOCUMENT.read_text()
    assert with_table(text) == text, "run: python -m wrangler_compat.check.document"
