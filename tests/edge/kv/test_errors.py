"""Failures of storage name the file and keep their cause."""

from __future__ import annotations

import sqlite3

import pytest

from edge.errors import EdgeError
from edge.kv.errors import KvStorageError, storage_errors


@pytest.mark.parametrize("cause", [sqlite3.OperationalError("disk I/O error"), OSError("no space left")])
def test_storage_errors_name_the_file(cause: Exception) -> None:
    with pytest.raises(KvStorageError) as raised, storage_errors("/x/ns.sqlite"):
        raise cause
    assert str(raised.value) == f"{cause} (/x/ns.sqlite)"
    assert raised.value.__cause__ is cause
    assert isinstance(raised.value, EdgeError)


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), storage_errors("here"):
        raise ZeroDivisionError
