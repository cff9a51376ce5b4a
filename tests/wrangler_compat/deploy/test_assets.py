from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import AssetsConfig
from edge.errors import UserError
from wrangler_compat.deploy import assets
from wrangler_compat.deploy.assets import asset_files, asset_hash, asset_settings


def test_the_files_of_a_folder_without_those_about_it(tmp_path: Path) -> None:
    for name in ("index.html", "a/b c.txt", "_headers", ".assetsignore", "no.map"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("*.map" if name == ".assetsignore" else name)
    found = asset_files(AssetsConfig(tmp_path))
    assert [(file.path, file.size_bytes) for file in found] == [("/index.html", 10), ("/a/b c.txt", 9)]


def test_the_hash_covers_content_and_extension() -> None:
    # Made with blake3-wasm 2.1.5, which wrangler uses.
    assert asset_hash(b"hello", "a.html") == "a2b82584e50075886b08927390f2f573"
    assert asset_hash(b"hello", "b.html") == "a2b82584e50075886b08927390f2f573"
    assert asset_hash(b"hello", "a") == "324ea05bea4d7f75b8d9ed695e65b2ca"


def test_settings_hold_the_rules_as_text(tmp_path: Path) -> None:
    (tmp_path / "_redirects").write_text("/a /b")
    configured = {"directory": "x", "html_handling": "none", "binding": "ASSETS"}
    assert asset_settings(AssetsConfig(tmp_path), configured) == {
        "html_handling": "none",
        "_redirects": "/a /b",
    }


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "SIZE_MAX_BYTES", 4)
    (tmp_path / "big").write_bytes(b"12345")
    with pytest.raises(UserError, match="Asset too large"):
        asset_files(AssetsConfig(tmp_path))


def test_code_of_a_pages_project_is_not_published_by_mistake(tmp_path: Path) -> None:
    (tmp_path / "_worker.js").write_text("secret")
    with pytest.raises(UserError, match="would make code of the server public"):
        asset_files(AssetsConfig(tmp_path))
    (tmp_path / ".assetsignore").write_text("")
    assert [file.path for file in asset_files(AssetsConfig(tmp_path))] == ["/_worker.js"]
