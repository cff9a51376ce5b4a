"""The README's project, made and used as its reader would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from wrangler_compat.cli.main import edge

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```\w+\n(?:#|//) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def project(folder: Path) -> None:
    """Write the files that the README shows; the first line of each names it."""
    for name, text in _BLOCK.findall((ROOT / "README.md").read_text()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_its_test_passes(pytester: pytest.Pytester) -> None:
    project(pytester.path)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "-q").assert_outcomes(passed=1)


def test_its_worker_can_be_simulated(tmp_path: Path) -> None:
    project(tmp_path)
    answer = CliRunner().invoke(edge, ["sim", str(tmp_path), "--duration", "5m", "--sessions", "5"])
    assert answer.exit_code == 0, answer.output
    assert "counted: requests 50" in answer.output


def test_every_page_is_linked() -> None:
    text = (ROOT / "README.md").read_text()
    pages = [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]
    assert [page for page in pages if f"({page})" not in text] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    pages = [path.name for path in sorted(folder.glob("0*.md"))]
    assert [page for page in pages if f"({page})" not in listed] == []
