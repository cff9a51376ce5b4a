from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import UserError
from wrangler_compat.init.scaffold import make_project, shadowing_config, worker_name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("My Shop (2)", "my-shop-2"),
        ("--Über--uns--", "uber-uns"),
        ("a" * 62 + "-b", "a" * 62),
    ],
)
def test_names(folder: str, name: str, tmp_path: Path) -> None:
    assert worker_name(tmp_path / folder) == name


def test_a_folder_without_a_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no Worker can be called after"):
        make_project(tmp_path / "日本", "hello")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_may_be_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert "src/entry.py" in make_project(tmp_path, "hello")


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    make_project(tmp_path, "hello")
    entry = tmp_path / "src" / "entry.py"
    entry.write_text("mine")
    with pytest.raises(UserError, match="is not empty: it holds .gitignore, README.md, pyproject.toml"):
        make_project(tmp_path, "kv")
    with pytest.raises(UserError, match="is a file"):
        make_project(entry, "kv")
    with pytest.raises(UserError, match="cannot be written to .*: Not a directory"):
        make_project(entry / "below", "kv")
    assert entry.read_text() == "mine"


def test_a_configuration_above_that_wins(tmp_path: Path) -> None:
    make_project(tmp_path / "shop", "hello")
    assert shadowing_config(tmp_path / "shop") is None
    (tmp_path / "wrangler.json").write_text("{}")
    assert shadowing_config(tmp_path / "shop") == tmp_path / "wrangler.json"
