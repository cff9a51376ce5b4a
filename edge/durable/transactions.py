"""Explicit transactions: `storage.transaction(async)` and `storage.transactionSync`.

Both are savepoints inside the turn's transaction, so that they nest and an exception undoes exactly what
happened inside. The asynchronous one keeps all other events out while its callback runs; before it begins
it lets earlier writes become durable, because their output must not wait for the callback.

Source: spec durable-objects.md section 7; recordings `transactions`, `transaction_raw`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.durable.alarm import Alarm
from edge.durable.commits import Commits
from edge.durable.database import Database
from edge.durable.storage_kv import KeyValueOperations
from edge.js.errors import error
from edge.js.functions import js_method
from edge.js.python_error import call_back, call_back_now

DELETE_ALL_REFUSED = "Cannot call deleteAll() within a transaction"
_OUTER_ROLLBACK = "Cannot roll back an outer transaction while a nested transaction is still running."


class DurableObjectTransaction(KeyValueOperations, js_name="DurableObjectTransaction"):
    """The `txn` that the callback gets."""

    __slots__ = ("_depth", "_over", "_rolled_back", "_savepoint")

    def __init__(self, database: Database, commits: Commits, alarm: Alarm) -> None:
        super().__init__(database, commits, alarm)
        self._depth = commits.explicit_depth
        self._savepoint = f"_cf_savepoint_{self._depth}"
        self._rolled_back = False
        self._over = False

    def _use(self, operation: str) -> None:
        self._commits.require_whole()
        if self._rolled_back:
            raise error(f"Cannot {operation} on rolled back transaction")
        if self._over:
            raise error(
                f"Cannot call {operation} on transaction that has already committed: did you move `txn` "
                "outside of the closure?"
            )

    @js_method
    def rollback(self) -> None:
        """Undo everything of this transaction; a second call changes nothing."""
        if self._rolled_back:
            return
        self._use("rollback()")
        if self._commits.explicit_depth > self._depth + 1:
            raise error(_OUTER_ROLLBACK)
        self._database.rollback_to(self._savepoint)
        self._rolled_back = True

    @js_method
    def deleteAll(self) -> None:
        raise error(DELETE_ALL_REFUSED)


async def run_transaction(
    database: Database, commits: Commits, alarm: Alarm, callback: Callable[[Any], Any]
) -> Any:
    """Run `callback(txn)` in a transaction and give its result; an exception rolls back and goes on."""
    if commits.explicit_depth == 0:
        while (wait := commits.pending()) is not None:
            await wait
    txn = DurableObjectTransaction(database, commits, alarm)
    renewed = alarm.renewed
    commits.explicit_depth += 1
    try:
        database.savepoint(txn._savepoint)
        try:
            result = await call_back(callback, txn)
        except BaseException:
            if not txn._rolled_back:
                database.rollback_to(txn._savepoint)
                txn._rolled_back = True
            raise
        if not txn._rolled_back:
            database.release(txn._savepoint)
        return result
    finally:
        if txn._rolled_back:
            alarm.renewed = renewed
        txn._over = True
        commits.explicit_depth -= 1
        if commits.explicit_depth == 0:
            commits.schedule()


def run_synchronously(database: Database, alarm: Alarm, depth: int, callback: Callable[[], Any]) -> Any:
    """Run `callback()` at once in a transaction; an exception rolls back and goes on."""
    savepoint = f"_cf_sync_savepoint_{depth}"
    renewed = alarm.renewed
    database.savepoint(savepoint)
    try:
        result = call_back_now(callback)
    except BaseException:
        database.rollback_to(savepoint)
        alarm.renewed = renewed
        raise
    if database.has_lost_transaction:
        raise error("Cannot commit transaction due to an earlier SQL critical error")
    database.release(savepoint)
    return result
