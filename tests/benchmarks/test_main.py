from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import contenders


def test_without_wrk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    result = CliRunner().invoke(command.main, ["--peers", "none"])
    assert result.exit_code == 1
    assert result.output == "Error: wrk is not installed; on Debian: apt-get install wrk\n"


def test_a_peer_that_was_asked_for_must_be_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(contenders, "_PEERS", tmp_path)
    monkeypatch.setattr(contenders, "_MODULES", tmp_path / "node_modules")
    result = CliRunner().invoke(command.main, ["--peers", "miniflare"])
    assert result.exit_code == 1
    assert f"miniflare is not installed: npm install --prefix {tmp_path} wrangler" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--routes", "hello,nope"], "--routes: no nope; there are hello, kv_get, kv_put, do_incr"),
        (
            ["--routes", "ws", "--peers", "nobody"],
            "--peers: no nobody; there are miniflare, workerd, wrangler",
        ),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command.main, arguments)
    assert result.exit_code == 2
    assert message in result.output
