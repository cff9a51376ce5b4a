"""What `edge --help` costs: nothing is imported for commands that are not called."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

HELP = [sys.executable, "-c", "import sys; sys.argv = ['edge', *sys.argv[1:]]; %s"]
RUN = "from wrangler_compat.cli.main import main; main()"
MODULES = f"import atexit; atexit.register(lambda: print('MODULES', *sys.modules)); {RUN}"
#: Each takes tens of milliseconds.
HEAVY = {"asyncio", "sqlite3", "apsw", "httpx", "rich", "cloudflare", "uvicorn", "edge.world", "sandbox"}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["kv", "key", "put", "-h"],
        ["r2", "object", "put", "-h"],
        ["d1", "execute", "-h"],
    ],
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    done = subprocess.run([*HELP[:2], HELP[2] % MODULES, *words], capture_output=True, text=True, check=True)
    _, _, modules = done.stdout.partition("MODULES ")
    assert "click" in modules.split()
    assert HEAVY.intersection(modules.split()) == set()


@pytest.mark.slow
def test_help_is_there_at_once() -> None:
    def cpu_s() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*HELP[:2], HELP[2] % RUN, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(cpu_s() for _ in range(5)) < 0.150  # not the time of a machine that is busy with other things
