"""The file of the control plane: one process at a time, damage is one message."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edge.errors import UserError
from wrangler_compat.cloud.catalogue import Catalogue


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    first = Catalogue(path)
    with pytest.raises(UserError, match="another `edge cloud` uses this state"):
        Catalogue(path)
    first.close()
    Catalogue(path).close()


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    path.write_bytes(b"no database at all, but long enough to look at" * 100)
    with pytest.raises(UserError, match="is damaged"):
        Catalogue(path)


def test_the_state_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    first = Catalogue(path)
    first.change("PRAGMA user_version = 99")
    first.close()
    with pytest.raises(UserError, match="made by another version of edge"):
        Catalogue(path)


def test_a_transaction_that_fails_has_not_happened() -> None:
    catalogue = Catalogue(None)
    insert = "INSERT INTO accounts VALUES (?, ?, ?, 0)"
    catalogue.change(insert, "1", "one", "t1")

    def fails() -> None:
        with catalogue.transaction():
            catalogue.change("DELETE FROM accounts")
            catalogue.change(insert, "2", "two", "t2")
            catalogue.change(insert, "2", "two", "t2")

    with pytest.raises(sqlite3.IntegrityError):
        fails()
    assert [row["id"] for row in catalogue.rows("SELECT id FROM accounts")] == ["1"]
    with catalogue.transaction():
        catalogue.change(insert, "3", "three", "t3")
    assert [row["id"] for row in catalogue.rows("SELECT id FROM accounts")] == ["1", "3"]


def test_a_state_from_before_loses_the_upload_sessions_that_piled_up(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    first = Catalogue(path)
    first.change("CREATE TABLE asset_sessions (id TEXT, manifest TEXT)")
    first.change("INSERT INTO asset_sessions VALUES ('a', '{}')")
    first.close()
    again = Catalogue(path)
    assert again.row("SELECT 1 FROM sqlite_master WHERE name = 'asset_sessions'") is None
    again.close()
