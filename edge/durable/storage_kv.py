"""The asynchronous key-value API, as `ctx.storage` and `txn` have it, with the alarm methods.

Values are kept in V8's serialisation, so that each `get` gives a fresh copy and `wrangler dev` can read
the file. SQLite answers at once: every promise here is settled when it is returned.

Source: spec durable-objects.md sections 5 and 9; recordings `value_types`, `multi`, `bad_arguments`.
"""

from __future__ import annotations

from typing import Any

import apsw

from edge.durable.alarm import Alarm
from edge.durable.arguments import date_ms, flag, is_object, key_range, keys_of, options, promised
from edge.durable.commits import Commits
from edge.durable.database import Database, LostDatabase
from edge.durable.sql_errors import storage_error
from edge.js.collections import JsMap
from edge.js.errors import JsException, type_error
from edge.js.objects import own_items
from edge.js.proxy import JsProxy, jsnull
from edge.js.v8 import deserialize, serialize
from edge.js.webidl import to_string, wrong_type

_UNDEFINED_VALUE = "put() called with undefined value."
_PUT_FORMS = (
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) "
    "or with multiple key-value pairs and optional options as put(entries, options)"
)


class KeyValueOperations(JsProxy):
    """What `ctx.storage` and `txn` share."""

    __slots__ = ("_alarm", "_commits", "_database")

    def __init__(self, database: Database, commits: Commits, alarm: Alarm) -> None:
        self._database: Any = database  # a Database, until the object is lost
        self._commits = commits
        self._alarm = alarm

    def _use(self, operation: str) -> None:
        """Called first by every operation; a transaction that is over refuses here."""

    def _lose(self, reason: BaseException) -> None:
        """The object broke: every later operation raises `reason`."""
        self._database = LostDatabase(reason)

    def _failed(self, failure: apsw.Error) -> JsException:
        """The error of an operation that SQLite refused."""
        if self._database.in_transaction:
            return self._commits.write_failed(failure)
        return storage_error(failure, self._database)

    def _options(self, value: Any, method: str, index: int, expected: str) -> Any:
        return options(value, (method, type(self).js_name, index, expected))

    @promised
    def get(self, keys: Any = None, options: Any = None) -> Any:
        self._use("get()")
        if keys is None:
            raise wrong_type("get", type(self).js_name, 1, "string or Array")
        if options is not None:
            self._options(options, "get", 2, "GetOptions")
        many = None if type(keys) is str else keys_of(keys)
        try:
            if many is None:
                found = self._database.get(keys if type(keys) is str else to_string(keys))
                return None if found is None else deserialize(found)
            return self._get_many(many)
        except apsw.Error as failure:
            raise storage_error(failure, self._database) from failure

    def _get_many(self, keys: list[str]) -> JsMap:
        pairs = ((key, self._database.get(key)) for key in sorted(set(keys)))
        return JsMap((key, deserialize(value)) for key, value in pairs if value is not None)

    @promised
    def put(self, first: Any = None, second: Any = None, third: Any = None) -> None:
        self._use("put()")
        if type(first) is str or (first is not None and not is_object(first)):
            if second is None:
                raise type_error(_UNDEFINED_VALUE)
            entries = [(first if type(first) is str else to_string(first), second)]
            settings = third if third is None else self._options(third, "put", 3, "PutOptions")
        else:
            if first is None:
                raise wrong_type("put", type(self).js_name, 1, "string or object")
            if third is not None or not (second is None or second is jsnull or is_object(second)):
                raise type_error(_PUT_FORMS)
            entries = [(key, value) for key, value in own_items(first) if value is not None]
            settings = None if second is jsnull else second
        self._write(entries, settings)

    def _write(self, entries: list[tuple[str, Any]], settings: Any) -> None:
        # All values before the first write: one that cannot be cloned leaves nothing behind.
        blobs = [(key, serialize(value)) for key, value in entries]
        if not blobs:
            return
        database = self._database
        try:
            for key, blob in blobs:
                database.put(key, blob)
        except apsw.Error as failure:
            raise self._commits.write_failed(failure) from failure
        self._commits.wrote(unconfirmed=settings is not None and flag(settings, "allowUnconfirmed"))

    @promised
    def delete(self, keys: Any = None, options: Any = None) -> bool | int:
        self._use("delete()")
        if keys is None:
            raise wrong_type("delete", type(self).js_name, 1, "string or Array")
        settings = self._options(options, "delete", 2, "PutOptions")
        many = keys_of(keys)
        try:
            count = sum(self._database.delete(key) for key in many or [to_string(keys)]) if many != [] else 0
        except apsw.Error as failure:
            raise self._commits.write_failed(failure) from failure
        if count:
            self._commits.wrote(unconfirmed=flag(settings, "allowUnconfirmed"))
        return bool(count) if many is None else count

    @promised
    def list(self, options: Any = None) -> JsMap:
        self._use("list()")
        span = key_range(self._options(options, "list", 1, "ListOptions"))
        try:
            return JsMap((key, deserialize(value)) for key, value in self._database.pairs(span))
        except apsw.Error as failure:
            raise storage_error(failure, self._database) from failure

    @promised
    def getAlarm(self, options: Any = None) -> Any:
        self._use("getAlarm()")
        self._options(options, "getAlarm", 1, "GetAlarmOptions")
        found = self._alarm.get_ms()
        return jsnull if found is None else found

    @promised
    def setAlarm(self, when: Any = None, options: Any = None) -> None:
        self._use("setAlarm()")
        when_ms = date_ms(when, "setAlarm", type(self).js_name)
        settings = self._options(options, "setAlarm", 2, "SetAlarmOptions")
        self._alarm.set_ms(when_ms)
        self._commits.wrote(unconfirmed=flag(settings, "allowUnconfirmed"))

    @promised
    def deleteAlarm(self, options: Any = None) -> None:
        self._use("deleteAlarm()")
        settings = self._options(options, "deleteAlarm", 1, "SetAlarmOptions")
        if self._alarm.delete():
            self._commits.wrote(unconfirmed=flag(settings, "allowUnconfirmed"))
