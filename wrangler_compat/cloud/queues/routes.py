"""Queues over the API: made, listed, changed, emptied, removed, and who takes from them.

Sources: spec wrangler.md section 7.7; what wrangler 4.164.0 reads of the answers.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.queues.logic.limits import DELAY_S_MAX
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer, page_of
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.queues.queues import Consumer

QUEUES = "/queues"
QUEUE = QUEUES + "/{queue_id}"
_CONSUMERS = QUEUE + "/consumers"
_CONSUMER = _CONSUMERS + "/{consumer_id}"
_NAME = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TYPES = ("worker", "http_pull")
#: wrangler explains this code.
_WRONG_SETTINGS = 100127
_RANGES = {
    "batch_size": (1, 100),
    "max_wait_time_ms": (0, 60_000),
    "max_retries": (0, 100),
    "max_concurrency": (1, 250),
    "retry_delay": (0, DELAY_S_MAX),
}


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", QUEUES, _list),
        account_route(cloud, "POST", QUEUES, _create),
        account_route(cloud, "GET", QUEUE, _get),
        account_route(cloud, "PUT", QUEUE, _change),
        account_route(cloud, "PATCH", QUEUE, _change),
        account_route(cloud, "DELETE", QUEUE, _remove),
        account_route(cloud, "POST", QUEUE + "/purge", _purge),
        account_route(cloud, "GET", _CONSUMERS, _list_consumers),
        account_route(cloud, "POST", _CONSUMERS, _add_consumer),
        account_route(cloud, "PUT", _CONSUMER, _change_consumer),
        account_route(cloud, "DELETE", _CONSUMER, _remove_consumer),
    ]


async def _list(call: Call) -> Response:
    names = call.request.query_params.getlist("name")
    rows = call.cloud.queues.all(call.account.id, names)
    return page_of([_shown(call, row) for row in rows], call.request)


async def _create(call: Call) -> Response:
    body = await call.json_object()
    name = _name(body)
    with _names_differ(name):
        queue_id = call.cloud.queues.make(call.account.id, name, body.get("settings") or {})
    return answer(_shown(call, _found(call, queue_id)))


async def _get(call: Call) -> Response:
    return answer(_shown(call, _found(call)))


async def _change(call: Call) -> Response:
    row, body = _found(call), await call.json_object()
    settings = {**json.loads(row["settings"]), **(body.get("settings") or {})}
    name = _name({"queue_name": row["name"], **body})
    with _names_differ(name):
        call.cloud.queues.change(row["id"], name, settings)
    await call.cloud.deployed(call.account)
    return answer(_shown(call, _found(call)))


async def _remove(call: Call) -> Response:
    row = _found(call)
    call.cloud.queues.remove(row["id"])
    await call.cloud.deployed(call.account)
    await call.cloud.purge_queue(call.account, row["name"])
    return answer(None)


async def _purge(call: Call) -> Response:
    row = _found(call)
    await call.cloud.purge_queue(call.account, row["name"])
    return answer({"started_at": timestamp(call.cloud.clock.now_ms()), "complete": True})


async def _list_consumers(call: Call) -> Response:
    row = _found(call)
    return answer([_shown_consumer(row, one) for one in call.cloud.queues.consumers(row["id"])])


async def _add_consumer(call: Call) -> Response:
    row, body = _found(call), await call.json_object()
    if call.cloud.queues.consumers(row["id"]):
        raise Refusal(409, 11004, f"The queue {row['name']} has a consumer already.")
    return await _put_consumer(call, row, body, None)


async def _change_consumer(call: Call) -> Response:
    row, consumer = _found_consumer(call)
    return await _put_consumer(call, row, await call.json_object(), consumer.id)


async def _put_consumer(
    call: Call, row: sqlite3.Row, body: dict[str, Any], consumer_id: str | None
) -> Response:
    kind, script = body.get("type", "worker"), body.get("script_name")
    if kind not in _TYPES:
        raise Refusal(400, 10012, f"type must be one of {', '.join(_TYPES)}")
    if kind == "worker" and call.cloud.workers.scripts.find(call.account.id, str(script)) is None:
        raise Refusal(404, 10007, f"There is no Worker {script} in this account.")
    _check_settings(row["name"], body)
    consumer_id = call.cloud.queues.put_consumer(row["id"], body, consumer_id)
    await call.cloud.deployed(call.account)
    found = next(one for one in call.cloud.queues.consumers(row["id"]) if one.id == consumer_id)
    return answer(_shown_consumer(row, found))


def _check_settings(queue: str, body: dict[str, Any]) -> None:
    for name, (low, high) in _RANGES.items():
        value = (body.get("settings") or {}).get(name)
        if value is not None and not (type(value) in (int, float) and low <= value <= high):
            raise Refusal(400, _WRONG_SETTINGS, f"{name} must be {low} to {high}.")
    if body.get("dead_letter_queue") == queue:
        raise Refusal(400, _WRONG_SETTINGS, "A queue cannot be its own dead letter queue.")


async def _remove_consumer(call: Call) -> Response:
    _, consumer = _found_consumer(call)
    call.cloud.queues.remove_consumer(consumer.id)
    await call.cloud.deployed(call.account)
    return answer(None)


def _found(call: Call, queue_id: str | None = None) -> sqlite3.Row:
    row = call.cloud.queues.find(call.account.id, queue_id or call.part("queue_id"))
    if row is None:
        raise Refusal(404, 11000, "There is no such queue.")
    return row


def _found_consumer(call: Call) -> tuple[sqlite3.Row, Consumer]:
    row, wanted = _found(call), call.part("consumer_id")
    for one in call.cloud.queues.consumers(row["id"]):
        if one.id == wanted:
            return row, one
    raise Refusal(404, 11000, "The queue has no such consumer.")


def _shown(call: Call, row: sqlite3.Row) -> dict[str, Any]:
    consumers = [_shown_consumer(row, one) for one in call.cloud.queues.consumers(row["id"])]
    producers = [{"type": "worker", "script": name} for name in _producers(call, row["name"])]
    return {
        "queue_id": row["id"],
        "queue_name": row["name"],
        "created_on": timestamp(row["created_ms"]),
        "modified_on": timestamp(row["modified_ms"]),
        "settings": {"delivery_delay": 0, "message_retention_period": 345_600, **json.loads(row["settings"])},
        "producers": producers,
        "producers_total_count": len(producers),
        "consumers": consumers,
        "consumers_total_count": len(consumers),
    }


def _producers(call: Call, queue: str) -> Iterator[str]:
    for script in call.cloud.workers.scripts.all(call.account.id):
        version = call.cloud.workers.current(script)
        bindings = [] if version is None else version.bindings
        if any(one["type"] == "queue" and one["queue_name"] == queue for one in bindings):
            yield script.name


def _shown_consumer(row: sqlite3.Row, consumer: Consumer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "consumer_id": consumer.id,
        "queue_id": row["id"],
        "queue_name": row["name"],
        "type": consumer.type,
        "settings": dict(consumer.settings),
        "created_on": timestamp(consumer.created_ms),
    }
    if consumer.script is not None:
        shown["script"] = consumer.script
    if consumer.dead_letter_queue is not None:
        shown["dead_letter_queue"] = consumer.dead_letter_queue
    return shown


def _name(body: dict[str, Any]) -> str:
    name = body.get("queue_name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(400, 11003, "queue_name must be 1 to 63 lowercase letters, digits and inner dashes.")
    return name


@contextmanager
def _names_differ(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise Refusal(
            409, 11009, f"Queue name '{name}' is already taken. Please use a different name."
        ) from None
