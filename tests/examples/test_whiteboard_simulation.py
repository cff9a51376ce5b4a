"""Bad days of the whiteboard: faults, users who come back, nothing confirmed is lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from wrangler_compat.sim.job import Job, run_job

WHITEBOARD = Path(__file__).parents[2] / "examples" / "whiteboard"
JOB = Job(
    configs=(WHITEBOARD / "wrangler.jsonc",),
    workload=WHITEBOARD / "workload.py",
    faults=WHITEBOARD / "faults.toml",
    duration_s=86_400.0,
    sessions=80,
    spans=False,
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_with_faults_breaks_nothing(seed: int) -> None:
    outcome = run_job(JOB, seed)
    assert (outcome.violations, outcome.problems) == ([], [])
    assert outcome.measurements.durations["stroke until confirmed"].count > 300
    assert len(outcome.faults) >= 8


@pytest.mark.parametrize("bug", ["reply-before-commit", "message-reordered"])
def test_under_faults_a_bug_of_the_runtime_is_seen(bug: str) -> None:
    assert not run_job(dataclasses.replace(JOB, sabotage=(bug,)), 1).ok
