"""Promises: work that starts when it is asked for, whether or not anybody awaits it.

Most promises of this runtime are settled when they are made (storage is synchronous, hot KV reads come
from memory), so a settled promise is one small object and no task.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from edge.js.errors import HungWorker, JsThrown, thrown_value
from edge.js.proxy import JsProxy
from edge.kernel.spans import current_span
from edge.kernel.tasks import spawn


class JsPromise(JsProxy, js_name="Promise"):
    """A JavaScript promise; `await` gives its value or raises its error."""

    __slots__ = ("_error", "_future", "_value")

    def __init__(self) -> None:
        self._future: asyncio.Future[Any] | None = None
        self._value: Any = None
        self._error: BaseException | None = None

    @classmethod
    def resolved(cls, value: Any = None) -> JsPromise:
        promise = cls()
        promise._value = value
        return promise

    @classmethod
    def rejected(cls, reason: BaseException) -> JsPromise:
        promise = cls()
        promise._error = reason
        return promise

    @classmethod
    def of(cls, future: asyncio.Future[Any]) -> JsPromise:
        """A promise that settles as `future` does."""
        promise = cls()
        promise._future = future
        return promise

    @classmethod
    def start(cls, coro: Coroutine[Any, Any, Any], *, name: str) -> JsPromise:
        """Run `coro` at once up to its first wait; the rest in a task of its own."""
        traced = current_span.get()
        try:
            waited_for = coro.send(None)
        except StopIteration as stop:
            return cls.resolved(stop.value)
        except Exception as reason:
            return cls.rejected(reason)
        if waited_for is not None:
            # A future that is being handed to a task says so, and refuses a second one until it has
            # arrived. The task that will take this one does not run yet, and others may want it too.
            waited_for._asyncio_future_blocking = False
        rest = spawn(_rest(coro, waited_for), name=name)
        if traced is not None:
            # The task took the span that the coroutine is in; the caller goes on in its own.
            current_span.set(traced)
        return cls.of(rest)

    @property
    def settled(self) -> bool:
        return self._future is None or self._future.done()

    @property
    def succeeded(self) -> bool:
        """Settled with a value: awaiting it neither waits nor raises."""
        return self._future is None and self._error is None

    def when_settled(self, callback: Callable[[], object]) -> None:
        """Call `callback` once it is settled; at once when it is."""
        if self._future is None or self._future.done():
            callback()
        else:
            self._future.add_done_callback(lambda _: callback())

    def mark_handled(self) -> JsPromise:
        """Nobody will look at the outcome: a failure is not reported as unhandled."""
        if self._future is not None:
            self._future.add_done_callback(_see)
        return self

    def __await__(self) -> Generator[Any, Any, Any]:
        if self._future is None and self._error is None:
            return self._value
        try:
            return (yield from self._outcome())
        except JsThrown:
            raise HungWorker from None

    def _outcome(self) -> Generator[Any, Any, Any]:
        """What JavaScript code awaits: as `__await__`, but any rejection is raised."""
        if self._future is None:
            if self._error is not None:
                raise self._error
            return self._value
        if self._future.done():
            return self._future.result()
        # Shielded: cancelling whoever waits does not cancel the work, JavaScript has no such thing.
        return (yield from asyncio.shield(self._future).__await__())

    def then(self, on_value: Any = None, on_error: Any = None) -> JsPromise:
        return JsPromise.start(_then(self, on_value, on_error), name="promise.then")

    def catch(self, on_error: Any) -> JsPromise:
        return self.then(None, on_error)

    def finally_(self, on_end: Callable[[], Any]) -> JsPromise:
        return JsPromise.start(_finally(self, on_end), name="promise.finally")


def _see(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


@types.coroutine
def _rest(coro: Coroutine[Any, Any, Any], waited_for: Any) -> Generator[Any, Any, Any]:
    """Go on with a coroutine whose first step was already taken."""
    if waited_for is not None:
        waited_for._asyncio_future_blocking = True
    step: Callable[[Any], Any]
    while True:
        try:
            value = yield waited_for
        except BaseException as reason:
            step, argument = coro.throw, reason
        else:
            step, argument = coro.send, value
        try:
            waited_for = step(argument)
        except StopIteration as stop:
            return stop.value


async def _then(promise: JsPromise, on_value: Any, on_error: Any) -> Any:
    try:
        value = await settle(promise)
    except Exception as reason:
        if on_error is None:
            raise
        return await settle(on_error(thrown_value(reason)))
    return value if on_value is None else await settle(on_value(value))


async def _finally(promise: JsPromise, on_end: Callable[[], Any]) -> Any:
    try:
        return await settle(promise)
    finally:
        await settle(on_end())


async def settle(value: Any) -> Any:
    """The value itself, or what it resolves to when it is awaitable, as JavaScript code awaits it.

    A coroutine (user code's `async def` callback) gets a task of its own, as in Pyodide: it may use
    `asyncio.timeout` and its like, which a promise that moves between tasks would break.
    """
    if isinstance(value, JsPromise):
        return await _Outcome(value)
    if asyncio.iscoroutine(value):
        return await spawn(value, name="promise.settle")
    return await value if hasattr(value, "__await__") else value


class _Outcome:
    """A promise awaited by JavaScript code: a rejection with any value is raised (JsThrown)."""

    __slots__ = ("_promise",)

    def __init__(self, promise: JsPromise) -> None:
        self._promise = promise

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._promise._outcome()
