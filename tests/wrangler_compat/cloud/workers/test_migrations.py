"""Durable Object classes come, change names and go."""

from __future__ import annotations

from typing import Any

import pytest

from wrangler_compat.cloud.envelope import Refusal
from wrangler_compat.cloud.workers.migrations import Classes, DurableClass, exported, migrated

A, B = DurableClass(sqlite=True, first_name="A"), DurableClass(sqlite=False, first_name="B")


def test_steps_in_order() -> None:
    steps = [
        {"new_sqlite_classes": ["A"], "new_classes": ["B"]},
        {"renamed_classes": [{"from": "A", "to": "C"}]},
        {"deleted_classes": ["B"]},
    ]
    classes, tag = migrated({}, None, {"new_tag": "v3", "steps": steps})
    assert (classes, tag) == ({"C": A}, "v3")
    classes, tag = migrated(classes, tag, {"old_tag": "v3", "new_tag": "v4", "new_classes": ["B"]})
    assert (classes, tag) == ({"C": A, "B": B}, "v4")


@pytest.mark.parametrize(
    ("migrations", "code"),
    [
        ({"old_tag": "v0"}, 10079),
        ({"old_tag": "v1", "new_classes": ["A"]}, 10074),
        ({"old_tag": "v1", "renamed_classes": [{"from": "A", "to": "B"}]}, 10074),
        ({"old_tag": "v1", "renamed_classes": [{"from": "X", "to": "Y"}]}, 10070),
        ({"old_tag": "v1", "deleted_classes": ["X"]}, 10070),
        ({"old_tag": "v1", "transferred_classes": [{}]}, 10021),
    ],
)
def test_what_cannot_be(migrations: dict[str, Any], code: int) -> None:
    classes: Classes = {"A": A, "B": B}
    with pytest.raises(Refusal) as refused:
        migrated(classes, "v1", {"new_tag": "v2", **migrations})
    assert refused.value.code == code


def test_the_declared_form() -> None:
    declared = {"type": "durable-object", "storage": "sqlite"}
    classes = exported({}, {"A": declared, "Handler": {"type": "worker"}})
    assert classes == {"A": A}
    assert exported(classes, {"A": declared}) == classes
    gone = {"A": {"type": "durable-object", "state": "renamed", "renamed_to": "C"}}
    assert exported(classes, gone) == {"C": A}
    assert exported(exported(classes, gone), gone) == {"C": A}
    assert exported(classes, {"A": {"type": "durable-object", "state": "deleted"}}) == {}
    with pytest.raises(Refusal, match="'transferred' of the export 'A' is not emulated"):
        exported(classes, {"A": {"type": "durable-object", "state": "transferred"}})
