"""The modules `js` and `pyodide.*` for one Worker."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from edge.config import WorkerConfig
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
    js = build_js_module({**HOST_CLASSES, "fetch": fetch}, clock=host.clock, random=host.random)
    return {"js": js, **build_pyodide_modules(profile.ffi, js=js, outbound=fetch)}
