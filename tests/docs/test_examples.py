"""The examples of the user's guides, run as their readers would.

A fenced block whose info string names a file (```python tests/test_ttl.py) is that file of the guide's
project; pytest runs on the project. A Python block without a file is not allowed: nobody would run it.
"""

from __future__ import annotations

import importlib
import re
import runpy
from pathlib import Path

import pytest

# Imported here, so that not each of the runs below imports them anew.
for _name in (
    "edge.durable.host",
    "edge.kv.open",
    "edge.vectorize.binding",
    "edge.testing.queues",
    "wrangler_compat.testing.project",
):
    importlib.import_module(_name)

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ("testing.md", "vectorize.md", "queues.md")  # pytest runs on these
_BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files(guide: str) -> dict[str, str]:
    """The files that a guide shows, by name."""
    blocks = _BLOCK.findall((DOCS / guide).read_text())
    return {name: text for _, name, text in blocks if name}


@pytest.mark.parametrize("guide", GUIDES)
def test_every_python_block_is_a_file(guide: str) -> None:
    blocks = _BLOCK.findall((DOCS / guide).read_text())
    assert [text for language, name, text in blocks if language == "python" and not name] == []
    names = [name for _, name, _ in blocks if name]
    assert len(names) == len(set(names))


def test_the_program_of_the_page_on_tracing_runs(tmp_path: Path) -> None:
    for name, text in files("tracing.md").items():
        runpy.run_path(str(_written(tmp_path / name, text)))


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("guide", GUIDES)
def test_the_examples_run(guide: str, pytester: pytest.Pytester) -> None:
    shown = files(guide)
    for name, text in shown.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # On a busy machine five quiet seconds say nothing about a test.
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-q", "-o", "edge_patience=60s")
    counts = outcome.parseoutcomes()
    assert set(counts) <= {"passed", "warnings", "warning"}
    assert counts["passed"] >= sum(text.count("def test_") for text in shown.values())
