from __future__ import annotations

from importlib.metadata import version

import pytest
from click.testing import CliRunner

from wrangler_compat.cli.main import edge


@pytest.mark.parametrize("flag", ["-v", "--version"])
def test_version(flag: str) -> None:
    answer = CliRunner().invoke(edge, [flag])
    assert (answer.exit_code, answer.output) == (0, f"cortex-edge {version('cortex-edge')}\n")
