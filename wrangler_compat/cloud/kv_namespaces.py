"""KV namespaces: made, listed, renamed and removed.

Source: spec wrangler.md section 7.2.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.kv.namespace import Namespace
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer, page_of

KV = "/storage/kv/namespaces"
_TITLE_CHARACTERS_MAX = 512
_PER_PAGE_MAX = 1000


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", KV, _list),
        account_route(cloud, "POST", KV, _create),
        account_route(cloud, "GET", KV + "/{namespace_id}", _get),
        account_route(cloud, "PUT", KV + "/{namespace_id}", _rename),
        account_route(cloud, "DELETE", KV + "/{namespace_id}", _remove),
    ]


def store_of(call: Call) -> Namespace:
    """The keys and values of the namespace in the path. Raises `Refusal` when there is none."""
    return call.cloud.kv_store(call.account, _found(call)["id"])


def _found(call: Call) -> sqlite3.Row:
    sql = "SELECT id, title FROM kv_namespaces WHERE account = ? AND id = ?"
    row = call.cloud.catalogue.row(sql, call.account.id, call.part("namespace_id"))
    if row is None:
        raise Refusal(404, 10013, "namespace not found")
    return row


async def _list(call: Call) -> Response:
    order = "title" if call.request.query_params.get("order") == "title" else "id"
    direction = "DESC" if call.request.query_params.get("direction") == "desc" else "ASC"
    sql = f"SELECT id, title FROM kv_namespaces WHERE account = ? ORDER BY {order} {direction}"
    rows = call.cloud.catalogue.rows(sql, call.account.id)
    return page_of([_shown(row) for row in rows], call.request, per_page_max=_PER_PAGE_MAX)


async def _create(call: Call) -> Response:
    title = _title(await call.json_object())
    namespace_id = call.cloud.random.bytes("cloud.kv_namespace", 16).hex()
    with _titles_differ():
        call.cloud.catalogue.change(
            "INSERT INTO kv_namespaces (id, account, title) VALUES (?, ?, ?)",
            namespace_id,
            call.account.id,
            title,
        )
    return answer({"id": namespace_id, "title": title, "supports_url_encoding": True})


async def _get(call: Call) -> Response:
    return answer(_shown(_found(call)))


async def _rename(call: Call) -> Response:
    namespace_id = _found(call)["id"]
    title = _title(await call.json_object())
    with _titles_differ():
        call.cloud.catalogue.change("UPDATE kv_namespaces SET title = ? WHERE id = ?", title, namespace_id)
    return answer({"id": namespace_id, "title": title, "supports_url_encoding": True})


async def _remove(call: Call) -> Response:
    namespace_id = _found(call)["id"]
    call.cloud.catalogue.change("DELETE FROM kv_namespaces WHERE id = ?", namespace_id)
    await call.cloud.forget_kv(call.account, namespace_id)
    return answer(None)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "title": row["title"], "supports_url_encoding": True}


def _title(body: dict[str, Any]) -> str:
    title = body.get("title")
    if not isinstance(title, str) or not 0 < len(title) <= _TITLE_CHARACTERS_MAX:
        raise Refusal(400, 10012, f"title must be a text of 1 to {_TITLE_CHARACTERS_MAX} characters")
    return title


@contextmanager
def _titles_differ() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise Refusal(400, 10014, "a namespace with this account ID and title already exists") from None
