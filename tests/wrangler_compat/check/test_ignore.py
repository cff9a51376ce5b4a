from __future__ import annotations

from pathlib import Path

from tests.wrangler_compat.check.projects import DEFAULT, check, found, write

SLEEP = "import time\ndef wait():\n    time.sleep(1)"


def test_a_comment_silences_a_rule_on_its_line(tmp_path: Path) -> None:
    assert found(tmp_path, f"{SLEEP}  # edge: ignore[blocking-sleep]\n{DEFAULT}") == []
    assert found(tmp_path, f"{SLEEP}  # tests only; edge:ignore[thread, blocking-sleep]\n{DEFAULT}") == [
        ("blocking-sleep", "entry.py", 3)
    ]


def test_several_rules(tmp_path: Path) -> None:
    line = "KEY = random.choice([time.time()])"
    code = f"import random, time\n{line}  # edge: ignore[global-random, global-clock]\n{DEFAULT}"
    assert found(tmp_path, code) == []


def test_in_the_configuration(tmp_path: Path) -> None:
    config = write(tmp_path)
    text = config.read_text()
    config.write_text(text.replace('"name": "app",', '"name": "my_app", // edge: ignore[worker-name]'))
    assert check(config) == []
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text().replace("= []", '= ["uvloop"]  # edge: ignore[native-package]'))
    assert check(config) == []


def test_a_comment_without_effect_is_found(tmp_path: Path) -> None:
    config = write(tmp_path, f"{DEFAULT}# edge: ignore[thread]\nA = 1  # edge: ignore[tread]\n")
    assert [(one.rule, one.place.line, one.reason) for one in check(config)] == [
        ("unused-ignore", 5, "ignore[thread]: there is nothing to silence here"),
        ("unused-ignore", 6, "ignore[tread]: there is no such rule"),
    ]


def test_only_comments_count(tmp_path: Path) -> None:
    assert found(tmp_path, f'HELP = "# edge: ignore[thread]"\n{DEFAULT}') == []
