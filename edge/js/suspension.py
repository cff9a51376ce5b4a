"""Waiting for a promise inside synchronous code: what `pyodide.ffi.run_sync` stands on.

On the platform JavaScript Promise Integration suspends the whole WebAssembly stack. Here the coroutine
that may do so is driven inside a greenlet: `run_sync` switches out of it with what it waits for, the
task waits as it would for any await, and switches back in with the result. Only code below a
`suspendable` coroutine can do this, and only that pays for it.

Source: Pyodide `run_sync`, `can_run_sync`.
"""

from __future__ import annotations

import types
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

_T = TypeVar("_T")

NO_SUSPENDER = (
    "Cannot stack switch because the Python entrypoint was a synchronous function. Use "
    "pyFunc.callPromising() to fix."
)


class _Stack(greenlet):
    """A greenlet whose parent drives it and can wait for it."""


class _Wait:
    """What a stack switches out with: wait for this, then switch back."""

    __slots__ = ("awaitable",)

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self.awaitable = awaitable


@types.coroutine
def suspendable(coro: Coroutine[Any, Any, _T]) -> Generator[Any, Any, _T]:
    """Await `coro` so that synchronous code it calls may use `run_sync`."""
    step, argument = coro.send, None
    try:
        while True:
            finished, result = yield from _advance(step, argument)
            if finished:
                return result  # type: ignore[no-any-return]
            try:
                argument = yield result
            except BaseException as failure:
                step, argument = coro.throw, failure
            else:
                step = coro.send
    finally:
        coro.close()


def _advance(step: Any, argument: Any) -> Generator[Any, Any, tuple[bool, Any]]:
    """One step of the coroutine in a stack of its own; the waits of `run_sync` on the way are waited for
    here, in the task."""
    stack = _Stack(_step)
    # The stack is a part of this task, so it shares its context variables.
    stack.gr_context = getcurrent().gr_context
    outcome = stack.switch(step, argument)
    while isinstance(outcome, _Wait):
        try:
            value = yield from outcome.awaitable.__await__()
        except BaseException as failure:
            outcome = stack.throw(failure)
        else:
            outcome = stack.switch(value)
    return outcome  # type: ignore[no-any-return]


def _step(step: Any, argument: Any) -> tuple[bool, Any]:
    """Whether the coroutine has ended, and what it waits for or gave."""
    try:
        return False, step(argument)
    except StopIteration as stop:
        return True, stop.value


def can_run_sync() -> bool:
    """Whether `run_sync` works here."""
    return isinstance(getcurrent(), _Stack)


def run_sync(awaitable: Awaitable[_T]) -> _T:
    """Wait for `awaitable` without `await`. Raises RuntimeError where the stack cannot be suspended."""
    stack = getcurrent()
    if not isinstance(stack, _Stack) or stack.parent is None:
        if isinstance(awaitable, Coroutine):
            awaitable.close()
        raise RuntimeError(NO_SUSPENDER)
    return stack.parent.switch(_Wait(awaitable))  # type: ignore[no-any-return]
