from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from wrangler_compat.config.search import find_config


def make(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_json_in_a_parent_beats_jsonc_nearby_beats_toml(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    toml = make(inner / "wrangler.toml", "")
    assert find_config(inner) == toml
    jsonc = make(inner / "wrangler.jsonc")
    assert find_config(inner) == jsonc
    parent = make(tmp_path / "wrangler.json")
    assert find_config(inner) == parent


def test_a_file_is_itself(tmp_path: Path) -> None:
    path = make(tmp_path / "other.jsonc")
    assert find_config(path) == path


def test_a_redirect_wins(tmp_path: Path) -> None:
    make(tmp_path / "wrangler.jsonc")
    built = make(tmp_path / "dist" / "wrangler.json")
    make(tmp_path / ".wrangler" / "deploy" / "config.json", '{"configPath": "../../dist/wrangler.json"}')
    assert find_config(tmp_path) == built


def test_bad_redirects(tmp_path: Path) -> None:
    redirect = make(tmp_path / ".wrangler" / "deploy" / "config.json", '{"path": 1}')
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert caught.value.message == f"Failed to parse the deploy configuration file at {redirect}"
    make(redirect, '{"configPath": "gone.json"}')
    with pytest.raises(ConfigError, match=f'There is a deploy configuration at "{redirect}".'):
        find_config(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no wrangler.json, wrangler.jsonc or wrangler.toml in"):
        find_config(tmp_path)
    with pytest.raises(ConfigError, match="does not exist"):
        find_config(tmp_path / "gone")
