"""A process that is killed while it writes: everything it acknowledged is there, and nothing is torn."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ACKNOWLEDGED_MIN = 400


@pytest.mark.slow
def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"
    command = [sys.executable, "-m", "tests.edge.kv.crash_writer", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(ACKNOWLEDGED_MIN)]
        process.kill()
        lines += process.stdout.readlines()
    last: dict[int, int] = {}
    for line in lines:
        if line.endswith(b"\n"):  # the last line may be cut off
            writer, number = map(int, line.split())
            last[writer] = number
    assert set(last) == set(range(8))

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    query = "SELECT key, value, metadata FROM _mf_entries LEFT JOIN _edge_values USING (blob_id)"
    stored = {key: (value, metadata) for key, value, metadata in connection.execute(query)}
    orphans = "SELECT count(*) FROM _edge_values WHERE blob_id NOT IN (SELECT blob_id FROM _mf_entries)"
    assert connection.execute(orphans).fetchone() == (0,)
    connection.close()
    for writer, acknowledged in last.items():
        for number in range(max(0, acknowledged - 19), acknowledged + 1):
            value, metadata = stored[f"w{writer}:{number % 20}"]
            found = json.loads(metadata)[0]
            assert value == b"%d" % found * 50, "value and metadata are of one write"
            # The same slot may hold the one write that came 20 later, not yet acknowledged.
            assert found in (number, number + 20)
