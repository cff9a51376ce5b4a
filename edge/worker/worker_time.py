"""Time as a Worker sees it.

On Cloudflare a Worker's clock has whole milliseconds and stands still while its code runs: it moves when the
Worker has waited for something. Two policies:

    real   the host's modules as they are: live servers, unless told otherwise
    io     `time`, `datetime`, `Date.now()` and `performance.now()` follow the world's clock, which moves with
           I/O only: the default in virtual time

Under `io` the Worker's own files and the packages vendored beside them get views of the modules `time`
and `datetime`. Values are the host's own `datetime` objects; only the names through which they are made
differ, and compare equal to the host's classes.

Sources: Cloudflare "Security model" (time in Workers), spec runtime.md; spec python-workers.md section 7.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Literal, get_args

from edge.kernel.clock import Clock, Timer, VirtualClock, WallClock
from edge.worker.modules import HostView

TimePolicy = Literal["real", "io"]
_HANGS = (
    "time.sleep({0}) would never return: a Worker's clock stands still while its code runs. "
    "Use: await asyncio.sleep({0})"
)


def time_policy(wanted: str | None, clock: Clock) -> TimePolicy:
    """The policy of a world. Raises ValueError for one there is not."""
    if wanted is None:
        return "io" if isinstance(clock, VirtualClock) else "real"
    for policy in get_args(TimePolicy):
        if wanted == policy:
            return policy  # type: ignore[no-any-return]
    raise ValueError(f"there is no time policy {wanted!r}; known: {', '.join(get_args(TimePolicy))}")


def shown_clock(policy: TimePolicy, clock: Clock) -> Clock:
    """The clock that the Worker's code reads; its timers are the world's whatever it shows."""
    is_virtual = isinstance(clock, VirtualClock)
    if policy == "real":
        return ShownClock(clock, WallClock()) if is_virtual else clock
    return clock if is_virtual else ShownClock(clock, StillTime(clock))


class StillTime:
    """Real time that stands still between two turns of the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now_s: float | None = None

    def now(self) -> float:
        if self._now_s is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return self._clock.now()
            self._now_s = self._clock.now()
            loop.call_soon(self._move)
        return self._now_s

    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def monotonic(self) -> float:
        return self.now()

    def _move(self) -> None:
        self._now_s = None


class ShownClock:
    """A world's clock that shows the time of another (`edge.kernel.clock.Clock`)."""

    def __init__(self, world: Clock, shown: StillTime | WallClock) -> None:
        self._world = world
        self.now = shown.now
        self.now_ms = shown.now_ms
        self.monotonic = shown.monotonic

    async def sleep(self, delay_s: float) -> None:
        await self._world.sleep(delay_s)

    async def sleep_until(self, when_s: float) -> None:
        await self._world.sleep(max(0.0, when_s - self.now()))

    def call_at(self, when_s: float, callback: Callable[[], object]) -> Timer:
        return self._world.call_at(self._world.now() + when_s - self.now(), callback)

    def hold(self, what: str = "real work") -> AbstractContextManager[None]:
        return self._world.hold(what)


def time_modules(clock: Clock) -> dict[str, Callable[[], ModuleType]]:
    """What makes the views of `time` and `datetime` on `clock`."""
    return {"time": lambda: time_module(clock), "datetime": lambda: datetime_module(clock)}


def time_module(clock: Clock) -> ModuleType:
    """`time` on the world's clock, in whole milliseconds as `Date.now()`."""

    def seconds(*_: Any) -> float:
        return clock.now_ms() / 1000

    def nanoseconds(*_: Any) -> int:
        return clock.now_ms() * 1_000_000

    def at_now(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda seconds=None: function(clock.now_ms() / 1000 if seconds is None else seconds)

    def now_tuple(given: Any) -> Any:
        return time.localtime(clock.now_ms() / 1000) if given is None else given

    readings = ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
    return HostView(
        time,
        **dict.fromkeys(readings, seconds),
        **dict.fromkeys((f"{name}_ns" for name in readings), nanoseconds),
        **{name: at_now(getattr(time, name)) for name in ("localtime", "gmtime", "ctime")},
        asctime=lambda t=None: time.asctime(now_tuple(t)),
        strftime=lambda format, t=None: time.strftime(format, now_tuple(t)),
        sleep=_sleep,
    )


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds:
        raise RuntimeError(_HANGS.format(seconds))


class _Standin(type):
    """Makes a subclass stand for its host class, in isinstance(), issubclass(), == and as a dict key."""

    _host: type

    def __instancecheck__(cls, instance: Any) -> bool:
        host = cls.__dict__.get("_host")
        return isinstance(instance, host) if host else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        host = cls.__dict__.get("_host")
        return issubclass(subclass, host) if host else super().__subclasscheck__(subclass)

    def __eq__(cls, other: object) -> bool:
        return cls is other or ("_host" in cls.__dict__ and (other is cls._host or _same(cls, other)))

    def __hash__(cls) -> int:
        return hash(cls.__dict__["_host"]) if "_host" in cls.__dict__ else super().__hash__()


def _same(cls: _Standin, other: object) -> bool:
    return isinstance(other, _Standin) and other.__dict__.get("_host") is cls._host


def datetime_module(clock: Clock) -> ModuleType:
    """`datetime` with `now()`, `utcnow()` and `today()` on the world's clock."""
    return HostView(datetime, date=_date_class(clock), datetime=_datetime_class(clock))


def _made(cls: Any, host: Any, args: Any, options: Any) -> Any:
    # Values are the host's own, so that code which asks for exactly that type is content; a Worker's
    # subclasses make their own.
    return host.__new__(host if "_host" in cls.__dict__ else cls, *args, **options)


def _schema(cls: Any, _source: Any, handler: Any) -> Any:
    """How pydantic validates it: as the host's class."""
    return handler(cls._host)


def _date_class(clock: Clock) -> type:
    host = datetime.date

    def today(cls: Any) -> Any:
        return cls.fromtimestamp(clock.now_ms() / 1000)

    return _standin(host, today=classmethod(today))


def _datetime_class(clock: Clock) -> type:
    host = datetime.datetime

    def now(cls: Any, tz: datetime.tzinfo | None = None) -> Any:
        return cls.fromtimestamp(clock.now_ms() / 1000, tz)

    def utcnow(cls: Any) -> Any:
        return cls.fromtimestamp(clock.now_ms() / 1000, datetime.UTC).replace(tzinfo=None)

    def today(cls: Any) -> Any:
        return cls.now()

    return _standin(host, now=classmethod(now), utcnow=classmethod(utcnow), today=classmethod(today))


def _standin(host: Any, **members: Any) -> type:
    def make(cls: Any, *args: Any, **options: Any) -> Any:
        return _made(cls, host, args, options)

    body = {
        "_host": host,
        "__module__": host.__module__,
        "__doc__": host.__doc__,
        "__new__": make,
        "__get_pydantic_core_schema__": classmethod(_schema),
        **members,
    }
    return _Standin(host.__name__, (host,), body)
