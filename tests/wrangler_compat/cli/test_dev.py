"""A user's mistakes: one message that names the place, exit code 1, no traceback of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.wrangler_compat.dev.running import HELLO, project
from wrangler_compat.cli.dev import command
from wrangler_compat.dev.listener import listen
from wrangler_compat.dev.options import DevOptions

ROOT = Path(__file__).parents[3]


def fails(*arguments: str) -> str:
    found = subprocess.run(
        [sys.executable, "-m", "wrangler_compat.cli.main", "dev", *arguments],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=False,
    )  # fmt: skip
    assert found.returncode == 1, found.stdout + found.stderr
    assert found.stdout == ""
    assert "Traceback" not in found.stderr
    assert found.stderr.startswith("✘ [ERROR] ")
    return found.stderr.removeprefix("✘ [ERROR] ").rstrip("\n")


@pytest.mark.slow
def test_mistakes(tmp_path: Path) -> None:
    folder = project(tmp_path / "app")
    config, entry = folder / "wrangler.jsonc", folder / "src" / "entry.py"

    assert fails(str(tmp_path / "gone")) == f'the folder "{tmp_path / "gone"}" does not exist'
    with listen("localhost", 0) as busy:
        port = busy.getsockname()[1]
        assert fails(str(folder), "--port", str(port)) == (
            f"port {port} on localhost is already in use: stop what uses it, or choose another with --port"
        )

    entry.write_text(HELLO + "\nclass Broken(:\n")
    assert fails(str(folder), "--port", "0") == f"{entry}:7: SyntaxError: invalid syntax"

    entry.write_text("import no_such_package\n")
    message = fails(str(folder), "--port", "0")
    assert message.startswith(f"{entry}:1: ")
    assert "no_such_package" in message

    entry.unlink()
    message = fails(str(folder))
    assert message.startswith(f"{config}:3:3: Processing ")
    assert message.endswith(':3:3: The entry-point file at "src/entry.py" was not found.')

    config.write_text('{\n  "name": "app",\n  "main" "x"\n}')
    assert fails(str(folder)) == f"{config}:3:10: Expecting ':' delimiter"


def test_help_costs_no_start() -> None:
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "wrangler_compat.cli.main", "--help"],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=True,
    )  # fmt: skip
    assert "dev" in found.stdout
    for heavy in ("edge.world", "uvicorn", "starlette", "hypercorn", "edge.http", "sqlite3", "rich"):
        assert f"| {heavy}\n" not in found.stderr.replace("|   ", "| ")


@pytest.mark.parametrize(
    ("flags", "strictness"), [([], None), (["--strict-ffi"], "bindings"), (["--strict-calls"], "calls")]
)
def test_how_strict_it_is(
    flags: list[str], strictness: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the folder comes after the flag."""
    started: list[DevOptions] = []
    monkeypatch.setattr("wrangler_compat.dev.session.run", started.append)
    folder = project(tmp_path / "app")
    answer = CliRunner().invoke(command, [*flags, str(folder)], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    assert [options.strict_ffi for options in started] == [strictness]
