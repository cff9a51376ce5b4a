# ruff: noqa: E501 (one case a line)
"""D1, R2, rate limits and Analytics Engine in wrangler's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import D1Binding, R2Binding, RateLimitBinding
from tests.wrangler_compat.config.projects import loaded, refusal, worker

_NAMES = (
    "Bucket names must begin and end with an alphanumeric character, only contain lowercase letters, "
    "numbers, and hyphens, and be between 3 and 63 characters long."
)


def test_the_preview_id_names_the_data_then_the_id_then_the_binding(tmp_path: Path) -> None:
    found = worker(
        tmp_path,
        {
            "d1_databases": [
                {"binding": "A", "database_id": "id-a", "preview_database_id": "preview-a"},
                {"binding": "B", "database_id": "id-b", "database_name": "b"},
                {"binding": "C", "migrations_dir": "sql", "migrations_table": "m"},
            ],
            "r2_buckets": [
                {"binding": "D", "bucket_name": "bucket-d", "preview_bucket_name": "preview-d"},
                {"binding": "E", "bucket_name": "bucket-e"},
                {"binding": "F", "jurisdiction": "eu"},
            ],
        },
    )
    assert found.d1 == (D1Binding("A", "preview-a"), D1Binding("B", "id-b"), D1Binding("C", "C"))
    assert found.r2 == (R2Binding("D", "preview-d"), R2Binding("E", "bucket-e"), R2Binding("F", "F"))


def test_rate_limits_and_datasets(tmp_path: Path) -> None:
    found = worker(
        tmp_path,
        {
            "ratelimits": [{"name": "RL", "namespace_id": "77", "simple": {"limit": 3, "period": 60}}],
            "analytics_engine_datasets": [{"binding": "AE"}, {"binding": "AF", "dataset": "d"}],
        },
    )
    assert found.rate_limits == (RateLimitBinding("RL", "77", 3, 60),)
    assert found.analytics == ("AE", "AF")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"d1_databases": [{}]}, '"d1_databases[0]" bindings should have a string "binding" field but got {}.'),
        ({"d1_databases": [{"binding": "D", "database_id": 1}]}, '"d1_databases[0]" bindings must have a "database_id" field but got {"binding":"D","database_id":1}.'),
        ({"d1_databases": [{"binding": "D", "migrations_dir": 1}]}, '"d1_databases[0]" bindings should, optionally, have a string "migrations_dir" field but got {"binding":"D","migrations_dir":1}.'),
        ({"d1_databases": [{"binding": "D", "remote": True}]}, '"d1_databases[0]" has "remote": true, and remote bindings are not emulated.'),
        ({"r2_buckets": [{}]}, '"r2_buckets[0]" bindings should have a string "binding" field but got {}.'),
        ({"r2_buckets": [{"binding": "R", "bucket_name": ""}]}, '"r2_buckets[0]" bindings should have a string "bucket_name" field but got {"binding":"R","bucket_name":""}.'),
        ({"r2_buckets": [{"binding": "R", "bucket_name": "A_b"}]}, f'r2_buckets[0].bucket_name="A_b" is invalid. {_NAMES}'),
        ({"r2_buckets": [{"binding": "R", "jurisdiction": 1}]}, '"r2_buckets[0]" bindings should, optionally, have a string "jurisdiction" field but got {"binding":"R","jurisdiction":1}.'),
        ({"ratelimits": [{"namespace_id": "1", "simple": {"limit": 1, "period": 10}}]}, '"ratelimits[0]" bindings must have a string "name" field but got {"namespace_id":"1","simple":{"limit":1,"period":10}}.'),
        ({"ratelimits": [{"name": "R", "namespace_id": "1"}]}, '"ratelimits[0]" bindings must have a "simple" configuration object but got {"name":"R","namespace_id":"1"}.'),
        ({"ratelimits": [{"name": "R", "namespace_id": "1", "simple": {"period": 10}}]}, '"ratelimits[0]" bindings "simple.limit" must be a number but got {"period":10}.'),
        ({"ratelimits": [{"name": "R", "namespace_id": "1", "simple": {"limit": 1}}]}, '"ratelimits[0]" bindings "simple.period" is required and must be a number but got {"limit":1}.'),
        ({"ratelimits": [{"name": "R", "namespace_id": "1", "simple": {"limit": 1, "period": 5}}]}, '"ratelimits[0]" bindings "simple.period" must be either 10 or 60 but got 5.'),
        ({"analytics_engine_datasets": [{"binding": "A", "dataset": ""}]}, '"analytics_engine_datasets[0]" bindings should, optionally, have a string "dataset" field but got {"binding":"A","dataset":""}.'),
        ({"r2_buckets": [{"binding": "X"}], "d1_databases": [{"binding": "X"}]}, "X assigned to D1 Database and R2 Bucket bindings."),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    assert refusal(tmp_path, settings).split("\n")[0] == f"  - {message}"


def test_unknown_fields_warn(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"d1_databases": [{"binding": "D", "colour": 1}]})
    assert 'Unexpected fields found in d1_databases[0] field: "colour"' in found.warnings[0]
