"""How a language meets the runtime: what the modules are called and how handlers are invoked.

The runtime deals in JavaScript values; the dialect of Python Workers (`wrangler_compat.modules`) turns
them into what the `workers` package shows, as pyodide's entrypoint helper does on Cloudflare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from edge.config import WorkerConfig
    from edge.worker.modules import Provided


@dataclass(slots=True)
class Exports:
    """What the main module of a Worker offers."""

    default: type | None = None
    entrypoints: dict[str, type] = field(default_factory=dict)
    durable: dict[str, type] = field(default_factory=dict)
    workflows: dict[str, type] = field(default_factory=dict)
    #: Module-level handlers of the old style (`on_fetch`, …), by handler name (`fetch`, …).
    legacy: dict[str, Any] = field(default_factory=dict)


class Dialect(Protocol):
    """The language side of the runtime."""

    def modules(self, config: WorkerConfig, env: Any) -> Mapping[str, Provided]:
        """The importable modules the platform provides to this Worker (`workers`, `js`, …), or what
        makes them when they are first imported. `env` is the Worker's JavaScript env object."""
        ...

    def exports(self, main: ModuleType, config: WorkerConfig) -> Exports:
        """Find entrypoint classes and legacy handlers in the Worker's main module."""
        ...

    def construct(self, entrypoint: type, ctx: Any, env: Any) -> object:
        """Make an instance; a Python exception leaves as JsException `PythonError`."""
        ...

    def has_handler(self, target: object, handler: str) -> bool:
        """Whether an entrypoint class or instance has the handler (`fetch`, `alarm`, …)."""
        ...

    async def call(self, target: object, handler: str, args: Sequence[Any]) -> Any:
        """Call a handler or RPC method with JavaScript values, give back a JavaScript value. Argument
        counts and conversions are the dialect's (spec python-workers.md 2.2)."""
        ...
