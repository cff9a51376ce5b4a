"""Each template is a whole project: its own tests pass, and they can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.serving import EXAMPLES
from tests.peers.npm import run_wrangler
from wrangler_compat.config import jsonc
from wrangler_compat.init.catalogue import TEMPLATES, project_files
from wrangler_compat.init.scaffold import make_project

pytest_plugins = ["pytester"]

_SHARED = {
    ".gitignore",
    "README.md",
    "pyproject.toml",
    "src/entry.py",
    "tests/test_entry.py",
    "wrangler.jsonc",
}
_BINDINGS = {
    "kv": "NOTES",
    "durable-object": "COUNTERS",
    "websocket": "ROOMS",
    "sandbox": "Sandbox",
    "fastapi": "GREETING",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_in_it(template: str) -> None:
    files = project_files(template, "my-shop")
    assert set(files) >= _SHARED
    assert jsonc.loads(files["wrangler.jsonc"])["name"] == "my-shop"
    assert 'name = "my-shop"' in files["pyproject.toml"]
    assert files["README.md"].startswith("# my-shop\n")
    assert [name for name, text in files.items() if "PROJECT_NAME" in text] == []


@pytest.mark.parametrize("options", [[], ["-o", "edge_strict_ffi=calls"]], ids=["plain", "strict"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_its_own_tests_pass(template: str, options: list[str], pytester: pytest.Pytester) -> None:
    folder = pytester.path / "shop"
    make_project(folder, template)
    given = ["-p", "no:cacheprovider", "--rootdir", str(folder), *options, str(folder)]
    result = pytester.runpytest_inprocess(*given)
    outcome = result.parseoutcomes()
    assert set(outcome) == {"passed"}, result.stdout.str()
    assert outcome["passed"] == project_files(template, "shop")["tests/test_entry.py"].count(
        "async def test_"
    )


def test_its_tests_notice_a_broken_worker(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "shop"
    make_project(folder, "durable-object")
    entry = folder / "src" / "entry.py"
    entry.write_text(entry.read_text().replace(" + 1\n", " + 2\n"))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--rootdir", str(folder), str(folder))
    result.assert_outcomes(failed=3)


def test_hello_is_the_example() -> None:
    example = (EXAMPLES / "hello" / "src" / "entry.py").read_text()
    assert project_files("hello", "hello")["src/entry.py"] == example


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_real_wrangler_takes_it(template: str, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    make_project(folder, template)
    # Without Docker the image of a container cannot be built; everything else is checked the same.
    options = ["--dry-run", "--outdir", str(tmp_path / "out"), "--containers-rollout", "none"]
    answer = run_wrangler(["deploy", *options], folder)
    said = (answer.stdout + answer.stderr).decode()
    assert answer.returncode == 0, said
    assert "WARNING" not in said
    binding = _BINDINGS.get(template)
    assert binding is None or f"env.{binding}" in said
