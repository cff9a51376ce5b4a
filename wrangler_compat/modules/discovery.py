"""What the main module of a Worker offers (spec python-workers.md section 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from edge.worker.dialect import Exports
from wrangler_compat.modules.sdk import entrypoints, legacy

_GLOBAL_HANDLERS = ("fetch", "scheduled", "alarm", "trace", "queue", "pubsub")
_WORKER = (entrypoints.WorkerEntrypoint, legacy.WorkerEntrypoint)
_DURABLE = (entrypoints.DurableObject, legacy.DurableObject)
_WORKFLOW = (entrypoints.WorkflowEntrypoint, legacy.WorkflowEntrypoint)


def find_exports(main: ModuleType, *, global_handlers: bool) -> Exports:
    """Classes by name, and handlers of the old style where they count. Raises TypeError for both a
    `Default` class and such handlers."""
    entries = _classes(main, _WORKER)
    exports = Exports(
        default=entries.pop("Default", None),
        entrypoints=entries,
        durable=_classes(main, _DURABLE),
        workflows=_classes(main, _WORKFLOW),
    )
    if global_handlers:
        exports.legacy = _handlers(main)
        if exports.legacy and exports.default is not None:
            raise TypeError("Cannot define multiple default entrypoints")
    return exports


def _classes(main: ModuleType, bases: tuple[type, ...]) -> dict[str, type]:
    found = {name: getattr(main, name) for name in _names(main)}
    return {name: value for name, value in found.items() if _strict_subclass(value, bases)}


def _names(main: ModuleType) -> Iterable[str]:
    declared = getattr(main, "__all__", None)
    return declared if declared is not None else [name for name in dir(main) if not name.startswith("_")]


def _strict_subclass(value: Any, bases: tuple[type, ...]) -> bool:
    # What the SDK itself defines is a base, also the variants it makes for old dates.
    return isinstance(value, type) and issubclass(value, bases) and "_is_sdk_base" not in vars(value)


def _handlers(main: ModuleType) -> dict[str, Any]:
    named = {handler: getattr(main, f"on_{handler}", None) for handler in _GLOBAL_HANDLERS}
    return {handler: function for handler, function in named.items() if callable(function)}
