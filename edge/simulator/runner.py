"""Runs one world under a workload in virtual time, from one seed."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from bisect import bisect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from edge.kernel import tasks
from edge.kernel.clock import VirtualClock, WallClock
from edge.kernel.loop import VirtualLoop
from edge.kernel.random import RandomStreams
from edge.kernel.schedule import begin_strand
from edge.kernel.spans import Sink, Tracer
from edge.kernel.tasks import spawn
from edge.simulator.arrivals import arrivals
from edge.simulator.checker import Checker
from edge.simulator.checks import run_checks
from edge.simulator.leftovers import end_leftovers
from edge.simulator.outcome import Outcome, Violation
from edge.simulator.sabotage import apply_sabotage
from edge.simulator.seams import Seams
from edge.simulator.span_meter import SpanMeter
from edge.simulator.user import InvariantBroken, User, gist
from edge.simulator.workload import Workload
from edge.testing.client import Client, ClientOptions
from edge.testing.world import WorldUnderTest

_GRACE_S = 60.0  # after the last arrival, for sessions that are about to end
_TICKS = 100  # looks at progress during a run
_PATIENCE_S = 5.0
_TICK_LIMIT_S = 120.0  # real time that a hundredth of the run may take

#: Makes the world of a run, not started, from its clock, its seed and who records its spans.
WorldMaker = Callable[[VirtualClock, int, Tracer | None], WorldUnderTest]
#: Told after each hundredth of the time: the share that is over, and the outcome so far.
Progress = Callable[[float, Outcome], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a world is tried. `schedule` is `seeded` (the order of simultaneous things varies) or `fifo`;
    `sabotage` names deliberate bugs."""

    workload: Workload
    duration_s: float = 3600.0
    sessions: int = 100
    schedule: str = "seeded"
    checkers: Sequence[type[Checker]] = ()
    sabotage: Sequence[str] = ()
    #: Whether spans are recorded: they give the times by operation, and take about half the speed.
    spans: bool = True


def simulate(
    make: WorldMaker, plan: Plan, seed: int, *, sink: Sink | None = None, progress: Progress | None = None
) -> Outcome:
    """Run `plan` with `seed`; `sink` gets the spans. What goes wrong stands in the outcome; only mistakes in
    the project itself are raised (UserError)."""
    run = _Run(make, plan, seed, sink, progress)
    wall = WallClock()
    start_s = wall.monotonic()
    logger = logging.getLogger("edge")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what Workers get wrong is counted, not printed a thousand times
    try:
        with Seams() as seams:
            apply_sabotage(seams, plan.sabotage)
            for checker in run.checkers:
                checker.listen(seams)
            with asyncio.Runner(loop_factory=run.new_loop) as runner:
                runner.run(run.main())
    finally:
        logger.setLevel(level)
    run.outcome.real_s = wall.monotonic() - start_s
    return run.outcome


class _Run:
    """One run, while it lasts."""

    def __init__(
        self, make: WorldMaker, plan: Plan, seed: int, sink: Sink | None, progress: Progress | None
    ) -> None:
        self.plan = plan
        self.outcome = Outcome(seed)
        self.clock = VirtualClock()
        self.random = RandomStreams(seed)
        self.checkers = [kind(self.clock, self.broken) for kind in plan.checkers]
        self._make = make
        self._tracer = Tracer(self.clock, SpanMeter(self.outcome.measurements, sink)) if plan.spans else None
        self._progress = progress
        self._sessions: dict[asyncio.Task[None], None] = {}
        self._stop: asyncio.Event = asyncio.Event()
        places = plan.workload.places
        self._places = list(places)
        self._weights = list(accumulate(places.values()))

    def new_loop(self) -> asyncio.AbstractEventLoop:
        order = self.random.stream("schedule") if self.plan.schedule == "seeded" else None
        loop = VirtualLoop(self.clock, order)
        tasks.install(loop)
        loop.set_exception_handler(self._unhandled)
        return loop

    def _unhandled(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody awaits or catches. In a callback that is a mistake of the emulator itself."""
        failure = context.get("exception")
        what = context["message"] if failure is None else f"{type(failure).__name__}: {failure}"
        if "handle" in context:
            self._problem(f"{context['message']}: {what}")
        else:
            self.outcome.measurements.failed(f"unawaited: {gist(what)}")

    # -- what may happen

    def broken(self, invariant: str, what: str) -> None:
        """An invariant does not hold: the run ends here."""
        if not self.outcome.violations:  # what follows the first may be its consequence
            self.outcome.violations.append(Violation(invariant, what, self.clock.elapsed_s))
        self._stop.set()

    def _problem(self, what: str) -> None:
        self.outcome.problems.append(what)
        self._stop.set()

    # -- the course of it

    async def main(self) -> None:
        world = self._make(self.clock, self.outcome.seed, self._tracer)
        await world.start()
        workers = [
            spawn(work, name=name)
            for name, work in (
                ("arrivals", self._arrive(world)),
                ("progress", self._watch()),
                ("end", self._end()),
            )
        ]
        await self._stop.wait()
        self.outcome.simulated_s = self.clock.elapsed_s
        for task in workers:
            task.cancel()
        self.outcome.cut = len(self._sessions)
        await self._bounded(asyncio.gather(*workers, return_exceptions=True), "the run")
        await self._bounded(self._end_sessions(), "the sessions")
        if self.outcome.ok:
            await self._bounded(self._conclude(world), "the checks")
        self.outcome.checked = {checker.name: checker.checked for checker in self.checkers}
        if world.faults is not None:
            self.outcome.faults = dict(world.faults.counts)
        self._note_stale_reads(world)
        await self._bounded(world.close(grace_s=1.0), "the world")
        await end_leftovers()

    def _note_stale_reads(self, world: WorldUnderTest) -> None:
        for reads in world.kv_stale_reads().values():
            for read in reads:
                self.outcome.measurements.took("stale KV reads, by how much", read.stale_s)

    async def _bounded(self, work: Awaitable[object], what: str) -> None:
        """Wait for `work`, the end of which is no certainty after something broke."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        task = asyncio.current_task()
        assert task is not None

        def give_up(_why: str) -> None:
            task.cancel()

        loop.watch(give_up, patience_s=_PATIENCE_S / 5, limit_s=_TICK_LIMIT_S)
        try:
            async with asyncio.timeout(_GRACE_S):
                await work
        except (TimeoutError, asyncio.CancelledError) as end:
            if isinstance(end, asyncio.CancelledError):
                task.uncancel()
            self.outcome.problems.append(f"{what} did not end")
        except Exception as failure:
            self.outcome.problems.append(f"{what} ended with {type(failure).__name__}: {failure}")
        finally:
            loop.watch(None)

    async def _end_sessions(self) -> None:
        sessions = list(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _conclude(self, world: WorldUnderTest) -> None:
        self.outcome.problems += await run_checks(world, self.plan.workload.checks, self.broken)
        for checker in self.checkers:
            try:
                checker.finish()
            except Exception as failure:
                name = type(failure).__name__
                self.outcome.problems.append(f"the checker {checker.name} raised {name}: {failure}")

    async def _end(self) -> None:
        await self.clock.sleep(self.plan.duration_s)
        self._stop.set()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        try:
            for tick in range(1, _TICKS + 1):
                loop.watch(self._problem, patience_s=_PATIENCE_S, limit_s=_TICK_LIMIT_S)
                await self.clock.sleep(self.plan.duration_s / _TICKS)
                if self._progress is not None:
                    self._progress(tick / _TICKS, self.outcome)
        finally:
            loop.watch(None)

    async def _arrive(self, world: WorldUnderTest) -> None:
        plan = self.plan
        window_s = max(plan.duration_s - _GRACE_S, plan.duration_s / 2)
        times = arrivals(plan.workload.arrivals, plan.sessions, window_s, self.random.stream("arrivals"))
        for number, at_s in enumerate(times):
            await self.clock.sleep(max(0.0, at_s - self.clock.elapsed_s))
            user = self._user(world, number)
            context = contextvars.Context()
            context.run(begin_strand)
            task = spawn(self._session(user), name=f"user {number}", context=context)
            self._sessions[task] = None
            task.add_done_callback(self._sessions.pop)

    def _user(self, world: WorldUnderTest, number: int) -> User:
        generator = self.random.fresh(f"user:{number}")
        place = None
        if self._places:
            place = self._places[bisect(self._weights, generator.random() * self._weights[-1])]
        client = Client(world, ClientOptions(place=place, raise_errors=False))
        return User(number, place, generator, client, self.clock, self.outcome.measurements, self)

    async def _session(self, user: User) -> None:
        self.outcome.started += 1
        try:
            await self.plan.workload.session(user)
        except InvariantBroken:
            return
        except asyncio.CancelledError:
            if not self._stop.is_set():
                self._problem(f"user {user.number} was cancelled by what it waited for")
            return
        except Exception as failure:
            self.outcome.measurements.failed(f"session: {type(failure).__name__}: {gist(str(failure))}")
        self.outcome.finished += 1
