"""Prints the digest of a run's trace: python -m tests.edge.simulator.digest SEED RUNS"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path
from typing import Any

from edge.simulator.outcome import Outcome
from edge.trace.lines import TraceFile
from tests.edge.simulator.probes import run_probe

FAULTS = Path(__file__).parent / "faults.toml"


def traced(seed: int, **changes: Any) -> tuple[str, Outcome]:
    """The digest of the trace of one run under faults, and what came of it."""
    file = io.StringIO()
    settings = {"spans": True, "duration_s": 900.0, "sessions": 25, "faults": FAULTS} | changes
    outcome = run_probe(seed, sink=TraceFile(file), **settings)
    assert outcome.ok, (outcome.violations, outcome.problems)
    assert file.tell() > 10_000, "a trace of next to nothing proves nothing"
    return hashlib.sha256(file.getvalue().encode()).hexdigest(), outcome


if __name__ == "__main__":
    for _ in range(int(sys.argv[2])):
        print(traced(int(sys.argv[1]))[0])
