"""`edge cloud` as a process: what it prints, what it keeps, how it stops."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "wrangler_compat.cli.main", "cloud", "--port", "0", "--state"]


@contextmanager
def started(
    state: Path, *arguments: str, accounts: int = 1, told: list[str] | None = None
) -> Iterator[list[dict[str, str]]]:
    """A running `edge cloud`; the variables of each of its accounts. In the end `told` has what it said."""
    with subprocess.Popen([*COMMAND, str(state), *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Ready on http://127.0.0.1:")
        found = []
        for _ in range(accounts):
            assert process.stdout.readline().startswith("# account ")
            lines = [process.stdout.readline().removeprefix("export ").rstrip() for _ in range(5)]
            found.append({name: value for name, _, value in (line.partition("=") for line in lines)})
        try:
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            if told is not None:
                told += process.stdout


def name_of(variables: dict[str, str]) -> str:
    response = httpx.get(
        f"{variables['CLOUDFLARE_API_BASE_URL']}/accounts/{variables['CLOUDFLARE_ACCOUNT_ID']}",
        headers={"authorization": f"Bearer {variables['CLOUDFLARE_API_TOKEN']}"},
    )
    return str(response.json()["result"]["name"])


def test_it_answers_and_keeps_its_accounts(tmp_path: Path) -> None:
    told: list[str] = []
    with started(tmp_path / "state", told=told) as [drawn]:
        assert name_of(drawn) == "local"
        second = subprocess.run([*COMMAND, str(tmp_path / "state")], capture_output=True, text=True)
        assert second.returncode == 1
        assert "another `edge cloud` uses this state" in second.stderr
    [line] = told
    assert line.startswith(f"GET /client/v4/accounts/{drawn['CLOUDFLARE_ACCOUNT_ID']} 200 (")
    chosen = ("--account", "local", "--account", "second", "--token", "chosen")
    with started(tmp_path / "state", *chosen, accounts=2) as [first, other]:
        assert first["CLOUDFLARE_ACCOUNT_ID"] == drawn["CLOUDFLARE_ACCOUNT_ID"]
        assert first["CLOUDFLARE_API_TOKEN"] == "chosen"
        assert name_of(other) == "second"
