"""A Worker's code without a Worker: a dialect of plain Python classes, and hosts that run them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from edge.config import WorkerConfig
from edge.durable.host import DurableHost
from edge.http.host import Host, HttpCompat
from edge.js.errors import JsException, type_error
from edge.js.python_error import python_error
from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.random import RandomStreams
from edge.worker.dialect import Dialect, Exports


class PlainDialect:
    """Handlers are methods that take and give JavaScript values."""

    def modules(self, config: WorkerConfig, env: Any) -> Mapping[str, ModuleType]:
        return {}

    def exports(self, main: ModuleType, config: WorkerConfig) -> Exports:
        return Exports()

    def construct(self, entrypoint: type, ctx: Any, env: Any) -> object:
        try:
            return entrypoint(ctx, env)
        except Exception as failure:
            raise python_error(failure) from failure

    def has_handler(self, target: object, handler: str) -> bool:
        return hasattr(target, handler)

    async def call(self, target: object, handler: str, args: Sequence[Any]) -> Any:
        method = getattr(target, handler, None)
        if method is None:
            raise type_error(f"Method {handler} does not exist")
        try:
            result = method(*args)
            return await result if hasattr(result, "__await__") else result
        except JsException:
            raise
        except Exception as failure:
            raise python_error(failure) from failure


class Code:
    """What an isolate offers a host."""

    def __init__(self, *classes: type, date: str = "2026-10-01", env: Any = None) -> None:
        self.dialect: Dialect = PlainDialect()
        self.env = env
        self.config = WorkerConfig("w", Path(), None, date)
        self.host = Host(HttpCompat.of(self.config))
        self.loopback: Any = None
        self.classes = {cls.__name__: cls for cls in classes}

    def durable_class(self, name: str) -> type | None:
        return self.classes.get(name)


def make_host(
    cls: type,
    clock: Clock | None = None,
    *,
    directory: Path | None = None,
    sqlite: bool = True,
) -> DurableHost:
    return DurableHost(
        cls.__name__,
        unique_key=f"w-{cls.__name__}",
        sqlite=sqlite,
        directory=directory,
        clock=clock or VirtualClock(),
        random=RandomStreams(1),
    )


@contextlib.asynccontextmanager
async def hosting(
    cls: type,
    clock: Clock | None = None,
    *,
    directory: Path | None = None,
    sqlite: bool = True,
    date: str = "2026-10-01",
) -> AsyncIterator[DurableHost]:
    """A started host that is closed afterwards."""
    host = make_host(cls, clock, directory=directory, sqlite=sqlite)
    await host.reload(Code(cls, date=date))
    await host.start()
    try:
        yield host
    finally:
        await host.close(1.0)
