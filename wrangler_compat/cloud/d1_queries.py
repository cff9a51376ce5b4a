"""Queries on a D1 database. All statements of a call are one transaction.

Source: spec wrangler.md section 7.3, runtime.md section 13; Cloudflare: "D1 API, Query database".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.d1.store import Answer, Query, QueryFailed, Store
from edge.js.errors import JsException
from edge.sql.statements import statements
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.d1_databases import DATABASE, database_of
from wrangler_compat.cloud.envelope import Refusal, answer

#: How the rows of an answer are shown.
Shape = Callable[[Answer], Any]


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "POST", DATABASE + "/query", _query),
        account_route(cloud, "POST", DATABASE + "/raw", _raw),
    ]


async def ran(store: Store, queries: Sequence[Query]) -> list[Answer]:
    """Run queries in one transaction. Raises `Refusal` (7500), and then nothing has changed."""
    try:
        return await store.run(queries)
    except QueryFailed as failed:
        raise Refusal(400, 7500, failed.text) from None


def queries_of(sql: str, parameters: Sequence[Any] = ()) -> list[Query]:
    """The statements of a text; parameters are for a single one. Raises `Refusal`."""
    try:
        texts = statements(sql)
    except JsException as error:
        raise Refusal(400, 7500, str(error.message)) from None
    if parameters and len(texts) > 1:
        raise Refusal(400, 7500, "A prepared SQL statement must contain only one statement.")
    return [Query(text, tuple(map(_parameter, parameters))) for text in texts]


def meta_shown(answers: Sequence[Answer]) -> dict[str, Any]:
    """What queries did and cost, together."""
    last = answers[-1].meta
    duration_ms = sum(found.meta.duration_ms for found in answers)
    return {
        "served_by": "edge.cloud",
        "served_by_primary": True,
        "duration": duration_ms,
        "timings": {"sql_duration_ms": duration_ms},
        "changes": sum(found.meta.changes for found in answers),
        "last_row_id": last.last_row_id,
        "changed_db": any(found.meta.changed_db for found in answers),
        "size_after": last.size_after_bytes,
        "rows_read": sum(found.meta.rows_read for found in answers),
        "rows_written": sum(found.meta.rows_written for found in answers),
        "total_attempts": 1,
    }


async def _query(call: Call) -> Response:
    return await _answered(
        call, lambda found: [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    )


async def _raw(call: Call) -> Response:
    return await _answered(call, lambda found: {"columns": found.columns, "rows": found.rows})


async def _answered(call: Call, shape: Shape) -> Response:
    _, store = database_of(call)
    body = await call.json_object()
    batch = body.get("batch", [body])
    if not isinstance(batch, list):
        raise Refusal(400, 7400, "batch must be an array of queries")
    answers = await ran(store, [query for entry in batch for query in _queries(entry)])
    return answer(
        [{"results": shape(found), "success": True, "meta": meta_shown([found])} for found in answers]
    )


def _queries(entry: Any) -> list[Query]:
    if not isinstance(entry, dict) or not isinstance(entry.get("sql"), str):
        raise Refusal(400, 7400, "a query is an object with 'sql', and perhaps 'params'")
    parameters = entry.get("params") or []
    if not isinstance(parameters, list):
        raise Refusal(400, 7400, "params must be an array")
    return queries_of(entry["sql"], parameters)


def _parameter(value: Any) -> None | float | str:
    """A JSON value as SQLite takes it: numbers are doubles, as from a Worker."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    raise Refusal(400, 7400, "params may be texts, numbers, booleans and null")
