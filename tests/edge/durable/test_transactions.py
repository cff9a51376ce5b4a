"""Explicit transactions: commit, rollback, nesting, misuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.durable.storage import DurableObjectStorage
from edge.js.errors import JsException
from edge.js.proxy import jsnull
from edge.kernel.clock import VirtualClock
from tests.edge.durable.code import hosting
from tests.edge.durable.test_storage_kv import inside
from tests.loops import run_virtual


async def outcome(work: Any) -> Any:
    """The result, or the last line of the error."""
    try:
        return await work
    except JsException as failure:
        return f"{failure.name}: {failure.message.splitlines()[-1]}"


def test_a_transaction_commits_what_it_wrote_and_gives_its_result() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        async def work(txn: Any) -> Any:
            await txn.put("x", 2)
            storage.sql.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            return await txn.get("x")

        result = await storage.transaction(work)
        return result, await storage.get("x"), storage.sql.exec("SELECT a FROM t").one().a

    assert inside(script) == (2, 2, 1)


def test_an_exception_rolls_back_everything_inside() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("x", 1)
        await storage.setAlarm(4102444800000)

        async def work(txn: Any) -> Any:
            await txn.put("x", 3)
            await storage.put("w", 1)
            await txn.setAlarm(4102444800999)
            storage.sql.exec("CREATE TABLE t (a)")
            raise ValueError("stop")

        failure = await outcome(storage.transaction(work))
        tables = len(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 't'").toArray())
        return failure, await storage.get("x"), await storage.get("w"), await storage.getAlarm(), tables

    assert inside(script) == ("PythonError: ValueError: stop", 1, None, 4102444800000, 0)


def test_rollback_and_what_is_refused_after_it() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        async def work(txn: Any) -> Any:
            await txn.put("x", 4)
            txn.rollback()
            txn.rollback()
            refused = [
                await outcome(call())
                for call in (
                    lambda: txn.get("x"), lambda: txn.put("x", 1), lambda: txn.delete("x"), txn.list,
                    txn.getAlarm, lambda: txn.setAlarm(1), txn.deleteAlarm,
                )
            ]  # fmt: skip
            return "|".join(refused)

        return (await storage.transaction(work)).split("|"), await storage.get("x")

    names = ["get", "put", "delete", "list", "getAlarm", "setAlarm", "deleteAlarm"]
    assert inside(script) == ([f"Error: Cannot {name}() on rolled back transaction" for name in names], None)


def test_a_transaction_cannot_be_used_after_its_end() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        kept: list[Any] = []

        async def work(txn: Any) -> None:
            kept.append(txn)

        await storage.transaction(work)
        return await outcome(kept[0].get("x"))

    assert inside(script) == (
        "Error: Cannot call get() on transaction that has already committed: did you move `txn` outside of "
        "the closure?"
    )


def test_delete_all_is_refused_inside() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        async def with_storage(txn: Any) -> Any:
            await storage.deleteAll()

        async def with_txn(txn: Any) -> Any:
            txn.deleteAll()

        return [await outcome(storage.transaction(work)) for work in (with_storage, with_txn)]

    refused = "PythonError: pyodide.ffi.JsException: Error: Cannot call deleteAll() within a transaction"
    assert inside(script) == [refused] * 2


def test_nested_transactions_roll_back_by_themselves() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        async def inner(txn: Any) -> None:
            await txn.put("n", 2)
            raise ValueError("inner")

        async def outer(txn: Any) -> Any:
            await txn.put("n", 1)
            return await outcome(storage.transaction(inner))

        return await storage.transaction(outer), await storage.get("n")

    assert inside(script) == ("PythonError: ValueError: inner", 1)


def test_an_outer_transaction_cannot_be_rolled_back_from_an_inner_one() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        async def outer(txn: Any) -> Any:
            async def inner(_: Any) -> None:
                txn.rollback()

            return await outcome(storage.transaction(inner))

        return await storage.transaction(outer)

    assert inside(script) == (
        "PythonError: pyodide.ffi.JsException: Error: Cannot roll back an outer transaction while a nested "
        "transaction is still running."
    )


def test_a_synchronous_callback_will_do() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        return await storage.transaction(lambda txn: 5)

    assert inside(script) == 5


def test_synchronous_transactions_nest_and_roll_back() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        def inner() -> None:
            storage.kv.put("inner", 1)
            raise ValueError("inner")

        def outer() -> str:
            storage.kv.put("outer", 1)
            with pytest.raises(JsException, match="ValueError: inner"):
                storage.transactionSync(inner)
            return "result"

        return storage.transactionSync(outer), storage.kv.get("outer"), storage.kv.get("inner")

    assert inside(script) == ("result", 1, None)


def test_alarms_take_part() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        async def work(txn: Any) -> Any:
            await txn.setAlarm(4102444800000)
            found = await txn.getAlarm()
            await txn.deleteAlarm()
            return found if await txn.getAlarm() is jsnull else "not deleted"

        return await storage.transaction(work)

    assert inside(script) == 4102444800000


def test_other_events_wait_for_a_transaction() -> None:
    clock = VirtualClock()

    class Account:
        def __init__(self, ctx: Any, env: Any) -> None:
            self.storage = ctx.storage

        async def add(self, amount: int) -> int:
            async def work(txn: Any) -> int:
                before = await txn.get("sum") or 0
                await clock.sleep(1)
                await txn.put("sum", before + amount)
                return int(before + amount)

            found: int = await self.storage.transaction(work)
            return found

    async def main() -> Any:
        async with hosting(Account, clock) as host:
            stub = host.namespace().getByName("a")
            return await asyncio.gather(*(stub.add(number) for number in (1, 2, 3)))

    assert run_virtual(main(), clock) == [1, 3, 6]
    assert clock.elapsed_s == 3.0
