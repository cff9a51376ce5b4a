from __future__ import annotations

from click.testing import CliRunner

from benchmarks.process_engine import main


def test_every_call_is_measured() -> None:
    result = CliRunner().invoke(main, ["--rounds", "2", "--many", "3"])
    assert result.exit_code == 0, result.output
    for row in ("start, no pool", "start, pool of 2", "start 3 at once", "connect to a port", "write a file"):
        assert row in result.output
