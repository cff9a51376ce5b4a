"""docs/simulation.md: its files and commands, run in order, give the output that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge.network.faults.kinds import KINDS
from edge.simulator.checkers import CHECKERS
from edge.simulator.sabotage import SABOTAGE

GUIDE = Path(__file__).parents[2] / "docs" / "simulation.md"
_FILE = re.compile(r"^```\w+ ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^```console\n\$ edge ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REAL_TIME = re.compile(r"in \d+\.\d s")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    for name, text in _FILE.findall(GUIDE.read_text()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "fixed" / "wrangler.jsonc").write_text((folder / "wrangler.jsonc").read_text())
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("command", "output"), _COMMAND.findall(GUIDE.read_text()))
def test_a_command_gives_the_output_that_is_shown(project: Path, command: str, output: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wrangler_compat.cli.main", *command.split()],
        cwd=project,
        env=os.environ | {"COLUMNS": "100", "PYTHONPATH": str(GUIDE.parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    given = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
    assert _REAL_TIME.sub("in N s", given) == _REAL_TIME.sub("in N s", output)
    assert done.returncode == (1 if "replay: " in output or "[ERROR]" in output else 0)


def test_every_invariant_bug_and_fault_stands_in_the_guide() -> None:
    text = GUIDE.read_text()
    for name, checker in CHECKERS.items():
        assert f"| `{name}` | {checker.promise} |" in text
    for name, bug in SABOTAGE.items():
        assert f"| `{name}` | {bug.meaning} | `{bug.breaks}` |" in text
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.meaning} |" in text
