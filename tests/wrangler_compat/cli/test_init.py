"""`edge init` as it is typed, and what it made as it is served."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from edge.errors import UserError
from tests.examples.serving import serving
from wrangler_compat.cli.init import command
from wrangler_compat.init.catalogue import TEMPLATES


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def edge_init(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_list() -> None:
    said = edge_init("--list").stdout
    assert [line.split()[0] for line in said.splitlines()] == list(TEMPLATES)


def test_it_says_what_it_made_and_what_is_next() -> None:
    said = edge_init("shop", "--template", "kv").stdout
    assert "  shop/wrangler.jsonc\n" in said
    assert said.endswith(
        "\nNext:\n"
        "  cd shop\n"
        "  edge dev     # serve it, and reload when it changes\n"
        "  pytest       # run its test\n"
    )
    assert "NOTES" in Path("shop/wrangler.jsonc").read_text()


def test_it_says_what_a_template_needs() -> None:
    assert "\n  pip install fastapi\n  edge dev " in edge_init("shop", "--template", "fastapi").stdout


def test_a_name_with_spaces_is_quoted_for_the_shell() -> None:
    assert "\n  cd 'My Shop'\n" in edge_init("My Shop").stdout


def test_without_a_terminal_it_asks_nothing(tmp_path: Path) -> None:
    assert "cd" not in edge_init().stdout
    assert "Hello from the edge!" in (tmp_path / "src" / "entry.py").read_text()


def test_on_a_terminal_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wrangler_compat.cli.init._is_terminal", lambda: True)
    answer = CliRunner().invoke(command, input="\nhallo\nkv\n", catch_exceptions=False)
    assert "Folder [my-worker]: " in answer.stdout
    assert "'hallo' is not one of" in answer.stdout
    assert "NOTES" in Path("my-worker/wrangler.jsonc").read_text()


def test_mistakes() -> None:
    with pytest.raises(UserError, match='there is no template "flask"; there are hello, kv,'):
        edge_init("shop", "--template", "flask")
    assert not Path("shop").exists()


def test_a_configuration_above_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "wrangler.json").write_text("{}")
    assert f"{tmp_path / 'wrangler.json'} comes before it" in edge_init("shop").stderr


@pytest.mark.slow
def test_what_it_made_is_served(tmp_path: Path) -> None:
    edge_init("shop", "--template", "durable-object")
    with serving(tmp_path / "shop", tmp_path / "state") as server:
        assert httpx.get(f"{server.url}/a").text == "/a: visit number 1\n"
        assert httpx.get(f"{server.url}/a").text == "/a: visit number 2\n"
