from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import UserError
from wrangler_compat.deploy.secrets_file import read_secrets


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"A": "1", "B": null}', {"A": "1"}),
        ("A=1\n# comment\nexport B='two words'\n", {"A": "1", "B": "two words"}),
        ("A=${HOME}", {"A": "${HOME}"}),
    ],
)
def test_json_or_lines(tmp_path: Path, text: str, found: dict[str, str]) -> None:
    (tmp_path / "s").write_text(text)
    assert read_secrets(tmp_path / "s") == found


@pytest.mark.parametrize("text", ['{"A": 12345}', '["12345"]', "12345", "A12345", ""])
def test_what_is_neither_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "s").write_text(text)
    with pytest.raises(UserError) as raised:
        read_secrets(tmp_path / "s")
    assert "12345" not in str(raised.value)


@pytest.mark.parametrize("name", ["gone", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="the file with secrets cannot be read"):
        read_secrets(tmp_path / name)
