from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wrangler_compat.deploy.projects import ABSENT, plan_of
from wrangler_compat.deploy.metadata import code_update_strategy, migrations_to_send

STEPS = [
    {"tag": "v1", "new_sqlite_classes": ["A"]},
    {"tag": "v2", "renamed_classes": [{"from": "A", "to": "B"}]},
]
FIRST, SECOND = ({key: value for key, value in step.items() if key != "tag"} for step in STEPS)


def test_secrets_are_always_kept_and_variables_when_asked(tmp_path: Path) -> None:
    assert plan_of(tmp_path / "a").metadata["keep_bindings"] == ["secret_text", "secret_key"]
    kept = plan_of(tmp_path / "b", keep_vars=True).metadata["keep_bindings"]
    assert kept == ["plain_text", "json", "secret_text", "secret_key"]


def test_a_plain_worker_sends_nothing_else(tmp_path: Path) -> None:
    assert plan_of(tmp_path).metadata == {
        "main_module": "entry.py",
        "bindings": [],
        "keep_bindings": ["secret_text", "secret_key"],
        "compatibility_date": "2026-10-01",
        "compatibility_flags": ["python_workers"],
    }


@pytest.mark.parametrize(
    ("placement", "sent"),
    [
        ({"mode": "smart"}, {"mode": "smart"}),
        ({"mode": "smart", "hint": "wnam"}, {"mode": "smart", "hint": "wnam"}),
        ({"mode": "off"}, None),
        ({"region": "aws:us-east-1"}, {"mode": "targeted", "region": "aws:us-east-1"}),
    ],
)
def test_placement(tmp_path: Path, placement: dict[str, str], sent: dict[str, str] | None) -> None:
    assert plan_of(tmp_path, placement=placement).metadata.get("placement") == sent


def test_static_files_alone_need_neither_bindings_nor_modules(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {"public/index.html": "hi"}, main=ABSENT, assets={"directory": "public"})
    assert set(plan.metadata) == {"compatibility_date", "compatibility_flags"}


def test_a_container_may_be_named_by_exports(tmp_path: Path) -> None:
    exports = {"Box": {"type": "durable-object", "storage": "sqlite", "container": "box"}}
    container = {"name": "box", "image": "docker.io/library/alpine:3"}
    plan = plan_of(tmp_path, containers=[container], exports=exports)
    assert plan.metadata["containers"] == [{"name": "box"}]


def test_containers_are_named_after_worker_and_class(tmp_path: Path) -> None:
    container = {"class_name": "Box", "image": "docker.io/library/alpine:3"}
    plan = plan_of(tmp_path, containers=[container])
    assert plan.metadata["containers"] == [{"name": "shop-box", "class_name": "Box"}]


@pytest.mark.parametrize(
    ("deployed", "sent"),
    [
        (None, {"new_tag": "v2", "steps": [FIRST, SECOND]}),
        ("v1", {"old_tag": "v1", "new_tag": "v2", "steps": [SECOND]}),
        ("v2", None),
    ],
)
def test_only_what_is_new_is_migrated(deployed: str | None, sent: Any) -> None:
    assert migrations_to_send({"migrations": STEPS}, deployed) == (sent, "")


def test_a_tag_that_nobody_knows_brings_all_of_them_and_a_warning() -> None:
    sent, warning = migrations_to_send({"migrations": STEPS}, "v0")
    assert sent == {"old_tag": "v0", "new_tag": "v2", "steps": [FIRST, SECOND]}
    assert '"v0"' in warning


def test_objects_that_run_get_new_code_within_five_minutes() -> None:
    assert code_update_strategy({}) == {"mode": "deferred", "max_delay": 300}
    assert code_update_strategy({"durable_objects": {"code_update_strategy": {"mode": "immediate"}}}) == {
        "mode": "immediate"
    }
