"""The key-value APIs at their JavaScript face: values, forms of call, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from edge.durable.host import DurableHost
from edge.durable.storage import DurableObjectStorage
from edge.js.arrays import JsArray
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull
from tests.edge.durable.code import hosting
from tests.loops import run_virtual


class Keeper:
    """Runs a test's function with its storage."""

    script: Any
    result: Any = None

    def __init__(self, ctx: Any, env: Any) -> None:
        self.storage: DurableObjectStorage = ctx.storage

    async def run(self) -> None:
        type(self).result = await type(self).script(self.storage)

    async def alarm(self, info: Any) -> None:
        """There for setAlarm()."""


def inside(script: Any, **options: Any) -> Any:
    """Run `script(storage)` inside an object."""

    async def main() -> Any:
        async with hosting(Keeper, **options) as host:
            await call(host, script)
            return Keeper.result

    return run_virtual(main())


async def call(host: DurableHost, script: Any) -> None:
    Keeper.script = staticmethod(script)
    await host.namespace().getByName("a").run()


def refusal(script: Any, **options: Any) -> str:
    with pytest.raises(JsException) as raised:
        inside(script, **options)
    # The plain dialect lets errors of JavaScript through.
    return str(raised.value)


@pytest.mark.parametrize(
    "value",
    [1, 1.5, -0.5, "é🎉", True, False, jsnull, JsBigInt(2**70), "", 2**53 - 2],
    ids=repr,
)
def test_plain_values_come_back(value: Any) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("k", value)
        return await storage.get("k")

    found = inside(script)
    assert found == value
    assert type(found) is type(value)


def test_each_get_gives_a_fresh_copy() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("k", JsArray([1]))
        first = await storage.get("k")
        first.push(2)
        return list(first), list(await storage.get("k"))

    assert inside(script) == ([1, 2], [1])


def test_many_keys_at_once() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put(JsObject({"b": 1, "a": 2, "c": jsnull, "skipped": None}))
        found = await storage.get(JsArray(["c", "b", "zz", "a"]))
        return [
            list(found.items()),
            await storage.delete(JsArray(["a", "b", "zz", "b"])),
            await storage.delete(JsArray([])),
            await storage.delete("c"),
            await storage.delete("c"),
            list(await storage.list()),
        ]

    assert inside(script) == [[("a", 2), ("b", 1), ("c", jsnull)], 2, 0, True, False, []]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, ["a", "b", "c", "d"]),
        ({"start": "b"}, ["b", "c", "d"]),
        ({"startAfter": "b"}, ["c", "d"]),
        ({"end": "c"}, ["a", "b"]),
        ({"start": "b", "end": "b"}, []),
        ({"prefix": "c"}, ["c"]),
        ({"reverse": True}, ["d", "c", "b", "a"]),
        ({"limit": 2}, ["a", "b"]),
        ({"limit": 2, "reverse": True}, ["d", "c"]),
        ({"noCache": True, "allowConcurrency": True}, ["a", "b", "c", "d"]),
    ],
)
def test_list(options: dict[str, Any] | None, expected: list[str]) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        for key in "cbda":
            await storage.put(key, key)
        settings = None if options is None else JsObject(options)
        return list(await storage.list(settings)), [row[0] for row in storage.kv.list(settings)]

    assert inside(script) == (expected, expected)


_PUT_FORMS = (
    "TypeError: put() may only be called with a single key-value pair and optional options as "
    "put(key, value, options) or with multiple key-value pairs and optional options as put(entries, options)"
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.get(), "TypeError: Failed to execute 'get' on 'DurableObjectStorage': parameter 1 is "
         "not of type 'string or Array'."),
        (lambda s: s.get("k", "opt"), "TypeError: Failed to execute 'get' on 'DurableObjectStorage': "
         "parameter 2 is not of type 'GetOptions'."),
        (lambda s: s.put(), "TypeError: Failed to execute 'put' on 'DurableObjectStorage': parameter 1 is "
         "not of type 'string or object'."),
        (lambda s: s.put("k"), "TypeError: put() called with undefined value."),
        (lambda s: s.put(JsObject({"a": 1}), "x"), _PUT_FORMS),
        (lambda s: s.put("k", print), "DataCloneError: function(){} could not be cloned."),
        (lambda s: s.put("k", object()), "DataCloneError: [object Object] could not be cloned."),
        (lambda s: s.list({"start": "a", "startAfter": "b"}),
         "TypeError: list() cannot be called with both start and startAfter values."),
        (lambda s: s.list({"limit": 0}), "TypeError: List limit must be positive."),
        (lambda s: s.setAlarm(0), "TypeError: setAlarm() cannot be called with an alarm time <= 0"),
        (lambda s: s.setAlarm(-5), "TypeError: setAlarm() cannot be called with an alarm time <= 0"),
        (lambda s: s.setAlarm("abc"), "TypeError: Failed to execute 'setAlarm' on 'DurableObjectStorage': "
         "parameter 1 is not of type 'date'."),
        (lambda s: s.setAlarm(float("nan")),
         "TypeError: The value cannot be converted because it is not a valid Date."),
        (lambda s: s.transaction(), "TypeError: Failed to execute 'transaction' on 'DurableObjectStorage': "
         "parameter 1 is not of type 'function'."),
        (lambda s: s.getBookmarkForTime(1),
         "Error: This Durable Object's storage back-end does not implement point-in-time recovery."),
        (lambda s: s.onNextSessionRestoreBookmark("x"),
         "Error: This Durable Object's storage back-end does not implement point-in-time recovery."),
    ],
)  # fmt: skip
def test_refusals(call: Any, message: str) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        return await call(storage)

    assert refusal(script) == message


def test_a_value_that_cannot_be_cloned_leaves_nothing_of_its_call() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        with pytest.raises(JsException):
            await storage.put(JsObject({"good": 1, "bad": print}))
        return list(await storage.list())

    assert inside(script) == []


def test_keys_are_made_text() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put(5, "five")
        await storage.put(jsnull, "null")
        await storage.put("", "empty")
        return [await storage.get("5"), await storage.get("null"), await storage.get("")]

    assert inside(script) == ["five", "null", "empty"]


def test_local_storage_has_no_size_limits() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("k" * 2049, 1)
        await storage.put("big", "x" * 140_000)
        await storage.put(JsObject({f"k{number}": number for number in range(200)}))
        return len(await storage.list())

    assert inside(script) == 202


def test_the_synchronous_api_sees_the_same_data() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        storage.kv.put("a", 1)
        await storage.put("b", 2)
        return [await storage.get("a"), storage.kv.get("b"), storage.kv.delete("a"), storage.kv.delete("a"),
                storage.kv.get("zz")]  # fmt: skip

    assert inside(script) == [1, 2, True, False, None]


def test_a_new_listing_ends_the_one_before() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        storage.kv.put("a", 1)
        storage.kv.put("b", 1)
        older, newer = storage.kv.list(), storage.kv.list()
        assert next(newer)[0] == "a"
        return next(older)

    assert refusal(script) == (
        "Error: kv.list() iterator was invalidated because a new call to kv.list() was started. Only one "
        "kv.list() iterator can exist at a time."
    )


@pytest.mark.parametrize(
    ("face", "start"),
    [
        (lambda s: s.sql, "Error: SQL is not enabled for this Durable Object class. To enable it, change "
         "`new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or "
         "wrangler.toml file. If using workerd directly,set `enableSql = true`"),
        (lambda s: s.kv, "Error: The storage.kv (synchronous KV) API is only available for SQLite-backed "
         "Durable Objects, but this object's namespace is not declared to use SQLite."),
    ],
)  # fmt: skip
def test_classes_without_sqlite_lack_sql_and_the_synchronous_api(face: Any, start: str) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        assert storage.transactionSync(lambda: 1) == 1
        return face(storage)

    assert refusal(script, sqlite=False).startswith(start)


@pytest.mark.parametrize(("date", "alarm_after"), [("2026-02-23", 4102444800000), ("2026-02-24", jsnull)])
def test_delete_all(date: str, alarm_after: Any) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("a", 1)
        storage.sql.exec("CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO p VALUES (7)")
        storage.sql.exec("CREATE TABLE c (p REFERENCES p(id)); INSERT INTO c VALUES (7)")
        storage.sql.exec("CREATE VIEW v AS SELECT * FROM p; CREATE INDEX i ON c(p)")
        storage.sql.exec("CREATE VIRTUAL TABLE f USING fts5(text)")
        await storage.setAlarm(JsDate(4102444800000))
        await storage.deleteAll()
        left = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").toArray()
        names = [row.name for row in left if not row.name.startswith("_cf_")]
        alarm = await storage.getAlarm()
        await storage.put("a", 5)
        storage.sql.exec(
            "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO p DEFAULT VALUES"
        )
        return names, alarm, await storage.get("a"), storage.sql.exec("SELECT id FROM p").one().id

    assert inside(script, date=date) == ([], alarm_after, 5, 1)


def test_bookmarks_count() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        return [await storage.getCurrentBookmark() for _ in range(3)]

    assert inside(script) == [
        f"00000000-0000000{number}-00000000-00000000000000000000000000000000" for number in range(3)
    ]
