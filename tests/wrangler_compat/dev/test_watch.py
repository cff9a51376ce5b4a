from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.config import AssetsConfig, WorkerConfig, WorldConfig
from tests.loops import run
from wrangler_compat.dev.watch import Watched, changes


def watched(root: Path) -> Watched:
    for name in ("src", "public", "python_modules"):
        (root / name).mkdir()
    (root / "src" / "entry.py").write_text("")
    config = root / "wrangler.jsonc"
    config.write_text("{}")
    worker = WorkerConfig(
        "w", root, root / "src" / "entry.py", "2026-10-01", assets=AssetsConfig(root / "public")
    )
    return Watched.of(WorldConfig((worker,)), [config, root / ".dev.vars"])


@pytest.mark.parametrize(
    ("name", "concerned"),
    [
        ("src/entry.py", True),
        ("src/deep/er.html", True),
        ("public/x.css", True),
        ("python_modules/p/__init__.py", True),
        ("wrangler.jsonc", True),
        (".dev.vars", True),
        ("README.md", False),
        (".wrangler/state/v3/kv/x.sqlite", False),
        ("src/__pycache__/entry.cpython-311.pyc", False),
        ("src/.venv/lib/x.py", False),
        ("src/entry.py~", False),
        ("src/.entry.py.swp", False),
    ],
)
def test_what_concerns_a_project(tmp_path: Path, name: str, concerned: bool) -> None:
    assert watched(tmp_path).concerns(tmp_path / name) is concerned


def test_a_main_module_in_the_root(tmp_path: Path) -> None:
    worker = WorkerConfig("w", tmp_path, tmp_path / "entry.py", "2026-10-01")
    project = Watched.of(WorldConfig((worker,)), [])
    assert project.concerns(tmp_path / "entry.py")
    assert not project.concerns(tmp_path / ".wrangler" / "state" / "x")
    assert not project.concerns(tmp_path / "node_modules" / "x.py")


def test_changes_are_seen(tmp_path: Path) -> None:
    project = watched(tmp_path)

    async def check() -> None:
        stop = asyncio.Event()
        found = changes(project, stop)
        for name in ("src/entry.py", ".dev.vars"):
            pending = asyncio.ensure_future(anext(found))
            for attempt in range(100):  # the watch takes a moment to begin
                (tmp_path / name).write_text(f"# {attempt}")
                done, _ = await asyncio.wait([pending], timeout=0.1)
                if done:
                    break
            assert tmp_path / name in await pending
        stop.set()
        await found.aclose()

    run(check())
