from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import UserError
from tests.wrangler_compat.deploy.api import Api, failing
from tests.wrangler_compat.deploy.projects import plan_of

SCRIPT = "/workers/scripts/shop"


def sent(folder: Path, api: Api | None = None, **config: Any) -> dict[str, Any]:
    api = api or Api()
    api.run(plan_of(folder, **config))
    return api.sent


def test_workers_dev_is_on_without_routes_and_off_with_them(tmp_path: Path) -> None:
    assert sent(tmp_path)[f"POST {SCRIPT}/subdomain"] == {"enabled": True}
    found = sent(
        tmp_path, routes=["example.com/*", {"pattern": "a.example.com/*", "zone_name": "example.com"}]
    )
    assert found[f"POST {SCRIPT}/subdomain"] == {"enabled": False}
    assert found[f"PUT {SCRIPT}/routes"] == [
        {"pattern": "example.com/*"},
        {"pattern": "a.example.com/*", "zone_name": "example.com"},
    ]
    both = sent(tmp_path, routes=["example.com/*"], workers_dev=True, preview_urls=False)
    assert both[f"POST {SCRIPT}/subdomain"] == {"enabled": True, "previews_enabled": False}


def test_custom_domains_take_nothing_over(tmp_path: Path) -> None:
    domain = {"pattern": "shop.example.com", "custom_domain": True, "zone_name": "example.com"}
    found = sent(tmp_path, routes=[domain])
    assert f"PUT {SCRIPT}/routes" not in found
    assert found[f"PUT {SCRIPT}/domains/records"] == {
        "override_scope": True,
        "override_existing_origin": False,
        "override_existing_dns_record": False,
        "origins": [{"hostname": "shop.example.com", "zone_name": "example.com"}],
    }


@pytest.mark.parametrize(
    ("triggers", "body"),
    [({"crons": ["0 4 * * *"]}, [{"cron": "0 4 * * *"}]), ({"crons": []}, []), ({}, None)],
)
def test_schedules_are_set_removed_or_left(tmp_path: Path, triggers: dict[str, Any], body: Any) -> None:
    assert sent(tmp_path, triggers=triggers).get(f"PUT {SCRIPT}/schedules") == body


def test_workflows_of_this_worker(tmp_path: Path) -> None:
    flows = [
        {"binding": "A", "name": "a", "class_name": "Flow", "schedules": "0 4 * * *"},
        {"binding": "B", "name": "b", "class_name": "Flow", "script_name": "other"},
    ]
    found = sent(tmp_path, workflows=flows)
    assert found["PUT /workflows/a"] == {
        "script_name": "shop",
        "class_name": "Flow",
        "schedules": [{"cron": "0 4 * * *"}],
    }
    assert "PUT /workflows/b" not in found


CONSUMER = {"queue": "q", "max_batch_size": 10, "max_batch_timeout": 5, "dead_letter_queue": "dead"}
BODY = {
    "type": "worker",
    "script_name": "shop",
    "settings": {"batch_size": 10, "max_wait_time_ms": 5000},
    "dead_letter_queue": "dead",
}


@pytest.mark.parametrize(
    ("consumers", "call"),
    [
        ([], "POST /queues/q1/consumers"),
        ([{"consumer_id": "c0", "script": "other"}], "POST /queues/q1/consumers"),
        ([{"consumer_id": "c1", "script": "shop"}], "PUT /queues/q1/consumers/c1"),
    ],
)
def test_a_consumer_of_a_queue_is_made_or_changed(tmp_path: Path, consumers: list[Any], call: str) -> None:
    api = Api(queues=[{"queue_id": "q1", "queue_name": "q", "consumers": consumers}])
    assert sent(tmp_path, api, queues={"consumers": [CONSUMER]})[call] == BODY


def test_what_cannot_be_set_is_said_and_the_rest_is_set(tmp_path: Path) -> None:
    api = Api(faults={f"PUT {SCRIPT}/routes": failing(403, 10000, "Authentication error")})
    config = {"routes": ["example.com/*"], "triggers": {"crons": ["0 4 * * *"]}}
    with pytest.raises(UserError) as raised:
        api.run(plan_of(tmp_path, queues={"consumers": [CONSUMER]}, **config))
    text = str(raised.value)
    assert text.startswith('Trigger configuration for "shop" was only partially updated:\n\n  Routes:\n')
    assert "Authentication error [code: 10000]" in text
    assert 'Queue consumers:\n    Queue "q" does not exist.' in text
    assert "The new version is live" in text
    assert f"PUT {SCRIPT}/schedules" in api.sent


def test_where_it_can_be_reached(tmp_path: Path) -> None:
    outcome, said = Api().run(
        plan_of(
            tmp_path,
            workers_dev=True,
            routes=[{"pattern": "a.com/*", "zone_id": "z1"}, {"pattern": "b.com", "custom_domain": True}],
            triggers={"crons": ["0 4 * * *"]},
            queues={"producers": [{"binding": "Q", "queue": "q"}]},
        )
    )
    assert outcome.targets == (
        "https://shop.me.workers.dev",
        "a.com/* (zone id: z1)",
        "b.com (custom domain)",
        "schedule: 0 4 * * *",
        "Producer for q",
    )
    assert [line.strip() for line in said[-6:-1]] == list(outcome.targets)
