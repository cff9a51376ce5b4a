"""Runs of the probe, a Worker that touches everything an invariant is about."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from edge.simulator.outcome import Outcome
from wrangler_compat.sim.job import Job, run_job

PROBE = Path(__file__).parent / "probe"
JOB = Job(
    configs=(PROBE / "wrangler.jsonc",),
    workload=PROBE / "workload.py",
    duration_s=7200.0,
    sessions=40,
    spans=False,
)


def run_probe(seed: int = 1, *, sink: Any = None, **changes: Any) -> Outcome:
    """One run of the probe; `changes` are fields of the job."""
    return run_job(dataclasses.replace(JOB, **changes), seed, sink=sink)
