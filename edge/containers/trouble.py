"""What befalls containers by script: crashes, failed and slow starts, deaf programs, an engine that is down.

A fault of running containers strikes each of them once at each of its beginnings: those that run then, and
those that start while it is in force. What was decided for a container stays decided.

Source: `docs/faults.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.containers.engine import EngineUnavailable, Exit, Instance, StartFailed
from edge.kernel.tasks import spawn

if TYPE_CHECKING:
    from edge.kernel.clock import Timer
    from edge.network.faults.fault import Fault
    from edge.network.faults.faults import Faults

CRASH_CODE: Final = 139  # 128 + SIGSEGV
SIGKILL: Final = 9
_STRIKE_RUNNING: Final = ("container_crash", "engine_down")
_DOWN: Final = "The container engine cannot be reached: it is down by script (engine_down)."
_NO_START: Final = "The container did not start: it fails by script (container_start_fails)."


@dataclass(frozen=True, slots=True)
class Owner:
    """The object that a container belongs to: its class, and its id and perhaps its name."""

    class_name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.class_name} {self.names[0]}"

    def given(self) -> dict[str, str | tuple[str, ...] | None]:
        """What a script may name."""
        return {"class": self.class_name, "object": self.names}


@dataclass(eq=False, slots=True)
class _Life:
    """A container that runs. `over` becomes how it ended by script: an Exit, or None when it was lost."""

    owner: Owner
    over: asyncio.Future[Exit | None]
    #: Up to which beginning each fault has been asked about it.
    asked: dict[Fault, int] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)

    def end(self, exit_: Exit | None) -> bool:
        """It ends; False when it has ended already."""
        if self.over.done():
            return False
        self.over.set_result(exit_)
        return True

    def take(self, itself: asyncio.Task[Exit]) -> None:
        """It ended by itself, or its engine does not know of it any more."""
        if self.over.done() or itself.cancelled():
            return
        failure = itself.exception()
        if failure is None:
            self.over.set_result(itself.result())
        else:
            self.over.set_exception(failure)


class ContainerTrouble:
    """The faults of all containers of a world."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lives: list[_Life] = []  # in the order of their starts
        self._beginnings: dict[Fault, Timer] = {}
        for kind in _STRIKE_RUNNING:
            for fault in faults.of_kind(kind):
                self._expect(fault)
        faults.on_added.append(self._added)

    def close(self) -> None:
        """Nothing strikes any more."""
        self._faults.on_added.remove(self._added)
        for timer in self._beginnings.values():
            timer.cancel()
        self._beginnings.clear()

    # -- asked by each container

    async def before_start(self, owner: Owner) -> None:
        """Let a slow start take its time. Raises EngineUnavailable, StartFailed when it is to fail."""
        slow = self._faults.strikes("container_start_slow", str(owner), **owner.given())
        if slow is not None:
            await self._faults.clock.sleep(slow.options["extra"])
        if self._faults.strikes("engine_down", str(owner)) is not None:
            raise EngineUnavailable(_DOWN)
        failed = self._faults.strikes("container_start_fails", str(owner), **owner.given())
        if failed is not None:
            raise StartFailed(failed.options.get("text", _NO_START))

    def ignores(self, owner: Owner, number: int) -> bool:
        """Whether the entrypoint does not react to a signal; KILL is not its to ignore."""
        if number == SIGKILL:
            return False
        return self._faults.strikes("container_ignores_signals", str(owner), **owner.given()) is not None

    async def end_of(self, owner: Owner, instance: Instance) -> Exit | None:
        """How a container ended, by itself or by script; None when it was lost with its engine."""
        life = _Life(owner, asyncio.get_running_loop().create_future())
        self._lives.append(life)
        itself = spawn(instance.wait(), name=f"container.wait {owner}")
        itself.add_done_callback(life.take)
        try:
            self._begins(life)
            exit_ = await life.over
            if not itself.done():
                await instance.destroy()
            return exit_
        finally:
            itself.cancel()
            self._lives.remove(life)
            for timer in life.timers:
                timer.cancel()

    # -- the faults that strike what runs

    def _begins(self, life: _Life) -> None:
        now_s = self._faults.clock.now()
        for kind in _STRIKE_RUNNING:
            for fault in self._faults.of_kind(kind):
                if fault.in_force(now_s):
                    self._ask(fault, life, fault.window.begun(now_s))

    def _added(self, fault: Fault) -> None:
        if fault.kind in _STRIKE_RUNNING:
            self._expect(fault)

    def _expect(self, fault: Fault) -> None:
        """Strike at the next beginning of a fault; at once when it has just begun."""
        now_s = self._faults.clock.now()
        begun = fault.window.begun(now_s)
        if begun:
            self._strike(fault, begun)
        next_s = fault.window.beginning(begun)
        if next_s is not None:
            self._beginnings[fault] = self._faults.clock.call_at(next_s, self._beginning(fault, begun + 1))

    def _beginning(self, fault: Fault, number: int) -> Callable[[], None]:
        # The number is counted, not read off the clock: the sum of a beginning may be a hair after the
        # moment at which its timer fires.
        def begin() -> None:
            self._beginnings.pop(fault, None)
            self._strike(fault, number)
            next_s = fault.window.beginning(number)
            if next_s is not None and not fault.stopped:
                self._beginnings[fault] = self._faults.clock.call_at(
                    next_s, self._beginning(fault, number + 1)
                )

        return begin

    def _strike(self, fault: Fault, number: int) -> None:
        for life in list(self._lives):
            self._ask(fault, life, number)

    def _ask(self, fault: Fault, life: _Life, number: int) -> None:
        """Whether a fault hits a container at this beginning; each is asked once."""
        if life.asked.get(fault, 0) >= number or life.over.done() or not fault.names(life.owner.given()):
            return
        life.asked[fault] = number
        if not fault.happens():
            return
        after_s = fault.options.get("after", 0.0)
        if after_s:
            clock = self._faults.clock
            life.timers.append(clock.call_at(clock.now() + after_s, lambda: self._end(fault, life)))
        else:
            self._end(fault, life)

    def _end(self, fault: Fault, life: _Life) -> None:
        crash = fault.kind == "container_crash"
        exit_ = Exit(fault.options.get("code", CRASH_CODE)) if crash else None
        if not fault.stopped and life.end(exit_):
            self._faults.tell(fault.kind, str(life.owner))
