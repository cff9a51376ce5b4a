"""The modules `js` and `pyodide.*` for one Worker, made when the Worker first imports one of them: a
Worker that needs none of them does not wait for them at start."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from edge.http.host import current_host
from wrangler_compat.modules.profile import Profile

_NAMES = (
    *("js", "pyodide", "pyodide.code", "pyodide.ffi", "pyodide.ffi.wrappers"),
    *("pyodide.http", "pyodide.webloop"),
)
_WAITING = ("run_sync", "can_run_sync")

Makers = dict[str, Callable[[], ModuleType]]


def platform_modules(profile: Profile, on_waiting: Callable[[], None]) -> Makers:
    """What makes the modules that JavaScript and Pyodide give to a Worker, by module name, on the clock
    and the randomness of the world that loads it (`edge.http.host.current_host`). `on_waiting` is told
    when the Worker looks at `run_sync`."""
    host = current_host.get()

    @functools.cache
    def build() -> Mapping[str, ModuleType]:
        from edge.cache.binding import Cache, CacheStorage
        from edge.cache.caches import Caches
        from edge.durable.hibernation import AutoResponse
        from edge.http.classes import HOST_CLASSES
        from edge.http.fetch import fetch
        from wrangler_compat.modules.js_module import build_js_module
        from wrangler_compat.modules.pyodide_module import build_pyodide_modules

        caches = Caches(host.clock, host.random) if host.caches is None else host.caches()
        names = {**HOST_CLASSES, AutoResponse.js_name: AutoResponse, "fetch": fetch}
        names |= {"Cache": Cache, "CacheStorage": CacheStorage, "caches": CacheStorage(caches)}
        js = build_js_module(names, clock=host.shown_clock, random=host.random)
        modules = {"js": js, **build_pyodide_modules(profile.ffi, js=js, outbound=fetch)}
        note_use(modules["pyodide.ffi"], _WAITING, on_waiting)
        assert sorted(modules) == sorted(_NAMES), "the names must be known before the modules are made"
        return modules

    return {name: functools.partial(_one_of, build, name) for name in _NAMES}


def _one_of(build: Callable[[], Mapping[str, ModuleType]], name: str) -> ModuleType:
    return build()[name]


def note_use(module: ModuleType, names: Sequence[str], note: Callable[[], None]) -> None:
    """Call `note` when one of `names` is first taken from `module`."""
    held = {name: module.__dict__.pop(name) for name in names}

    def take(name: str) -> Any:
        if name not in held:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        note()
        return held[name]

    module.__dict__["__getattr__"] = take
