"""D1 databases: made, listed, looked at and removed. They are found by id or by name.

Source: spec wrangler.md section 7.3.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.d1.store import Query, Store
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer, page_of
from wrangler_compat.cloud.identity import timestamp

D1 = "/d1/database"
DATABASE = D1 + "/{database}"
_NAME = re.compile("[A-Za-z0-9_.-]{1,64}")
_SHAPE = r"""
    SELECT count(*) FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE '\_cf\_%' ESCAPE '\'
"""
_PER_PAGE_MAX = 1000


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", D1, _list),
        account_route(cloud, "POST", D1, _create),
        account_route(cloud, "GET", DATABASE, _get),
        account_route(cloud, "DELETE", DATABASE, _remove),
    ]


def database_of(call: Call) -> tuple[sqlite3.Row, Store]:
    """The database in the path: what the catalogue knows of it, and its data. Raises `Refusal`."""
    wanted = call.part("database")
    sql = "SELECT * FROM d1_databases WHERE account = ? AND (id = ? OR name = ?)"
    row = call.cloud.catalogue.row(sql, call.account.id, wanted, wanted)
    if row is None:
        raise Refusal(404, 7404, f"The database {wanted} could not be found")
    return row, call.cloud.products(call.account).database(row["id"])


async def _list(call: Call) -> Response:
    name = call.request.query_params.get("name", "")
    sql = "SELECT * FROM d1_databases WHERE account = ? AND instr(name, ?) ORDER BY created_ms DESC, name"
    rows = call.cloud.catalogue.rows(sql, call.account.id, name)
    return page_of([_shown(row) for row in rows], call.request, per_page_max=_PER_PAGE_MAX)


async def _create(call: Call) -> Response:
    body = await call.json_object()
    name = body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(400, 7400, "name must be 1 to 64 letters, digits, dots, dashes and underscores")
    database_id = call.cloud.random.uuid("cloud.d1_database")
    now_ms, jurisdiction = call.cloud.clock.now_ms(), body.get("jurisdiction")
    try:
        call.cloud.catalogue.change(
            "INSERT INTO d1_databases VALUES (?, ?, ?, ?, ?)",
            database_id, call.account.id, name, now_ms, jurisdiction,
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise Refusal(400, 7502, f"Database with name '{name}' already exists") from None
    row = call.cloud.catalogue.row("SELECT * FROM d1_databases WHERE id = ?", database_id)
    assert row is not None
    return answer(_shown(row))


async def _get(call: Call) -> Response:
    row, store = database_of(call)
    [shape] = await store.run([Query(_SHAPE)])
    size = {"file_size": shape.meta.size_after_bytes, "num_tables": shape.rows[0][0]}
    return answer({**_shown(row), **size})


async def _remove(call: Call) -> Response:
    row, _ = database_of(call)
    call.cloud.catalogue.change("DELETE FROM d1_databases WHERE id = ?", row["id"])
    await call.cloud.products(call.account).remove_database(row["id"])
    return answer(None)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    shown = {
        "uuid": row["id"],
        "name": row["name"],
        "version": "production",
        "created_at": timestamp(row["created_ms"]),
        "read_replication": {"mode": "disabled"},
    }
    return shown if row["jurisdiction"] is None else {**shown, "jurisdiction": row["jurisdiction"]}
