"""What `edge --help` costs: nothing is imported for commands that are not called."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HELP = [sys.executable, "-c", "import sys; sys.argv = ['edge', *sys.argv[1:]]; %s"]
RUN = "from wrangler_compat.cli.main import main; main()"
MODULES = f"import atexit; atexit.register(lambda: print('MODULES', *sys.modules)); {RUN}"
#: Each takes tens of milliseconds.
HEAVY = {"asyncio", "sqlite3", "apsw", "httpx", "rich", "cloudflare", "uvicorn", "edge.world", "sandbox"}


@pytest.mark.parametrize(
    "words", [["--help"], ["kv", "--help"], ["kv", "key", "put", "--help"], ["--version"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    done = subprocess.run([*HELP[:2], HELP[2] % MODULES, *words], capture_output=True, text=True, check=True)
    _, _, modules = done.stdout.partition("MODULES ")
    assert "click" in modules.split()
    assert HEAVY.intersection(modules.split()) == set()


@pytest.mark.slow
def test_help_is_there_at_once() -> None:
    def measure() -> float:
        started_s = time.perf_counter()
        subprocess.run([*HELP[:2], HELP[2] % RUN, "--help"], capture_output=True, check=True)
        return time.perf_counter() - started_s

    assert min(measure() for _ in range(10)) < 0.150
