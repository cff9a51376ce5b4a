"""The modules `js` and `pyodide.*` for one Worker."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from edge.config import WorkerConfig
from wrangler_compat.modules.profile import Profile


def platform_modules(config: WorkerConfig, profile: Profile) -> Mapping[str, ModuleType]:
    """What JavaScript and Pyodide give to a Worker, by module name."""
    from wrangler_compat.modules.js_module import build_js_module
    from wrangler_compat.modules.pyodide_module import build_pyodide_modules

    js = build_js_module(profile.ffi)
    return {"js": js, **build_pyodide_modules(profile.ffi, js)}
