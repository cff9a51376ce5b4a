"""`ctx.exports`: a Worker's own entrypoints, to be called or handed out as bindings.

Source: spec durable-objects.md section 3 (`exports`), spec runtime.md section 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge.js.convert import to_py
from edge.js.objects import get_property
from edge.js.proxy import JsProxy
from edge.worker.service import ServiceStub

if TYPE_CHECKING:
    from edge.config import WorkerConfig
    from edge.worker.dialect import Exports
    from edge.worker.service import Service


class LoopbackServiceStub(ServiceStub, js_name="LoopbackServiceStub"):
    """An entrypoint of the Worker itself; calling it gives another one with `props`."""

    __slots__ = ()

    def __call__(self, options: Any = None, **keywords: Any) -> ServiceStub:
        props = keywords.get("props", get_property(options, "props"))
        return ServiceStub(self._service, self._entrypoint, to_py(props))


class Loopback(JsProxy, js_name="Object"):
    """The entrypoints by name; `default` is the default one."""

    __slots__ = ("_exports", "_service")

    def __init__(self, exports: Exports, service: Callable[[], Service]) -> None:
        self._exports = exports
        self._service = service

    def __getattr__(self, name: str) -> LoopbackServiceStub:
        exports = self._exports
        if name == "default" and exports.default is not None:
            return LoopbackServiceStub(self._service)
        if name in exports.entrypoints:
            return LoopbackServiceStub(self._service, name)
        raise AttributeError(name)


def loopback_of(worker: WorkerConfig, exports: Exports, service: Callable[[str], Service]) -> Loopback | None:
    """The `ctx.exports` of a Worker; None before the date that brought it. `service` finds what runs."""
    if not worker.has_flag("enable_ctx_exports", "2025-11-17"):
        return None
    return Loopback(exports, lambda: service(worker.name))
