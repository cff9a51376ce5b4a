"""A database on Cloudflare.

Source: spec wrangler.md section 7.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from edge.errors import UserError
from edge.kernel.clock import WallClock
from wrangler_compat.cli.d1.access import Result
from wrangler_compat.cli.d1.target import Database
from wrangler_compat.cli.remote import all_pages, segment
from wrangler_compat.cloudflare.account import Account

PATH = "/d1/database"
_TRANSFER_TIMEOUT_S = 300.0
_POLL_EVERY_S = 1.0


class RemoteDatabase:
    """What the commands do with it. `tell` hears of the steps of long work."""

    def __init__(self, account: Account, database_id: str, tell: Callable[[str], object]) -> None:
        self._account = account
        self._path = f"{PATH}/{segment(database_id)}"
        self._tell = tell

    def run(self, statements: Sequence[str]) -> list[Result]:
        """Run statements, which Cloudflare does as one transaction."""
        found = self._account.call("POST", f"{self._path}/query", body={"sql": ";\n".join(statements)})
        return [_result(one) for one in found]

    def ingest(self, sql: str) -> list[Result]:
        """Run a text of SQL, uploaded whole; when it fails, the database is as it was."""
        data = sql.encode()
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        self._tell("├ Checking if file needs uploading")
        begun = self._import(action="init", etag=etag)
        if begun.get("upload_url"):
            self._tell(f"├ 🌀 Uploading {begun['filename']}")
            _transfer("PUT", begun["upload_url"], data)
            begun = self._import(action="ingest", etag=etag, filename=begun["filename"])
        done = self._waited_for(begun, lambda at: self._import(action="poll", current_bookmark=at))
        found = done.get("result") or {}
        meta = dict(found.get("meta") or {})
        row = {
            "Total queries executed": found.get("num_queries", 0),
            "Rows read": meta.get("rows_read", 0),
            "Rows written": meta.get("rows_written", 0),
            "Database size (MB)": f"{meta.get('size_after', 0) / 1e6:.2f}",
        }
        return [Result([row], meta.pop("duration", 0), meta)]

    def dump(self, tables: Sequence[str], *, schema: bool, data: bool) -> str:
        """The database as SQL."""
        options = {"no_schema": not schema, "no_data": not data, "tables": list(tables)}

        def ask(**more: str) -> dict[str, Any]:
            body = {"output_format": "polling", "dump_options": options, **more}
            answer: dict[str, Any] = self._account.call("POST", f"{self._path}/export", body=body)
            return answer

        self._tell("├ Creating export")
        done = self._waited_for(ask(), lambda at: ask(current_bookmark=at))
        return _transfer("GET", done["result"]["signed_url"]).decode()

    def _import(self, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._account.call("POST", f"{self._path}/import", body=body)
        return answer

    def _waited_for(self, state: dict[str, Any], poll: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        import asyncio

        while state.get("status") not in ("complete", "error"):
            for message in state.get("messages") or ():
                self._tell(f"│ {message}")
            asyncio.run(WallClock().sleep(_POLL_EVERY_S))
            state = poll(state["at_bookmark"])
        if state["status"] == "error":
            raise UserError(str(state.get("error") or "; ".join(state.get("errors") or ["it failed"])))
        return state


def database_id(account: Account, database: Database | None, called: str, *, preview: bool = False) -> str:
    """The id of a database on Cloudflare: that of the configuration, else of the one of this name. Raises
    UserError."""
    if preview:
        if database is None or database.preview_id is None:
            raise UserError(f"No \"preview_database_id\" is configured for the D1 database '{called}'.")
        return database.preview_id
    if database is not None and database.id is not None:
        return database.id
    name = called if database is None or database.name is None else database.name
    query = {"per_page": 100, "name": name}
    found = next((one for one in all_pages(account, PATH, query) if one["name"] == name), None)
    if found is None:
        raise UserError(f"Couldn't find DB with name '{called}'")
    return str(found["uuid"])


def _result(found: dict[str, Any]) -> Result:
    meta = dict(found.get("meta") or {})
    return Result(list(found.get("results") or ()), meta.pop("duration", 0), meta)


def _transfer(method: str, url: str, content: bytes | None = None) -> bytes:
    """Send or fetch a file at a URL that needs no token. Raises UserError."""
    try:
        answer = httpx.request(method, url, content=content, timeout=_TRANSFER_TIMEOUT_S)
        answer.raise_for_status()
    except httpx.HTTPError as failure:
        raise UserError(f"The file of SQL could not be transferred: {failure}") from None
    return answer.content
