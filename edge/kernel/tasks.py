"""Named tasks with owners, and the guard that decides when suspended code may go on.

A Durable Object is one thread: while its input gate is shut, nothing of it may run, also not the code
that was waiting for a timer or a fetch. So every coroutine that runs for an object is driven through
`guarded`: whatever it awaited, before it goes on it asks the guard of its context. The loop's task
factory wraps the tasks that user code creates by itself (`asyncio.gather`, `create_task`) the same way.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar

_log = logging.getLogger("edge.tasks")
_T = TypeVar("_T")


class Guard(Protocol):
    """Says whether suspended code of a context may go on now."""

    def blocked(self) -> asyncio.Future[None] | None:
        """None when code may run; else a future to wait for before asking again."""
        ...

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task was started by code under this guard: it ends with whatever the guard protects."""
        ...


#: The guard of the code that runs in this context; None outside of Durable Objects.
resume_guard: contextvars.ContextVar[Guard | None] = contextvars.ContextVar("resume_guard", default=None)

#: Gives a future while what this context says to the outside must wait (a Durable Object's output
#: gate: writes not yet durable), else None. Read by WebSocket sends, fetch, RPC and KV writes.
output_hold: contextvars.ContextVar[Callable[[], asyncio.Future[None] | None] | None] = (
    contextvars.ContextVar("output_hold", default=None)
)


async def before_output() -> None:
    """Wait until what this context says may leave; raises when the writes it depends on failed.

    These are the writes made until now: what is written while this waits does not hold it back.
    """
    hold = output_hold.get()
    if hold is not None and (wait := hold()) is not None:
        await wait


_alive: set[asyncio.Task[Any]] = set()


@types.coroutine
def give_way() -> Generator[Any, Any, None]:
    """Let everything else that is ready run once. For loops that always find more to do, such as reading
    from a program that prints for ever."""
    yield


@types.coroutine
def guarded(coro: Coroutine[Any, Any, _T], guard: Guard) -> Generator[Any, Any, _T]:
    """Drive `coro`; after each of its suspensions wait until `guard` lets it go on."""
    throw: BaseException | None = None
    try:
        while True:
            # The wait comes before each step, the first too: a task may be created before a gate
            # shuts and start after. A cancellation that arrives here is thrown into the code at
            # its next step, where its finally blocks belong.
            while (wait := guard.blocked()) is not None:
                try:
                    yield from wait
                except BaseException as error:
                    throw = error
                    break
            try:
                waited_for = coro.send(None) if throw is None else coro.throw(throw)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            throw = None
            try:
                yield waited_for
            except BaseException as error:
                throw = error
    finally:
        coro.close()


def task_factory(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """Make tasks obey the guard of the context they are created in (see `install`)."""
    context = options.get("context")
    guard = resume_guard.get() if context is None else context.get(resume_guard)
    if guard is None or not asyncio.iscoroutine(coro):
        return asyncio.Task(coro, loop=loop, **options)
    task = asyncio.Task(guarded(coro, guard), loop=loop, **options)
    # Cancelled before its first step, the code never ran: that is no oversight to warn about.
    task.add_done_callback(lambda _: coro.close())
    guard.adopt(task)
    return task


def install(loop: asyncio.AbstractEventLoop) -> None:
    """Prepare a loop for running worlds."""
    loop.set_task_factory(task_factory)  # type: ignore[arg-type]


def spawn(
    coro: Coroutine[Any, Any, _T], *, name: str, context: contextvars.Context | None = None
) -> asyncio.Task[_T]:
    """Start a task that stays referenced until it ends; a failure nobody awaits is logged."""
    task = asyncio.get_running_loop().create_task(coro, name=name, context=context)
    _alive.add(task)
    task.add_done_callback(_alive.discard)
    return task


def spawn_outside(coro: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
    """Start a task that belongs to no Durable Object, though one may have asked for it: what another
    Worker does for an object must not wait for that object's gates, or both would wait for ever."""
    context = contextvars.copy_context()
    context.run(resume_guard.set, None)
    context.run(output_hold.set, None)
    return spawn(coro, name=name, context=context)


def run_to_end(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, _T]) -> _T:
    """Run `coro` on `loop` to its own end. A `SystemExit` in any other task stops an event loop; here it is
    logged and the loop goes on, because one task's exit is not everybody's."""
    task = loop.create_task(coro)
    while True:
        try:
            return loop.run_until_complete(task)
        except SystemExit as exit_:
            if task.done():
                raise
            _log.error("a task ended with SystemExit(%s)", exit_.code, exc_info=exit_)


def log_failure(task: asyncio.Task[Any]) -> None:
    """Done-callback for tasks whose failure would otherwise go unseen."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %s failed", task.get_name(), exc_info=error)
