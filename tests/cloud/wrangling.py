"""The real wrangler in front of a cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cloud.running import RunningCloud
from tests.peers.npm import run_wrangler


class Wrangler:
    """Runs the real wrangler in a folder, against a cloud."""

    def __init__(self, cloud: RunningCloud, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder

    def __call__(self, *arguments: str, exit_code: int = 0, stdin: str = "", **environment: str) -> str:
        """What it says on standard output; on both when it shall fail."""
        variables = {**self.cloud.environment, **environment}
        done = run_wrangler(arguments, self.folder, env=variables, stdin=stdin.encode())
        told = f"{done.stdout.decode()}{done.stderr.decode()}"
        assert done.returncode == exit_code, told
        return told if exit_code else done.stdout.decode()

    def json(self, *arguments: str) -> Any:
        """What it says, as JSON."""
        return json.loads(self(*arguments))
