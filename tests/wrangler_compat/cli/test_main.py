from __future__ import annotations

import gc
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from wrangler_compat.cli.main import edge, main


@pytest.mark.parametrize("flag", ["-v", "--version"])
def test_version(flag: str) -> None:
    answer = CliRunner().invoke(edge, [flag])
    assert (answer.exit_code, answer.output) == (0, f"cortex-edge {version('cortex-edge')}\n")


@pytest.mark.parametrize("words", [["kv", "nope"], ["--nope"], ["kv", "key", "put"], ["dev", "--port", "x"]])
def test_a_mistake_in_the_usage_ends_with_1(words: list[str]) -> None:
    answer = CliRunner().invoke(edge, words)
    assert answer.exit_code == 1
    assert "Usage: edge" in answer.stderr
    assert "Error: " in answer.stderr


@pytest.mark.parametrize("words", [[], ["kv"]])
def test_a_group_alone_explains_itself(words: list[str]) -> None:
    answer = CliRunner().invoke(edge, words)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "Commands:\n" in answer.stdout


def test_the_shell_completes_commands_and_flags() -> None:
    answer = CliRunner().invoke(
        edge, [], prog_name="edge",
        env={"_EDGE_COMPLETE": "bash_complete", "COMP_WORDS": "edge kv key put --met", "COMP_CWORD": "4"},
    )  # fmt: skip
    assert answer.stdout == "plain,--metadata\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    answer = CliRunner().invoke(edge, ["completion", shell])
    assert answer.exit_code == 0
    assert f"_EDGE_COMPLETE={shell}_complete" in answer.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("types {file}/env.pyi", "Could not write file: {file}/env.pyi: File exists"),
        ("types /proc/no/env.pyi", "Could not write file: /proc/no/env.pyi: No such file or directory"),
        ("check {long}", "{long} cannot be used: File name too long"),
        *(
            (f"{words} --persist-to {folder}", f"cannot keep data in {folder}: {reason}; choose another")
            for words in (
                "dev --port 0",
                "kv key list --namespace-id x",
                "r2 object delete b/k",
                "vectorize list",
            )
            for folder, reason in (
                ("{file}", "Not a directory"),
                ("{file}/x", "Not a directory"),
                ("{long}", "File name too long"),
            )
        ),
    ],
)
def test_an_impossible_path_is_one_message(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "entry.py").write_text("")
    (tmp_path / "wrangler.jsonc").write_text(
        '{"main": "entry.py", "compatibility_flags": ["python_workers"]}'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gc, "disable", lambda: None)
    paths = {"file": "entry.py", "long": "a" * 300}
    monkeypatch.setattr(sys, "argv", ["edge", *words.format(**paths).split()])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert capsys.readouterr().err.startswith(f"✘ [ERROR] {said.format(**paths)}")


def test_a_command_that_is_misspelt() -> None:
    answer = CliRunner().invoke(edge, ["depoly"])
    assert answer.exit_code == 1
    assert "No such command 'depoly'. Did you mean deploy?" in answer.output
    answer = CliRunner().invoke(edge, ["kv", "xyzzy"])
    assert answer.exit_code == 1
    assert "Did you mean" not in answer.output
