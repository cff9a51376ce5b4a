"""`ctx.storage`: one object's storage with all its APIs.

Sources: spec durable-objects.md sections 5 to 9; recordings `old_class`, `delete_all`, `bookmarks`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from edge.durable.alarm import Alarm
from edge.durable.arguments import promised
from edge.durable.commits import Commits
from edge.durable.database import Database
from edge.durable.storage_kv import KeyValueOperations
from edge.durable.storage_sql import SqlStorage
from edge.durable.storage_sync import SyncKvStorage
from edge.durable.transactions import DELETE_ALL_REFUSED, run_synchronously, run_transaction
from edge.js.errors import error
from edge.js.functions import js_method
from edge.js.promise import JsPromise
from edge.js.webidl import wrong_type
from edge.sql.database import bookmark_text

_NO_SQL = (
    "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to "
    "`new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If "
    "using workerd directly,set `enableSql = true` in your workerd config for the class. Note that this "
    "change cannot be made after the class is already deployed to production."
)
_NO_SYNC_KV = (
    "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this "
    "object's namespace is not declared to use SQLite. You can use the older, asyncronous interface via "
    "methods of `storage` itself (e.g. `storage.get()`). Alternatively, to enable SQLite, change "
    "`new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or "
    "wrangler.toml file. If using workerd directly, set `enableSql = true` in your workerd config for the "
    "class. Note that this change cannot be made after the class is already deployed to production."
)
_NO_RECOVERY = "This Durable Object's storage back-end does not implement point-in-time recovery."

#: Runs a coroutine as a critical section of the object: nobody else has a turn before it ends.
Exclusive = Callable[[Coroutine[Any, Any, Any]], JsPromise]


class DurableObjectStorage(KeyValueOperations, js_name="DurableObjectStorage"):
    """The storage of one object; `sqlite` says whether its class has the SQL and synchronous APIs."""

    __slots__ = ("_alarm_goes_too", "_exclusive", "_kv", "_sql", "_sync_depth")

    def __init__(
        self,
        database: Database,
        commits: Commits,
        alarm: Alarm,
        *,
        exclusive: Exclusive,
        sqlite: bool,
        delete_all_deletes_alarm: bool,
    ) -> None:
        super().__init__(database, commits, alarm)
        self._exclusive = exclusive
        self._sql = SqlStorage(database, commits) if sqlite else None
        self._kv = SyncKvStorage(database, commits) if sqlite else None
        self._alarm_goes_too = delete_all_deletes_alarm
        self._sync_depth = 0

    def _lose(self, reason: BaseException) -> None:
        super()._lose(reason)
        for face in (self._sql, self._kv):
            if face is not None:
                face._database = self._database

    @property
    def sql(self) -> SqlStorage:
        if self._sql is None:
            raise error(_NO_SQL)
        return self._sql

    @property
    def kv(self) -> SyncKvStorage:
        if self._kv is None:
            raise error(_NO_SYNC_KV)
        return self._kv

    @promised
    def deleteAll(self, options: Any = None) -> None:
        self._options(options, "deleteAll", 1, "PutOptions")
        if self._commits.explicit_depth or self._sync_depth:
            raise error(DELETE_ALL_REFUSED)
        alarm = self._alarm
        kept_ns = alarm.taken_ns if alarm.taken_ns is not None and not alarm.renewed else None
        if not self._alarm_goes_too:
            kept_ns = alarm.stored_ns()
        alarm.changed = alarm.changed or alarm.stored_ns() is not None
        self._database.delete_all()
        if kept_ns is not None:
            self._database.set_alarm_ns(kept_ns)
        elif alarm.taken_ns is not None:
            alarm.renewed = False
        if self._database.in_transaction:
            self._commits.wrote(unconfirmed=False)

    @js_method
    def transaction(self, callback: Any = None, options: Any = None) -> JsPromise:
        if not callable(callback):
            raise wrong_type("transaction", "DurableObjectStorage", 1, "function")
        return self._exclusive(run_transaction(self._database, self._commits, self._alarm, callback))

    @js_method
    def transactionSync(self, callback: Any = None) -> Any:
        if not callable(callback):
            raise wrong_type("transactionSync", "DurableObjectStorage", 1, "function")
        self._sync_depth += 1
        try:
            result = run_synchronously(self._database, self._alarm, self._sync_depth, callback)
        finally:
            self._sync_depth -= 1
        self._commits.wrote(unconfirmed=False)
        return result

    @js_method
    def sync(self) -> JsPromise:
        """Settles when everything written so far is durable."""
        wait = self._commits.pending()
        return JsPromise.resolved() if wait is None else JsPromise.of(wait)

    @promised
    def getCurrentBookmark(self) -> str:
        number = self._database.next_bookmark()
        self._commits.wrote(unconfirmed=True)
        return bookmark_text(number)

    @promised
    def getBookmarkForTime(self, when: Any = None) -> str:
        raise error(_NO_RECOVERY)

    @promised
    def onNextSessionRestoreBookmark(self, bookmark: Any = None) -> str:
        raise error(_NO_RECOVERY)
