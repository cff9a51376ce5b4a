"""The modules `js` and `pyodide.*` for one Worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from edge.config import WorkerConfig
from edge.durable.hibernation import AutoResponse
from edge.http.classes import HOST_CLASSES
from edge.http.fetch import fetch
from edge.http.host import current_host
from wrangler_compat.modules.js_module import build_js_module
from wrangler_compat.modules.profile import Profile
from wrangler_compat.modules.pyodide_module import build_pyodide_modules


def platform_modules(config: WorkerConfig, profile: Profile) -> Mapping[str, ModuleType]:
    """What JavaScript and Pyodide give to a Worker, by module name, on the clock and the randomness of
    the world that loads it (`edge.http.host.current_host`)."""
    host = current_host.get()
    js = build_js_module(
        {**HOST_CLASSES, AutoResponse.js_name: AutoResponse, "fetch": fetch},
        clock=host.clock,
        random=host.random,
    )
    return {"js": js, **build_pyodide_modules(profile.ffi, js=js, outbound=fetch)}


def note_use(module: ModuleType, names: Sequence[str], note: Callable[[], None]) -> None:
    """Call `note` when one of `names` is first taken from `module`."""
    held = {name: module.__dict__.pop(name) for name in names}

    def take(name: str) -> Any:
        if name not in held:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        note()
        return held[name]

    module.__dict__["__getattr__"] = take
