"""`ctx.storage.kv`: the key-value pairs of an object without promises.

Source: spec durable-objects.md section 5; recording `sync_kv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apsw

from edge.durable.arguments import key_range, options
from edge.durable.commits import Commits
from edge.durable.database import Database
from edge.durable.logic.key_range import KeyRange
from edge.durable.sql_errors import storage_error
from edge.js.arrays import JsArray
from edge.js.errors import error
from edge.js.functions import js_method
from edge.js.iterators import JsIterator
from edge.js.proxy import JsProxy
from edge.js.v8 import deserialize, serialize
from edge.js.webidl import to_string, wrong_type

_INVALIDATED = (
    "kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() "
    "iterator can exist at a time."
)


class SyncKvStorage(JsProxy, js_name="SyncKvStorage"):
    """Same data as the asynchronous API."""

    __slots__ = ("_commits", "_database", "_listing")

    def __init__(self, database: Database, commits: Commits) -> None:
        self._database = database
        self._commits = commits
        self._listing = 0

    @js_method
    def get(self, key: Any = None) -> Any:
        if key is None:
            raise wrong_type("get", "SyncKvStorage", 1, "string")
        try:
            found = self._database.get(to_string(key))
        except apsw.Error as failure:
            raise storage_error(failure, self._database) from failure
        return None if found is None else deserialize(found)

    @js_method
    def put(self, key: Any = None, value: Any = None) -> None:
        if key is None:
            raise wrong_type("put", "SyncKvStorage", 1, "string")
        if value is None:
            raise wrong_type("put", "SyncKvStorage", 2, "Value")
        blob = serialize(value)
        try:
            self._database.put(to_string(key), blob)
        except apsw.Error as failure:
            raise self._commits.write_failed(failure) from failure
        self._commits.wrote(unconfirmed=False)

    @js_method
    def delete(self, key: Any = None) -> bool:
        if key is None:
            raise wrong_type("delete", "SyncKvStorage", 1, "string")
        try:
            existed = self._database.delete(to_string(key))
        except apsw.Error as failure:
            raise self._commits.write_failed(failure) from failure
        if existed:
            self._commits.wrote(unconfirmed=False)
        return existed

    @js_method
    def list(self, settings: Any = None) -> JsIterator:
        span = key_range(options(settings, ("list", "SyncKvStorage", 1, "ListOptions")))
        self._listing += 1
        return JsIterator(self._pairs(span, self._listing))

    def _pairs(self, span: KeyRange, listing: int) -> Iterator[JsArray]:
        rows = self._database.pairs(span)
        while True:
            if listing != self._listing:
                raise error(_INVALIDATED)
            try:
                row = next(rows, None)
            except apsw.Error as failure:
                raise storage_error(failure, self._database) from failure
            if row is None:
                return
            yield JsArray([row[0], deserialize(row[1])])
