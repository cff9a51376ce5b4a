# ruff: noqa: E501 (texts and tables stand whole)
from __future__ import annotations

import os
from pathlib import Path

from edge.assets.manifest import KEPT_SIZE_BYTES, Asset, Manifest


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_listing(tmp_path: Path) -> None:
    make(tmp_path, "index.html", "sub/a b.txt", "_headers", "_redirects", "sub/_headers", ".well-known/x")
    manifest = Manifest(tmp_path)
    assert {
        path
        for path in ("/index.html", "/sub/a b.txt", "/sub/_headers", "/.well-known/x")
        if path in manifest
    }
    assert len(manifest) == 4
    assert "/_headers" not in manifest
    assert "/../secret" not in manifest


def test_assetsignore(tmp_path: Path) -> None:
    make(tmp_path, "a.html", "b.map", "drafts/x.html", "keep.map")
    (tmp_path / ".assetsignore").write_text("*.map\n!keep.map\ndrafts/\n")
    manifest = Manifest(tmp_path)
    assert [path for path in ("/a.html", "/keep.map", "/b.map", "/drafts/x.html", "/.assetsignore") if path in manifest] == [
        "/a.html",
        "/keep.map",
    ]  # fmt: skip


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "a/x.txt")
    os.symlink(tmp_path, tmp_path / "a" / "loop")
    assert "/a/x.txt" in Manifest(tmp_path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("one")
    asset = Asset(file, None)
    content, etag = asset.read()
    assert (content, len(etag)) == (b"one", 32)
    assert asset.read() == (content, etag)
    file.write_text("three")
    assert asset.read()[0] == b"three"
    assert asset.read()[1] != etag


def test_large_files_are_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * (KEPT_SIZE_BYTES + 1))
    asset = Asset(file, None)
    assert len(asset.read()[0]) == KEPT_SIZE_BYTES + 1
    assert asset._content is None
