from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.projects import plan_of
from wrangler_compat.deploy.write import write_plan


def names(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_a_folder_that_stands_alone(tmp_path: Path) -> None:
    files = {"src/page.html": "<p>", "public/a.txt": "a", "public/_headers": "/*\n  X: 1", "unused.txt": ""}
    plan = plan_of(tmp_path / "project", files, assets={"directory": "public"}, env={"x": {}})
    write_plan(plan, tmp_path / "dist")
    assert names(tmp_path / "dist") == [
        ".edge-deploy",
        "assets/_headers",
        "assets/a.txt",
        "python_modules/workers/__init__.py",
        "src/entry.py",
        "src/page.html",
        "wrangler.json",
    ]
    config = json.loads((tmp_path / "dist/wrangler.json").read_text())
    assert (config["main"], config["assets"]) == ("src/entry.py", {"directory": "./assets"})
    assert "env" not in config


def test_images_are_still_built_from_where_they_are(tmp_path: Path) -> None:
    container = {"class_name": "Box", "image": "./Dockerfile"}
    plan = plan_of(tmp_path / "project", {"Dockerfile": "FROM x"}, containers=[container])
    write_plan(plan, tmp_path / "out" / "dist")
    (written,) = json.loads((tmp_path / "out/dist/wrangler.json").read_text())["containers"]
    assert written["image"] == "../../project/Dockerfile"


def test_what_an_earlier_deploy_wrote_is_replaced(tmp_path: Path) -> None:
    write_plan(plan_of(tmp_path / "project", {"src/old.py": ""}), tmp_path / "dist")
    (tmp_path / "project/src/old.py").unlink()
    write_plan(plan_of(tmp_path / "project"), tmp_path / "dist")
    assert "src/old.py" not in names(tmp_path / "dist")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "project")
    before = names(tmp_path / "project")
    with pytest.raises(UserError, match="holds files that no deploy wrote"):
        write_plan(plan, tmp_path / "project")
    assert names(tmp_path / "project") == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "dist").write_text("")
    with pytest.raises(UserError, match="is a file"):
        write_plan(plan_of(tmp_path / "project"), tmp_path / "dist")
