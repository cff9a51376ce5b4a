from __future__ import annotations

from click.testing import CliRunner

from benchmarks.sandbox_files import main


def test_every_text_is_measured() -> None:
    result = CliRunner().invoke(main, ["--rounds", "1"])
    assert result.exit_code == 0, result.output
    for row in ("one letter", "code in English", "German", "Chinese"):
        assert row in result.output
