"""What an isolate makes of a project's folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import WorkerConfig
from edge.errors import WorkerLoadError
from edge.js.objects import JsObject
from edge.worker.isolate import Isolate
from wrangler_compat.modules.dialect import PythonDialect


def isolate(root: Path, date: str) -> Isolate:
    config = WorkerConfig("w", root, root / "src" / "entry.py", date, ("python_workers",))
    return Isolate(config, PythonDialect(), JsObject({}))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "entry.py").write_text("import inner")
    (tmp_path / "python_modules" / "sub").mkdir(parents=True)
    (tmp_path / "python_modules" / "sub" / "inner.py").write_text("")
    (tmp_path / "python_modules" / "x.pth").write_text(
        "# comment\n\nimport nothing_of_this_name\nsub\nnone\n"
    )
    return tmp_path


def test_pth_files_add_folders(root: Path) -> None:
    loaded = isolate(root, "2026-05-26")
    assert str(root / "python_modules" / "sub" / "inner.py") in loaded.space.files
    loaded.close()


def test_pth_files_did_nothing_before_their_date(root: Path) -> None:
    with pytest.raises(WorkerLoadError, match="No module named 'inner'"):
        isolate(root, "2026-05-25")


def test_a_main_module_that_exits_does_not_load(root: Path) -> None:
    (root / "src" / "entry.py").write_text("import sys\n\nsys.exit(3)")
    with pytest.raises(WorkerLoadError, match="SystemExit: 3") as raised:
        isolate(root, "2026-10-01")
    assert raised.value.line == 3
