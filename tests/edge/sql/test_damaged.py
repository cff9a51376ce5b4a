"""A file that was cut off or overwritten: said once, with its name, and left as it is."""

from __future__ import annotations

import logging
from pathlib import Path

import apsw
import pytest

from edge.sql.database import SqlDatabase


def filled(path: Path) -> bytes:
    database = SqlDatabase(path)
    database.begin()
    database.cursor().execute("CREATE TABLE t (a)")
    database.cursor().execute("INSERT INTO t VALUES (1)")
    database.commit()
    database.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("keep", "reason"), [(0.5, "database disk image is malformed"), (0, "file is not a database")]
)
def test_a_damaged_file_is_named_and_not_touched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, keep: float, reason: str
) -> None:
    path = tmp_path / "x.sqlite"
    whole = filled(path)
    damaged = whole[: int(len(whole) * keep)] or b"garbage" * 1000
    path.write_bytes(damaged)
    database = SqlDatabase(path)
    with caplog.at_level(logging.ERROR), pytest.raises(apsw.Error):
        database.begin()
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{reason}: {path}. The file is damaged: put a copy of it back")
    assert path.read_bytes() == damaged

    path.write_bytes(whole)
    database.begin()
    assert database.cursor().execute("SELECT a FROM t").fetchall() == [(1,)]
