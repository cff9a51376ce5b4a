"""The real tools are there and are the ones that were asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.peers.npm import VERSIONS, environment, run_wrangler, workerd

pytestmark = pytest.mark.peers


def test_wrangler_runs(tmp_path: Path) -> None:
    done = run_wrangler(["--version"], tmp_path)
    assert (done.returncode, done.stdout.decode().strip()) == (0, VERSIONS["wrangler"])


def test_workerd_runs() -> None:
    done = subprocess.run([workerd(), "--version"], env=environment(), capture_output=True, text=True)
    assert done.stdout.startswith("workerd ")
