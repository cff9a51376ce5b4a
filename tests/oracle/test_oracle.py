"""Replays what the real runtime answered, against the real command.

The recordings are not part of this repository: `EDGE_ORACLE_DIR` names their folder, else the folder
`shared/oracle` beside the repository is used, if it is there.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORACLE = Path(os.environ.get("EDGE_ORACLE_DIR") or ROOT.parent / "shared" / "oracle")

#: Cases that differ, with the reason; all others match in every observation.
DIFFERENCES: dict[str, dict[str, str]] = {}
GROUPS = [
    *("asgi", "bindings", "compat_new", "compat_old", "durable_kv", "durable_rpc"),
    *("durable_sql", "http", "kv", "scheduled", "websocket"),
]
_READY = re.compile(r"Ready on (http://\S+)")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ORACLE.is_dir(), reason=f"the recordings are not there: {ORACLE}"),
]


@contextmanager
def served(project: Path, state: Path, *options: str) -> Iterator[str]:
    """`edge dev` on fresh state; gives its address."""
    command = [sys.executable, "-c", "from wrangler_compat.cli.main import main; main()", "dev", str(project)]
    command += ["--port", "0", "--persist-to", str(state), "--allow-unsupported", *options]
    log = state.with_suffix(".log")
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=output, text=True) as server,
    ):
        assert server.stdout is not None
        found = next((match for line in server.stdout if (match := _READY.search(line))), None)
        assert found, f"the server did not start:\n{log.read_text()}"
        # What it prints from here on must go somewhere, or it would block on a full pipe.
        drain = threading.Thread(target=server.stdout.read)
        drain.start()
        try:
            yield found[1]
        finally:
            stop(server)
            drain.join()


def stop(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.mark.parametrize("group", GROUPS)
def test_recorded_answers(group: str, tmp_path: Path) -> None:
    replay(group, group, tmp_path)


@pytest.mark.parametrize("group", ["asgi", "compat_new", "http", "websocket"])
def test_strict_calls_change_no_recorded_answer(group: str, tmp_path: Path) -> None:
    replay(group, group, tmp_path, "--strict-calls")


def test_strict_bindings_answer_as_raw_ones_did(tmp_path: Path) -> None:
    replay("compat_new", "compat_old", tmp_path, "--strict-ffi")


def replay(project_name: str, group: str, tmp_path: Path, *options: str) -> None:
    """Every recorded answer of `group` is what the project gives, but for the listed differences."""
    project = tmp_path / "project"
    shutil.copytree(ORACLE / "projects" / project_name, project, copy_function=shutil.copyfile)
    cases = ORACLE / "cases" / f"{group}.json"
    with served(project, tmp_path / "state", *options) as address:
        check = [sys.executable, str(ORACLE / "check.py"), address, str(cases)]
        report = subprocess.run(check, capture_output=True, text=True, timeout=110, check=False)
    assert re.search(r"^\d+ passed, \d+ failed", report.stdout, re.MULTILINE), report.stdout + report.stderr
    failed = set(re.findall(r"^FAIL (.*)$", report.stdout, re.MULTILINE))
    assert failed == set(DIFFERENCES.get(group, ())), report.stdout
