from __future__ import annotations

from pathlib import Path

import pytest

from tests.wrangler_compat.config.projects import loaded
from wrangler_compat.config.variables import load_secrets


def files(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / ("." + name.replace("__", "."))).write_text(text)


def test_dev_vars_syntax(tmp_path: Path) -> None:
    files(
        tmp_path,
        dev__vars='A=plain\nexport B="a b # c"\nC=\'$A\'\n# note\nD="two\nlines"\nE=\nF=x # tail\nG=${A}\n',
    )
    assert load_secrets(tmp_path, None, {}).values == {
        "A": "plain",
        "B": "a b # c",
        "C": "$A",
        "D": "two\nlines",
        "E": "",
        "F": "x",
        "G": "${A}",
    }


def test_dev_vars_of_the_environment_replaces_the_general_one(tmp_path: Path) -> None:
    files(tmp_path, dev__vars="A=1\nB=1", dev__vars__staging="A=2", env="C=3")
    assert load_secrets(tmp_path, "staging", {}).values == {"A": "2"}
    assert load_secrets(tmp_path, "other", {}).values == {"A": "1", "B": "1"}


def test_env_files_are_merged_and_expanded(tmp_path: Path) -> None:
    files(tmp_path, env="A=1\nB=${A}0", env__local="C=local", env__x="A=x", env__x__local="D=xl")
    assert load_secrets(tmp_path, None, {}).values == {"A": "1", "B": "10", "C": "local"}
    assert load_secrets(tmp_path, "x", {}).values == {"A": "x", "B": "x0", "C": "local", "D": "xl"}


@pytest.mark.parametrize(
    ("process", "values"),
    [
        ({}, {"A": "file"}),
        ({"CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV": "false"}, {}),
        (
            {"CLOUDFLARE_INCLUDE_PROCESS_ENV": "TRUE", "A": "set"},
            {"A": "set", "CLOUDFLARE_INCLUDE_PROCESS_ENV": "TRUE"},
        ),
    ],
)
def test_switches(tmp_path: Path, process: dict[str, str], values: dict[str, str]) -> None:
    files(tmp_path, env="A=file")
    assert load_secrets(tmp_path, None, process).values == values


def test_named_env_files_replace_the_others(tmp_path: Path) -> None:
    files(tmp_path, dev__vars="A=dev", env="A=env")
    (tmp_path / "one").write_text("A=1\nB=1")
    (tmp_path / "two").write_text("B=2")
    found = load_secrets(tmp_path, None, {}, env_files=[tmp_path / "one", tmp_path / "two"])
    assert found.values == {"A": "1", "B": "2"}


def test_a_named_env_file_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    files(tmp_path, env="A=env")
    found = loaded(tmp_path, {}, env_files=(tmp_path / "typo",))
    assert found.world.primary.secrets == {}
    assert found.warnings == (f'there is no file "{tmp_path / "typo"}" (--env-file)',)


def test_secrets_override_vars_and_flags_override_both(tmp_path: Path) -> None:
    files(tmp_path, dev__vars="JSON=text\nFLAG=secret\nNEW=n")
    found = loaded(
        tmp_path, {"vars": {"JSON": {"a": 1}, "FLAG": "var", "KEPT": 5}}, variables={"FLAG": "flag"}
    )
    worker = found.world.primary
    assert {**worker.vars, **worker.secrets} == {"JSON": "text", "FLAG": "flag", "KEPT": 5, "NEW": "n"}
    assert found.notes[0].endswith(".dev.vars")
    assert found.notes[0].startswith("Using secrets defined in ")


def test_required_secrets_limit_what_is_taken(tmp_path: Path) -> None:
    files(tmp_path, env="A=1\nOTHER=2")
    found = loaded(tmp_path, {"secrets": {"required": ["A", "B", "C"]}}, process={"B": "process"})
    assert found.world.primary.secrets == {"A": "1", "B": "process"}
    assert (
        "Missing required secrets: C. Add them to .dev.vars, .env, or set as environment variables."
        in found.warnings[0]
    )


def test_beside_dev_vars_the_process_is_not_asked(tmp_path: Path) -> None:
    files(tmp_path, dev__vars="A=1")
    found = loaded(tmp_path, {"secrets": {"required": ["A", "B"]}}, process={"B": "process"})
    assert found.world.primary.secrets == {"A": "1"}
    assert "Missing required secrets: B." in found.warnings[0]


def test_references_across_env_files(tmp_path: Path) -> None:
    files(tmp_path, env="A=1\nB=$A${NONE:-d}${A:+o}\nC=\\$A\nD=${D}${E}", env__local="E=${A}2")
    assert load_secrets(tmp_path, None, {}).values == {"A": "1", "B": "1do", "C": "$A", "D": "", "E": "12"}
