"""When writes become durable.

All writes of a turn of the loop are one transaction. The first one asks the loop for a callback; until
that runs, other events that were already due have their turn and join the same transaction. Then the
commit runs in a thread while the object is closed to everybody, and what the object has said meanwhile
waits at the output gate. Events that arrive during the commit run together after it and share the next:
sixteen concurrent increments pay for the disk once, not sixteen times.

An explicit transaction suspends this: its own end commits, and nothing it wrote holds back output before.

Sources: spec durable-objects.md section 3 (output gate) and section 5 (write coalescing).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable

import apsw

from edge.durable.database import Database
from edge.durable.logic.gate import InputGate, OutputGate
from edge.durable.sql_errors import is_damage, reset_error, storage_error
from edge.durable.waiting import Waiters
from edge.js.errors import JsException, error
from edge.kernel.clock import Clock
from edge.kernel.tasks import spawn
from edge.kernel.threads import offload

#: How long what an object says may wait for what it wrote (spec durable-objects.md section 3).
OUTPUT_LIMIT_S = 30.0
_TOOK_TOO_LONG = "Durable Object storage operation exceeded timeout which caused object to be reset."


class Commits:
    """Ends the transactions of one object and holds its output until they are durable."""

    __slots__ = (
        "_before",
        "_clock",
        "_context",
        "_database",
        "_doomed",
        "_input",
        "_on_end",
        "_output",
        "_waiters",
        "commit_hook",
        "count",
        "explicit_depth",
        "in_flight",
        "trouble",
    )

    def __init__(
        self,
        database: Database,
        gates: tuple[InputGate, OutputGate],
        clock: Clock,
        *,
        before: Callable[[], None],
        on_end: Callable[[JsException | None], None],
    ) -> None:
        """`before` is called when a commit is about to begin; `on_end` hears of its end: None, or why
        the object is broken now."""
        self._database = database
        self._input, self._output = gates
        self._clock = clock
        self._before = before
        self._on_end = on_end
        self._context = contextvars.Context()
        self._waiters = Waiters()
        self.explicit_depth = 0
        self.in_flight: asyncio.Task[None] | None = None
        #: How many commits were made; and a place for tests to make one fail.
        self.count = 0
        self.commit_hook: Callable[[], None] | None = None
        #: Asked before each commit: how many seconds it takes beside the disk, and why it fails.
        self.trouble: Callable[[], tuple[float, OSError | None]] | None = None
        self._doomed: OSError | None = None

    def attach(self) -> None:
        """From now on transactions of the database are this object's to end."""
        self._database.on_begin = self._began

    def _began(self) -> None:
        # In a context of its own: the user's would bring the object's guard, which is shut by then.
        asyncio.get_running_loop().call_soon(self._end_of_turn, context=self._context)

    def wrote(self, *, unconfirmed: bool) -> None:
        """A write happened in the open transaction."""
        if not unconfirmed:
            self._output.waiting = True

    def hold(self) -> asyncio.Future[None] | None:
        """A future to wait for while output must wait, None when it may leave. Raises when the writes
        that it depends on were lost."""
        output = self._output
        if output.broken is not None:
            self.require_whole()
        if output.committing or (output.waiting and not self.explicit_depth):
            return self._waiters.join()
        return None

    def require_whole(self) -> None:
        """Raises why the object broke, if it did."""
        if self._output.broken is not None:
            raise self._output.broken

    def pending(self) -> asyncio.Future[None] | None:
        """Like `hold`, also for unconfirmed writes: what `sync()` waits for."""
        if self.in_flight is not None or (self._database.in_transaction and not self.explicit_depth):
            return self._waiters.join()
        return self.hold()

    def schedule(self) -> None:
        """An explicit transaction is over: commit at the end of this turn."""
        if self._database.in_transaction:
            self._began()

    def _end_of_turn(self) -> None:
        if self.explicit_depth or self.in_flight or not self._database.in_transaction or self._input.broken:
            return
        self._before()
        self._input.shut_for_commit()
        self._output.commit_started()
        delay_s, self._doomed = (0.0, None) if self.trouble is None else self.trouble()
        if self._database.path is None and not delay_s:
            self._finish(self._commit())
        else:
            self.in_flight = spawn(
                self._commit_beside_the_loop(delay_s), name="commit", context=self._context.copy()
            )

    async def _commit_beside_the_loop(self, delay_s: float) -> None:
        end_s = self._clock.now() + OUTPUT_LIMIT_S
        timer = self._clock.call_at(end_s, self._took_too_long)
        try:
            failure = await offload(self._clock, self._commit)
            timer.cancel()
            if delay_s:  # the way to other machines: written here already, not yet acknowledged
                left_s = max(0.0, end_s - self._clock.now())
                await self._clock.sleep(min(delay_s, left_s))
                if delay_s >= left_s:
                    self._took_too_long()
        finally:
            timer.cancel()
            self.in_flight = None
        self._finish(failure)

    def _took_too_long(self) -> None:
        """The object is reset. What it wrote may be durable all the same: nobody will ever hear of it."""
        self._on_end(error(_TOOK_TOO_LONG, overloaded=True, durableObjectReset=True))

    def _commit(self) -> JsException | None:
        """Runs in a thread: touches the database only."""
        try:
            if self._doomed is not None:
                raise self._doomed
            if self.commit_hook is not None:
                self.commit_hook()
            self._database.commit()
        except (apsw.Error, OSError) as failure:
            self._database.rollback()
            return reset_error(failure, self._database)
        self.count += 1
        return None

    def _finish(self, failure: JsException | None) -> None:
        self._input.reopen()
        if failure is not None:
            self._output.break_(failure)
        self._output.commit_ended()
        # First whoever keeps books of durable state, then what may leave because of it.
        self._on_end(failure)
        self._waiters.wake(failure)

    def write_failed(self, failure: apsw.Error) -> JsException:
        """The error of a failed write. When SQLite gave up the whole transaction, or the file is damaged, so
        does the object."""
        problem = storage_error(failure, self._database)
        if is_damage(failure) or self._database.has_lost_transaction:
            self._output.break_(problem)
            self._on_end(problem)
        return problem

    def abandon(self, reason: BaseException) -> None:
        """The object broke: what was not committed is lost, and what waits for it never leaves."""
        self._output.break_(reason)
        if self.in_flight is None:
            self._database.rollback()
        self._waiters.wake(reason)
