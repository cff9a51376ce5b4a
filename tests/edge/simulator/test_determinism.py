"""The same seed gives the same trace, byte for byte, also in another process; another seed gives another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edge.simulator.digest import traced
from tests.edge.simulator.probes import PROBE

ROOT = Path(__file__).parents[3]


def test_a_seed_repeats_and_another_differs() -> None:
    digest, outcome = traced(1)
    again, repeated = traced(1)
    assert again == digest
    assert repeated.as_json() | {"real_s": 0} == outcome.as_json() | {"real_s": 0}
    assert set(outcome.faults) >= {"crash", "loss", "commit_slow"}
    assert traced(2)[0] != digest


def test_the_order_of_simultaneous_things_is_part_of_the_seed(tmp_path: Path) -> None:
    crowd = tmp_path / "crowd.py"
    crowd.write_text('ARRIVALS = "burst"\n' + (PROBE / "workload.py").read_text())
    seeded, _ = traced(1, profile="none", faults=None, workload=crowd)
    fifo, _ = traced(1, profile="none", faults=None, workload=crowd, schedule="fifo")
    assert seeded != fifo


@pytest.mark.slow
def test_processes_with_other_hash_seeds_agree() -> None:
    digests = [
        subprocess.run(
            [sys.executable, "-m", "tests.edge.simulator.digest", "3", "1"],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "4242")
    ]
    assert len(set(digests)) == 1
