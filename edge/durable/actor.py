"""One life of a Durable Object: an instance, its gates, and the events it handles.

An actor begins with the first event and ends when the object is put away, reset or its code replaced; the
next event begins another one over the same storage (`edge.durable.slot`). All its code runs on the loop,
each event in a task of its own, one at a time between two awaits. What makes it *one thread of control*:

- `deliver` starts an event at once when the input gate is open and puts it in line when not, so that
  events start in the order they came;
- whatever suspended code waited for, it goes on only when the guard of its context says so;
- an event's result, also an error, leaves only when the writes before it are durable.

A broken actor is final. Its code ends where it stands, its callers and its stubs get the reason.

Sources: spec durable-objects.md sections 2 to 4, corrections section 3.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from edge.durable.alarm import Alarm
from edge.durable.commits import Commits
from edge.durable.events import Aborted, Event
from edge.durable.guards import FragileGuard, SectionGuard
from edge.durable.logic.gate import InputGate, OutputGate, Section, TooDeep
from edge.durable.logic.lifecycle import Activity
from edge.durable.state import DurableObjectState
from edge.durable.storage import DurableObjectStorage
from edge.durable.trouble import Trouble
from edge.durable.waiting import Waiters
from edge.durable.work import ActorInvocation
from edge.http.host import enter_host
from edge.http.subrequests import Allowance, allowance
from edge.js.errors import JsException, error, type_error
from edge.js.promise import JsPromise
from edge.js.python_error import python_error
from edge.kernel.schedule import strand
from edge.kernel.tasks import guarded, output_hold, resume_guard, spawn
from edge.network.here import here
from edge.worker.invocation import current, depth

if TYPE_CHECKING:
    from edge.durable.slot import Slot

BLOCK_LIMIT_S = 30.0
_BLOCKED_TOO_LONG = (
    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and "
    "the Durable Object was reset."
)


class Actor:
    """The object while it is in memory."""

    __slots__ = (
        "_context",
        "_guard",
        "_line",
        "_retired",
        "_running",
        "alarm",
        "background",
        "broken",
        "commits",
        "dialect",
        "ended",
        "events",
        "input",
        "instance",
        "invocation",
        "loose_tasks",
        "output",
        "reopened",
        "slot",
        "state",
        "trouble",
    )

    commits_class: ClassVar[type[Commits]] = Commits

    def __init__(self, slot: Slot, after: asyncio.Future[Any] | None = None) -> None:
        """`after` is the end of the actor before, when that has not ended yet: nothing begins before."""
        host = slot.host
        self.slot = slot
        self.dialect = host.isolate.dialect
        self.instance: object | None = None
        self.input = InputGate()
        self.output = OutputGate()
        self.reopened = Waiters()
        self.broken: JsException | None = None
        #: Put away in good order: a stub that still points here asks for the next actor.
        self.ended = False
        self._retired: asyncio.Future[None] | None = None
        self.events = 0
        self.background = 0
        self.loose_tasks: set[asyncio.Task[Any]] = set()
        self._running: set[Event] = set()
        self._line: deque[Event] = deque()
        self.trouble = Trouble.of(slot)
        self._guard = self._guarding(self.input.ground)
        self.commits = self.commits_class(
            slot.database,
            (self.input, self.output),
            host.clock,
            before=self._before_commit,
            on_end=self._committed,
        )
        self.commits.commit_hook = host.commit_hook
        self.commits.trouble = None if self.trouble is None else self.trouble.commit
        self.alarm = Alarm(slot.database, host.clock, self._has_alarm_handler)
        storage = DurableObjectStorage(
            slot.database,
            self.commits,
            self.alarm,
            exclusive=self._exclusive,
            sqlite=host.sqlite,
            delete_all_deletes_alarm=host.delete_all_deletes_alarm,
        )
        self.state = DurableObjectState(self, slot, storage)
        self.invocation = ActorInvocation(self, f"{host.class_name} {slot.id}")
        self._context = self._own_context()
        if after is None:
            self.commits.attach()
        else:
            self._begin_after(after)

    def _own_context(self) -> contextvars.Context:
        # Events never see context variables of their callers.
        context = contextvars.Context()
        context.run(current.set, self.invocation)
        context.run(strand.set, self)  # its turns keep their order
        context.run(enter_host, self.slot.host.isolate.host)
        if self.slot.host.homes is not None:
            context.run(here.set, self.slot.host.homes.home(self.slot.id))
        return context

    def _guarding(self, section: Section) -> SectionGuard:
        return SectionGuard(self, section) if self.trouble is None else FragileGuard(self, section)

    # -- events

    def call(self, handler: str, args: Sequence[Any]) -> asyncio.Future[Any]:
        """Call a handler or method with JavaScript values, in the order of the calls."""
        return self.deliver(Event(handler, args))

    def deliver(self, event: Event) -> asyncio.Future[Any]:
        """Deliver an event; its future settles when the result may leave."""
        if self.trouble is not None and self.broken is None and (lost := self.trouble.forgot()) is not None:
            self.break_(lost)
        if self.broken is not None:
            event.fail(self.broken)
            self.slot.rested(self)  # also a refused call is one
        elif self._line or not self.input.admits(self.input.ground):
            self.events += 1
            self._line.append(event)
        else:
            self.events += 1
            self._start(event)
        return event.done

    def _start(self, event: Event) -> None:
        # Not guarded as a whole: handing out the result must not wait for the input gate.
        event.task = spawn(self._run(event), name=event.handler, context=self._event_context(event))
        self._running.add(event)
        if self._retired is not None:  # it waited in line when the object was told to end
            event.retire(self.slot.host.clock)

    def _event_context(self, event: Event) -> contextvars.Context:
        return self._context.copy()

    def _perform(self, event: Event) -> Coroutine[Any, Any, Any]:
        return event.perform(self)

    async def _run(self, event: Event) -> None:
        resume_guard.set(self._guard)
        output_hold.set(self.commits.hold)
        depth.set(event.depth)
        allowance.set(Allowance(self.slot.host.isolate.host.subrequests_max))
        try:
            try:
                result: Any = await guarded(self._perform(event), self._guard)
            except Exception as failure:
                # Errors are output as well.
                if (wait := self.commits.hold()) is not None:
                    await wait
                event.fail(self.broken or failure)
            else:
                if (wait := self.commits.hold()) is not None:
                    await wait
                event.succeed(result)
        except Exception as failure:
            event.fail(self.broken or failure)
        except (Aborted, asyncio.CancelledError):
            event.fail(self.broken or error("The Durable Object's code was cancelled."))
        finally:
            self._running.discard(event)
            self.events -= 1
            if not self.events:
                self.rest()

    async def construct(self) -> object:
        """Make the instance unless another event has done so; wait for what its constructor blocks on.
        Raises the constructor's error, which stays the object's until it has been idle."""
        if self.instance is None:
            host = self.slot.host
            try:
                self.slot.open_file()
            except JsException as failure:
                self.break_(failure)
                raise
            if host.container is not None:
                self.state.container  # noqa: B018 (it learns that its object is here)
            cls = host.isolate.durable_class(host.class_name)
            try:
                if cls is None:
                    raise type_error(f"The Durable Object class '{host.class_name}' is not exported.")
                self.instance = self.dialect.construct(cls, self.state, host.isolate.env)
            except JsException as failure:
                self.slot.keep_broken(self)
                self.break_(failure)
                raise
        while (wait := self._guard.blocked()) is not None:
            await wait
        return self.instance

    def _has_alarm_handler(self) -> bool:
        # The constructor may set an alarm whatever the class has: there is no instance to ask yet.
        return self.instance is None or self.dialect.has_handler(self.instance, "alarm")

    # -- critical sections

    def block(self, work: Coroutine[Any, Any, Any]) -> JsPromise:
        """`blockConcurrencyWhile`: nobody else has a turn until `work` ends; its failure resets the
        object."""
        return self._section(work, resets=True)

    def _exclusive(self, work: Coroutine[Any, Any, Any]) -> JsPromise:
        return self._section(work, resets=False)

    def _section(self, work: Coroutine[Any, Any, Any], *, resets: bool) -> JsPromise:
        try:
            self.commits.require_whole()
            section = self.input.enter()
        except (TooDeep, JsException) as refusal:
            work.close()
            known = isinstance(refusal, JsException)
            return JsPromise.rejected(refusal if known else error(str(refusal)))
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        context = contextvars.copy_context()
        context.run(resume_guard.set, self._guarding(section))
        name = "blockConcurrencyWhile" if resets else "transaction"
        task = spawn(self._in_section(work, section, done, resets=resets), name=name, context=context)
        task.add_done_callback(lambda _: work.close())  # the object may break before this begins
        return JsPromise.of(done)

    async def _in_section(
        self, work: Coroutine[Any, Any, Any], section: Section, done: asyncio.Future[Any], *, resets: bool
    ) -> None:
        clock = self.slot.host.clock
        timer = clock.call_at(clock.now() + BLOCK_LIMIT_S, self._blocked_too_long)
        failure: JsException | None = None
        result = None
        try:
            result = await work
        except (Exception, SystemExit, asyncio.CancelledError) as problem:
            failure = problem if isinstance(problem, JsException) else python_error(problem)
        finally:
            timer.cancel()
            self.input.leave(section)
        if failure is not None and resets:
            failure.durableObjectReset = True
            self.break_(failure)
            return
        if done.done():
            pass
        elif failure is None:
            done.set_result(result)
        else:
            done.set_exception(failure)
            done.exception()
        self._opened()

    def _blocked_too_long(self) -> None:
        self.break_(error(_BLOCKED_TOO_LONG, overloaded=True, durableObjectReset=True))

    # -- gates

    def _opened(self) -> None:
        """The input gate may have opened: suspended code first, then events in their order."""
        self.reopened.wake()
        while self._line and self.input.admits(self.input.ground):
            self._start(self._line.popleft())

    def _before_commit(self) -> None:
        if self.alarm.changed:
            self.slot.record_alarm(self.alarm.stored_ns())

    def _committed(self, failure: JsException | None) -> None:
        if failure is not None:
            self.break_(failure)
            return
        if self.alarm.changed:
            self.alarm.changed = False
            self.slot.alarm_changed(self.alarm.stored_ns())
        self._opened()

    def _begin_after(self, end: asyncio.Future[Any]) -> None:
        section = self.input.enter()

        def begin(_: asyncio.Future[Any]) -> None:
            self.commits.attach()
            self.input.leave(section)
            self._opened()

        end.add_done_callback(begin)

    def break_(self, reason: JsException) -> None:
        """Reset the object: uncommitted writes are lost, its code ends, callers get `reason`."""
        if self.broken is not None:
            return
        self.broken = reason
        self.input.break_(reason)
        self.commits.abandon(reason)
        self.state._lose(reason)
        line, self._line = self._line, deque()
        self.events -= len(line)
        running = asyncio.current_task()
        for event in [*self._running, *line]:
            event.fail(reason)
            if event.task is not None and event.task is not running:
                event.task.cancel()
        self._cut_loose(running)
        self.reopened.wake()
        self.slot.broke(self)
        if not self.events:
            self.rest()

    def end(self) -> None:
        """Put the object away in good order: nothing is running but loose ends, which are cut."""
        assert not self.busy, "work in flight keeps an object in memory"
        self.ended = True
        self._cut_loose(None)
        self.state._leaves()
        self.instance = None

    @property
    def busy(self) -> bool:
        return self.events > 0 or self.background > 0

    def retire(self) -> asyncio.Future[None]:
        """Handle nothing new, finish what is under way: the future is done when this has ended."""
        self._retired = asyncio.get_running_loop().create_future()
        for event in self._running:
            event.retire(self.slot.host.clock)
        self.rest()
        return self._retired

    def rest(self) -> None:
        """Called when the last work has ended."""
        if self._retired is None:
            self.slot.rested(self)
        elif not self.busy and not self._retired.done():
            if (commit := self.commits.in_flight) is not None:  # it was cut off: one in a thread goes on
                commit.add_done_callback(lambda _: self.rest())
                return
            if self.broken is None:
                self.end()
            self._retired.set_result(None)

    def _cut_loose(self, spared: asyncio.Task[Any] | None) -> None:
        for task in list(self.loose_tasks):
            if task is not spared:
                task.cancel()

    # -- what it is busy with

    def activity(self) -> Activity:
        return Activity(
            events=self.events,
            background=self.background,
            plain_sockets=self.slot.plain_sockets(),
            loose_tasks=sum(not task.done() for task in self.loose_tasks) - self.background,
            hibernatable_sockets=len(self.slot.sockets),
        )

    def watch(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` (a waitUntil) as part of the object; it keeps the object in memory."""
        self.background += 1
        spawn(work, name=f"waitUntil of {self.invocation.label}").add_done_callback(self._watched)

    def _watched(self, _task: asyncio.Task[None]) -> None:
        self.background -= 1
        if not self.busy:
            self.rest()
