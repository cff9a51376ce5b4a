"""Which classes exist after a history of migrations, or by declaration."""

from __future__ import annotations

from typing import Any

import pytest

from edge.durable.logic.migrations import (
    MigrationError,
    classes_after_exports,
    classes_after_migrations,
    former_names,
)


@pytest.mark.parametrize(
    ("migrations", "expected"),
    [
        ([], {}),
        ([{"tag": "v1", "new_classes": ["A"]}], {"A": False}),
        ([{"tag": "v1", "new_sqlite_classes": ["A", "B"]}], {"A": True, "B": True}),
        ([{"new_sqlite_classes": ["A"]}, {"deleted_classes": ["A"]}], {}),
        ([{"new_sqlite_classes": ["A"]}, {"renamed_classes": [{"from": "A", "to": "B"}]}], {"B": True}),
        ([{"new_classes": ["A"]}, {"deleted_classes": ["A"]}, {"new_sqlite_classes": ["A"]}], {"A": True}),
        ([{"new_classes": ["A"]}, {"deleted_classes": ["A"], "new_sqlite_classes": ["A"]}], {"A": True}),
    ],
)
def test_history(migrations: list[dict[str, Any]], expected: dict[str, bool]) -> None:
    assert classes_after_migrations(migrations) == expected


@pytest.mark.parametrize(
    ("migrations", "message"),
    [
        ([{"deleted_classes": ["X"]}], "Cannot apply deleted_classes migration to non-existent class X"),
        (
            [{"renamed_classes": [{"from": "X", "to": "Y"}]}],
            "Cannot apply renamed_classes migration to non-existent class X",
        ),
        (
            [{"new_classes": ["X"]}, {"new_classes": ["X"]}],
            "Cannot apply new_classes migration to existing class X",
        ),
        (
            [{"new_classes": ["X"]}, {"new_sqlite_classes": ["X"]}],
            "Cannot apply new_sqlite_classes migration to existing class X",
        ),
    ],
)
def test_refusals(migrations: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(MigrationError) as raised:
        classes_after_migrations(migrations)
    assert str(raised.value) == message


def test_former_names_go_back_to_the_first() -> None:
    history: list[dict[str, Any]] = [
        {"new_sqlite_classes": ["A", "Z"]},
        {"renamed_classes": [{"from": "A", "to": "B"}]},
        {"renamed_classes": [{"from": "B", "to": "C"}, {"from": "Z", "to": "Y"}]},
        {"deleted_classes": ["Y"]},
    ]
    assert former_names(history) == {"C": "A"}


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ({"A": {"type": "durable-object", "storage": "sqlite"}}, {"A": True}),
        ({"A": {"type": "durable-object", "storage": "legacy-kv"}}, {"A": False}),
        ({"A": {"type": "durable-object", "state": "deleted"}}, {}),
        ({"A": {"type": "durable-object", "state": "expecting-transfer"}}, {"A": True}),
        ({"A": {"type": "durable-object", "state": "renamed", "renamed_to": "B"}}, {"B": True}),
        ({"A": {"type": "worker"}}, {}),
    ],
)
def test_declared_exports(exports: dict[str, dict[str, Any]], expected: dict[str, bool]) -> None:
    assert classes_after_exports(exports) == expected


def test_a_rename_to_a_class_that_is_gone_is_refused() -> None:
    gone = {
        "A": {"type": "durable-object", "state": "renamed", "renamed_to": "B"},
        "B": {"type": "durable-object", "state": "deleted"},
    }
    with pytest.raises(MigrationError, match="B is not an existing class"):
        classes_after_exports(gone)
