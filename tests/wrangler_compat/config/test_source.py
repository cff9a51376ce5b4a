from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from wrangler_compat.config.source import read


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_syntax_error_names_file_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "wrangler.jsonc", '{\n  "name": "x"\n  "main": "y"\n}')
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:3:3: Expecting ',' delimiter"


def test_a_toml_syntax_error_names_file_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "wrangler.toml", 'name = "x"\nmain = \n')
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:2:8: Invalid value"


def test_toml_positions(tmp_path: Path) -> None:
    source = read(
        write(
            tmp_path,
            "wrangler.toml",
            'name = "x"\n[vars]\nA = 1\n[[kv_namespaces]]\nbinding = "K"\n[[kv_namespaces]]\nbinding = "L"\n',
        )  # fmt: skip
    )
    assert source.position("name") == (1, 1)
    assert source.position("vars", "A") == (3, 1)
    assert source.position("kv_namespaces", 1, "binding") == (7, 1)
    assert source.position("kv_namespaces", 1, "id") == (6, 3)
    assert source.position("nothing") == (None, None)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("wrangler.json", "[1]", "the configuration has to be an object"),
        ("wrangler.json", "", "Expecting value"),
    ],
)
def test_what_is_no_object_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(write(tmp_path, name, text))
    assert caught.value.message == message


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such configuration file"):
        read(tmp_path / "wrangler.jsonc")
    (tmp_path / "wrangler.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "wrangler.json")
