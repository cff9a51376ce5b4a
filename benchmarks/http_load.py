"""Drive an HTTP route with wrk: a closed loop of keep-alive connections on one thread."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from uuid import uuid4

from benchmarks.figures import Load
from benchmarks.routes import Route

_SCRIPT = Path(__file__).with_suffix(".lua")


def drive(base_url: str, route: Route, *, connections: int, duration_s: float) -> Load:
    """Load of one route. Raises RuntimeError when wrk fails."""
    url = base_url + route.path
    seconds = max(1, round(duration_s))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT), url]
    environment = os.environ | {
        "BENCH_DRIVE": route.drive.value,
        "BENCH_PATH": route.path,
        "BENCH_RUN": uuid4().hex[:8],
    }
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"wrk failed on {url}: {run.stderr.strip() or run.stdout.strip()}")
    return Load(**json.loads(run.stderr.splitlines()[-1]))
