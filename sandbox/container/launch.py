"""Starting a container, looking whether it listens, and learning how it ended (spec sections 3.3 and 3.5)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from js import console

from sandbox.container.errors import (
    NO_INSTANCE,
    ContainerError,
    Ending,
    ending_of,
    is_lost,
    is_no_instance,
    is_not_listening,
    text_of,
)
from sandbox.container.patience import Patience
from sandbox.container.values import call_back, is_absent, js_object

if TYPE_CHECKING:
    from sandbox.container.core import Core

_CRASHED = (
    "Container crashed while checking for ports, did you start the container and setup the entrypoint "
    "correctly?"
)


class Launch:
    """The container of one object, as far as it runs: one start at a time, shared by all who ask."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._owner = core.owner
        self._starting: asyncio.Future[int] | None = None
        #: Done when the container that runs now has ended; None when none has run in this life.
        self._end: asyncio.Future[Ending] | None = None
        self._followed: asyncio.Future[Ending] | None = None

    async def ensure_started(self, port: int, patience: Patience, options: dict[str, Any]) -> int:
        """Start the container unless it runs; returns how many looks it took. Raises what stopped it."""
        if self._starting is None:
            if self._core.running:
                if self._end is None:
                    self.watch()
                return 0
            # A task of its own: who waits may go away, the others still want the container.
            self._starting = asyncio.ensure_future(self._start(port, patience, options))
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

    def _started(self, task: asyncio.Future[int]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # seen: those who waited got it

    async def _start(self, port: int, patience: Patience, options: dict[str, Any]) -> int:
        for tries in range(patience.tries):
            self._owner.renew_activity_timeout()
            if tries > 0 and not self._core.running:
                await self._give_up_unless_full()
            await self._owner.schedule_next_alarm()
            if not self._core.running:
                await self._core.outbound.refresh()
                self._core.container.start(js_object(self._start_options(options)))
                self.watch()
                await self._core.state.set("running")
            self._owner.renew_activity_timeout()
            if await self._is_up(port, patience, last=tries == patience.tries - 1):
                return tries
        raise ContainerError(f"Container did not start after {patience.tries * patience.interval_ms:g}ms")

    def _start_options(self, given: dict[str, Any]) -> dict[str, Any]:
        owner = self._owner
        options = {
            "env": given.get("env_vars", owner.env_vars),
            "entrypoint": given.get("entrypoint", owner.entrypoint),
            "labels": given.get("labels", owner.labels),
        }
        started = {name: value for name, value in options.items() if value}
        return {**started, "enableInternet": given.get("enable_internet", owner.enable_internet)}

    async def _is_up(self, port: int, patience: Patience, *, last: bool) -> bool:
        """Look once, and wait a while if it is not up. Raises when there is nothing more to hope for."""
        try:
            await self._ping(port, "http://containerstarthealthcheck", patience)
            return True
        except Exception as failure:
            if is_not_listening(failure):
                if self._core.running:
                    return True
                await self._give_up_unless_full()
            await patience.pause()
            if patience.aborted:
                raise ContainerError(
                    "Aborted waiting for container to start as we received a cancellation signal"
                ) from failure
            if last:
                await self._give_up(failure)
            return False

    async def _give_up(self, failure: Exception) -> None:
        if is_lost(failure):
            # Its connection to the container service may be stuck: a new life of the object has a new one.
            self._core.ctx.abort()
        if not self._core.running:
            await self._give_up_unless_full()
        await self._core.state.set("stopped")
        self.forget()
        raise ContainerError(NO_INSTANCE) from failure

    async def _give_up_unless_full(self) -> None:
        """The container is not running: unless that is for lack of an instance, tell `on_error` and raise."""
        ending = await self._ending()
        if ending is None or (ending.failure is not None and is_no_instance(ending.failure)):
            return
        await self._core.state.note(ending)
        self.forget()
        if ending.exit_code is None and ending.failure is not None:
            failure: Exception = ending.failure
        else:
            failure = ContainerError(
                "Container exited before we could determine the container health, "
                f"exit code: {ending.exit_code}"
            )
            failure.__cause__ = ending.failure
        await self._tell(failure)
        raise failure

    # -- ports

    async def wait_for_port(self, port: int, patience: Patience) -> int:
        """Look until something answers at a port, whatever it answers; returns how many looks there were
        to take. Raises ContainerError."""
        for number in range(1, patience.tries + 1):
            try:
                await self._ping(port, f"http://{self._owner.ping_endpoint}", patience)
                return patience.tries
            except Exception as failure:
                if not self._core.running:
                    await self._fail(ContainerError(_CRASHED), failure)
                if number == patience.tries:
                    after_ms = number * patience.interval_ms
                    text = f"Failed to verify port {port} is available after {after_ms:g}ms, last error: "
                    await self._fail(ContainerError(text + text_of(failure)), failure)
                await patience.pause()
                if patience.aborted:
                    raise ContainerError("Container request aborted.") from failure
        return patience.tries

    async def _ping(self, port: int, url: str, patience: Patience) -> None:
        tcp_port = self._core.container.getTcpPort(port)
        answer = await tcp_port.fetch(url, js_object({"signal": patience.ping_signal()}))
        if not is_absent(answer.body):
            await answer.body.cancel()  # nobody reads it, and the connection is to be free again

    async def _fail(self, failure: ContainerError, cause: Exception) -> None:
        await self._tell(failure)
        raise failure from cause

    async def _tell(self, failure: Exception) -> None:
        """Call `on_error`; the failure is raised whatever the hook does."""
        try:
            await call_back(self._owner.on_error, failure)
        except Exception as other:
            if other is not failure:
                console.error("on_error failed:", repr(other))

    # -- how it ends

    def watch(self) -> None:
        """Learn how the container that runs now ends."""
        self._end = asyncio.ensure_future(_outcome(self._core.container.monitor()))

    async def _ending(self) -> Ending | None:
        return None if self._end is None else await asyncio.shield(self._end)

    def follow(self) -> None:
        """From now on note in the state how it ends, and wake the alarm for `on_stop`."""
        end = self._end
        if end is not None and self._followed is not end:
            self._followed = end
            asyncio.ensure_future(self._follow(end))

    @property
    def end_is_awaited(self) -> bool:
        return self._followed is not None and self._followed is self._end

    def forget(self) -> None:
        """The container that ran is history: what is learned of it from now on does not count."""
        self._end = self._followed = None

    async def _follow(self, end: asyncio.Future[Ending]) -> None:
        ending = await asyncio.shield(end)

        async def note() -> None:
            if self._end is end:
                await self._core.state.note(ending)

        await self._core.ctx.blockConcurrencyWhile(note)
        if self._end is not end:  # another container runs by now
            return
        if ending.exit_code is None and ending.failure is not None and not is_no_instance(ending.failure):
            await self._tell(ending.failure)
        self.forget()
        self._core.alarm.wake()


async def _outcome(monitor: Any) -> Ending:
    try:
        await monitor
    except Exception as failure:
        return ending_of(failure)
    return ending_of(None)
