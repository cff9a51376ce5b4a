from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.api import Api, refusal, result
from tests.wrangler_compat.deploy.projects import plan_of

PUT, VERSIONS = "PUT /workers/scripts/shop", "POST /workers/scripts/shop/versions"
UNBOUND: dict[str, Any] = {
    "kv_namespaces": [{"binding": "MY_NOTES"}],
    "r2_buckets": [{"binding": "FILES"}],
    "d1_databases": [{"binding": "DB", "database_name": "orders"}],
    "queues": {"producers": [{"binding": "JOBS"}]},
}


def empty_account() -> Api:
    """An account in which each resource can be made, and none is there."""
    api = Api()
    api.faults = {
        "GET /storage/kv/namespaces": lambda _: result([]),
        "POST /storage/kv/namespaces": lambda _: result({"id": "n1", "title": "shop-my-notes"}),
        "GET /r2/buckets/shop-files": lambda _: refusal(404, 10006, "The specified bucket does not exist."),
        "POST /r2/buckets": lambda _: result({"name": "shop-files"}),
        "GET /d1/database": lambda _: result([]),
        "POST /d1/database": lambda _: result({"uuid": "d1", "name": "orders"}),
        "POST /queues": lambda _: result({"queue_id": "q1", "queue_name": "shop-jobs"}),
    }
    return api


def test_a_new_worker_gets_what_its_bindings_need(tmp_path: Path) -> None:
    api = empty_account()
    _, said = api.run(plan_of(tmp_path, **UNBOUND))
    assert api.sent[PUT]["metadata"]["bindings"] == [
        {"name": "MY_NOTES", "type": "kv_namespace", "namespace_id": "n1"},
        {"name": "JOBS", "type": "queue", "queue_name": "shop-jobs"},
        {"name": "FILES", "type": "r2_bucket", "bucket_name": "shop-files"},
        {"name": "DB", "type": "d1", "id": "d1"},
    ]
    assert said[:4] == [
        '🌀 Creating KV Namespace "shop-my-notes" for env.MY_NOTES',
        '🌀 Creating Queue "shop-jobs" for env.JOBS',
        '🌀 Creating R2 Bucket "shop-files" for env.FILES',
        '🌀 Creating D1 Database "orders" for env.DB',
    ]


def test_what_an_earlier_try_made_is_found_on_whichever_page(tmp_path: Path) -> None:
    api = empty_account()

    def listed(request: httpx.Request) -> httpx.Response:
        first = [{"id": f"n{number}", "title": f"other-{number}"} for number in range(100)]
        return result(
            first if request.url.params["page"] == "1" else [{"id": "n1", "title": "shop-my-notes"}]
        )

    api.faults["GET /storage/kv/namespaces"] = listed
    api.run(plan_of(tmp_path, kv_namespaces=UNBOUND["kv_namespaces"]))
    assert "POST /storage/kv/namespaces" not in api.calls
    assert api.sent[PUT]["metadata"]["bindings"][0]["namespace_id"] == "n1"


def test_a_worker_that_has_the_binding_keeps_it(tmp_path: Path) -> None:
    api = Api(worker={})
    bound = [{"name": "MY_NOTES", "type": "kv_namespace", "namespace_id": "n1"}]
    api.faults["GET /workers/scripts/shop/settings"] = lambda _: result({"bindings": bound})
    api.run(plan_of(tmp_path, kv_namespaces=UNBOUND["kv_namespaces"]))
    assert api.sent[VERSIONS]["metadata"]["bindings"] == [{"name": "MY_NOTES", "type": "inherit"}]
    assert "GET /storage/kv/namespaces" not in api.calls


def test_a_binding_that_is_new_to_the_worker_gets_its_resource(tmp_path: Path) -> None:
    api = empty_account()
    api.worker = {}
    api.faults["GET /workers/scripts/shop/settings"] = lambda _: result({"bindings": []})
    api.run(plan_of(tmp_path, kv_namespaces=UNBOUND["kv_namespaces"]))
    assert api.sent[VERSIONS]["metadata"]["bindings"][0]["namespace_id"] == "n1"


def test_what_is_not_made_here_is_named(tmp_path: Path) -> None:
    api = Api()
    with pytest.raises(UserError, match=r"edge does not make such: FLAGS \(Flagship\)"):
        api.run(plan_of(tmp_path, flagship=[{"binding": "FLAGS"}]))
    assert api.changes == []


def test_a_bucket_that_cannot_be_looked_at_is_not_made(tmp_path: Path) -> None:
    api = empty_account()
    api.faults["GET /r2/buckets/shop-files"] = lambda _: refusal(403, 10000, "Authentication error")
    with pytest.raises(UserError, match="Authentication error"):
        api.run(plan_of(tmp_path, r2_buckets=UNBOUND["r2_buckets"]))
    assert api.changes == []
