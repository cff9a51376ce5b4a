"""The authorizer's decisions and the cutting of SQL text."""

from __future__ import annotations

import pytest

from edge.sql.logic.rules import Action, Verdict, decide, has_statement, is_reserved, semicolons


@pytest.mark.parametrize(
    ("action", "first", "second", "verdict"),
    [
        (Action.SELECT, None, None, Verdict.ALLOW),
        (Action.RECURSIVE, None, None, Verdict.ALLOW),
        (Action.READ, "t", "c", Verdict.ALLOW),
        (Action.READ, "_cf_KV", "key", Verdict.DENY),
        (Action.READ, "_CF_kv", "key", Verdict.DENY),
        (Action.CREATE_TABLE, "t", None, Verdict.ALLOW),
        (Action.CREATE_TABLE, "_cf_x", None, Verdict.DENY),
        (Action.CREATE_INDEX, "_cf_i", "t", Verdict.DENY),
        (Action.CREATE_INDEX, "i", "_cf_KV", Verdict.DENY),
        (Action.CREATE_TRIGGER, "g", "t", Verdict.ALLOW),
        (Action.CREATE_TEMP_TABLE, "t", None, Verdict.DENY),
        (Action.CREATE_TEMP_VIEW, "t", None, Verdict.DENY),
        (Action.CREATE_TEMP_TRIGGER, "t", None, Verdict.DENY),
        (Action.CREATE_TEMP_INDEX, "t", None, Verdict.DENY),
        (Action.ATTACH, "x", None, Verdict.DENY),
        (Action.DETACH, "x", None, Verdict.DENY),
        (Action.TRANSACTION, "BEGIN", None, Verdict.TRANSACTION),
        (Action.SAVEPOINT, "BEGIN", "a", Verdict.TRANSACTION),
        (Action.CREATE_VTABLE, "t", "fts5", Verdict.ALLOW),
        (Action.CREATE_VTABLE, "t", "FTS5", Verdict.ALLOW),
        (Action.CREATE_VTABLE, "t", "fts5vocab", Verdict.ALLOW),
        (Action.CREATE_VTABLE, "t", "rtree", Verdict.ALLOW),
        (Action.CREATE_VTABLE, "t", "rtree_i32", Verdict.ALLOW),
        (Action.CREATE_VTABLE, "t", "fts4", Verdict.DENY),
        (Action.FUNCTION, None, "abs", Verdict.ALLOW),
        (Action.FUNCTION, None, "JSON_EXTRACT", Verdict.ALLOW),
        (Action.FUNCTION, None, "->>", Verdict.ALLOW),
        (Action.FUNCTION, None, "sqlite_version", Verdict.DENY),
        (Action.FUNCTION, None, "sqlite_source_id", Verdict.DENY),
        (Action.FUNCTION, None, "median", Verdict.UNKNOWN_FUNCTION),
        (Action.ANALYZE, "t", None, Verdict.ALLOW),
        (Action.REINDEX, "i", None, Verdict.ALLOW),
        (99, None, None, Verdict.DENY),
        (Action.PRAGMA, "table_list", None, Verdict.ALLOW),
        (Action.PRAGMA, "table_info", "t", Verdict.ALLOW),
        (Action.PRAGMA, "table_info", "_cf_KV", Verdict.DENY),
        (Action.PRAGMA, "table_info", None, Verdict.DENY),
        (Action.PRAGMA, "page_size", None, Verdict.ALLOW),
        (Action.PRAGMA, "page_size", "8192", Verdict.DENY),
        (Action.PRAGMA, "data_version", None, Verdict.ALLOW),
        (Action.PRAGMA, "foreign_keys", "ON", Verdict.ALLOW),
        (Action.PRAGMA, "foreign_keys", None, Verdict.ALLOW),
        (Action.PRAGMA, "foreign_keys", "maybe", Verdict.DENY),
        (Action.PRAGMA, "defer_foreign_keys", "1", Verdict.ALLOW),
        (Action.PRAGMA, "foreign_key_check", None, Verdict.ALLOW),
        (Action.PRAGMA, "quick_check", "t", Verdict.ALLOW),
        (Action.PRAGMA, "optimize", "0x10002", Verdict.ALLOW),
        (Action.PRAGMA, "optimize", "t", Verdict.DENY),
        (Action.PRAGMA, "journal_mode", None, Verdict.DENY),
        (Action.PRAGMA, "writable_schema", "1", Verdict.DENY),
    ],
)
def test_decisions(action: int, first: str | None, second: str | None, verdict: Verdict) -> None:
    assert decide(action, first, second, "SELECT 1") is verdict


@pytest.mark.parametrize(
    ("sql", "verdict"),
    [
        ("ALTER TABLE t RENAME TO u", Verdict.ALLOW),
        ("ALTER TABLE t RENAME TO _cf_t", Verdict.DENY),
        ('alter table t rename\n to "_CF_t"', Verdict.DENY),
        ("ALTER TABLE t ADD COLUMN c", Verdict.ALLOW),
    ],
)
def test_the_target_of_a_rename_counts(sql: str, verdict: Verdict) -> None:
    assert decide(Action.ALTER_TABLE, "main", "t", sql) is verdict


def test_reserved_names_begin_with_cf_in_any_case() -> None:
    assert [is_reserved(name) for name in ("_cf_KV", "_CF_x", "_c", "cf_x", None)] == [True, True, False] + [
        False
    ] * 2


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", True),
        ("  /* c */ SELECT 1", True),
        ("", False),
        (" ; ;", False),
        ("-- comment", False),
        ("/* unfinished", False),
        ("-- c\nSELECT 1", True),
    ],
)
def test_has_statement(sql: str, expected: bool) -> None:
    assert has_statement(sql) is expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a;b;", [1, 3]),
        ("';';", [3]),
        ("'it''s;';", [8]),
        ('";"', []),
        ("[;]", []),
        ("`;`", []),
        ("-- ;\n;", [5]),
        ("/* ; */;", [7]),
    ],
)
def test_semicolons_outside_of_quotes_and_comments(sql: str, expected: list[int]) -> None:
    assert semicolons(sql) == expected
