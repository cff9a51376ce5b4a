"""Builds the modules `workers`, `workers.*` and `asgi` for one Worker.

Most of the SDK is the same for every Worker; `env`, `fetch` and what hangs on them is the Worker's own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from edge.errors import UnsupportedError
from edge.js.convert import to_js
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.worker.invocation import current
from wrangler_compat.modules.profile import Profile
from wrangler_compat.modules.sdk import (
    blob,
    entrypoints,
    errors,
    formdata,
    headers,
    legacy,
    request,
    response,
    types,
    values,
)
from wrangler_compat.modules.sdk.background import wait_until
from wrangler_compat.modules.sdk.env import CurrentEnv, _EnvWrapper
from wrangler_compat.modules.sdk.fetch import make_fetch

_GLOBAL_SCOPE = "Only 'cloudflare:workers' and 'cloudflare:sockets' are available in the global scope."


class LazyModule(ModuleType):
    """A module whose names are found on first use, through `__getattr__` of module level."""

    def __init__(self, name: str, find: Callable[[str], Any], doc: str | None = None) -> None:
        super().__init__(name, doc)
        self.__dict__["_find"] = find

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        found = self.__dict__["_find"](name)
        return found


def build_package(
    profile: Profile, env: Any, outbound: Callable[..., Any], import_js: Callable[[str], Any]
) -> dict[str, ModuleType]:
    """The modules by name. `env` is the Worker's JavaScript env, `outbound` its JavaScript fetch,
    `import_js` finds JavaScript modules by name and raises JsException for unknown ones."""
    current_env = CurrentEnv(env)
    sdk = _members(profile, outbound)
    lazy: dict[str, Callable[[], Any]] = {
        "env": lambda: current_env if profile.raw_bindings else _EnvWrapper(current_env),
        "waitUntil": lambda: wait_until,
    }
    if profile.external_sdk:
        lazy["wait_until"] = lambda: wait_until
    sdk["import_from_javascript"] = _importer(current_env, import_js)
    sdk["patch_env"] = _patcher(current_env)
    modules = _modules(sdk, lazy)
    if profile.oldest:  # where the SDK was at first
        cloudflare = modules["cloudflare"] = ModuleType("cloudflare")
        cloudflare.__dict__.update(__path__=[], workers=modules["workers"])
        modules["cloudflare.workers"] = modules["workers"]
    return modules


def _members(profile: Profile, outbound: Callable[..., Any]) -> dict[str, Any]:
    """The names of `workers` that are there from the start."""
    old = profile.raw_bindings
    request_class = legacy.CommaSplittingRequest if profile.splits_commas else request.Request
    source = legacy.classes(request_class) if old else entrypoints
    return {
        "Blob": blob.Blob,
        "BlobEnding": blob.BlobEnding,
        "BlobValue": types.BlobValue,
        "Body": types.Body,
        "Context": types.Context,
        "DurableObject": source.DurableObject,
        "FetchKwargs": types.FetchKwargs,
        "FetchResponse": response.FetchResponse,
        "File": blob.File,
        "FormData": formdata.FormData,
        "FormDataValue": types.FormDataValue,
        "Headers": types.Headers,
        "JSBody": types.JSBody,
        "Request": request_class,
        "RequestInitCfProperties": types.RequestInitCfProperties,
        "Response": response.Response,
        "WorkerEntrypoint": source.WorkerEntrypoint,
        "WorkflowEntrypoint": source.WorkflowEntrypoint,
        "fetch": make_fetch(outbound),
        "handler": entrypoints.make_handler(legacy.LegacyEnvWrapper if old else _EnvWrapper, request_class),
        "python_from_rpc": legacy.legacy_from_rpc if old else values.python_from_rpc,
        "python_to_rpc": legacy.legacy_to_rpc if old else values.python_to_rpc,
    }


_SUBMODULES: Mapping[str, tuple[str, ...]] = {
    "blob": ("Blob", "BlobEnding", "BlobValue", "File"),
    "entrypoints": ("DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint", "handler"),
    "fetch": ("fetch",),
    "formdata": ("FormData", "FormDataValue"),
    "request": ("Request",),
    "response": ("FetchResponse", "Response"),
    "rpc": ("python_from_rpc", "python_to_rpc"),
    "types": ("Body", "Context", "FetchKwargs", "Headers", "JSBody", "RequestInitCfProperties"),
    "utils": ("import_from_javascript", "patch_env"),
}
_EXTRA: Mapping[str, Mapping[str, Any]] = {
    "entrypoints": {
        "DurableObjectAbort": entrypoints.DurableObjectAbort,
        "DurableObjectContext": entrypoints.DurableObjectContext,
    },
    "rpc": {"JsDict": values.JsDict, "_EnvWrapper": _EnvWrapper},
    "utils": {"_to_js_headers": headers.to_js_headers},
    "workflows": {"NonRetryableError": errors.NonRetryableError},
}
_ADAPTERS = ("asgi", "wsgi")


def _modules(sdk: dict[str, Any], lazy: Mapping[str, Callable[[], Any]]) -> dict[str, ModuleType]:
    modules: dict[str, ModuleType] = {}

    def find(name: str) -> Any:
        if name in lazy:
            return lazy[name]()
        raise AttributeError(f"module 'workers' has no attribute {name!r}")

    package = modules["workers"] = LazyModule("workers", find, "The Workers SDK.")
    package.__dict__.update(sdk, __all__=sorted({*sdk, *lazy}), __path__=[])
    for name in {**_SUBMODULES, **_EXTRA}:
        module = modules[f"workers.{name}"] = ModuleType(f"workers.{name}")
        module.__dict__.update({member: sdk[member] for member in _SUBMODULES.get(name, ())})
        module.__dict__.update(_EXTRA.get(name, {}))
        if name not in sdk:  # `workers.fetch` is the function
            package.__dict__[name] = module
    for name in _ADAPTERS:
        package.__dict__[name] = modules[f"workers.{name}"] = _adapter(name)
    modules["asgi"] = modules["workers.asgi"]
    return modules


def _adapter(name: str) -> ModuleType:
    """An adapter, imported when the Worker first uses it."""

    def find(member: str) -> Any:
        source = importlib.import_module(f"wrangler_compat.modules.sdk.{name}")
        lazy = getattr(source, "LAZY", {})
        found = lazy[member]() if member in lazy else vars(source).get(member)
        if found is None or member.startswith("_"):
            raise AttributeError(f"module 'workers.{name}' has no attribute {member!r}")
        module.__dict__[member] = found
        return found

    module = LazyModule(f"workers.{name}", find)
    return module


def _importer(env: CurrentEnv, import_js: Callable[[str], Any]) -> Callable[[str], Any]:
    def import_from_javascript(module_name: str) -> Any:
        """A JavaScript module. Raises ImportError for one that is not there."""
        if module_name == "cloudflare:workers":
            return JsObject({"env": env, "waitUntil": wait_until})
        if module_name == "cloudflare:sockets":
            return JsObject({"connect": _no_sockets})
        if current.get() is None:
            raise ImportError(f"Failed to import '{module_name}': {_GLOBAL_SCOPE}")
        try:
            return import_js(module_name)
        except JsException as error:
            raise ImportError(f"Failed to import '{module_name}': {error}") from error

    return import_from_javascript


def _no_sockets(*_: Any) -> Any:
    raise UnsupportedError("connect() of cloudflare:sockets is not emulated (docs/limitations.md)")


def _patcher(env: CurrentEnv) -> Callable[..., Any]:
    def patch_env(d: Any = None, **kwds: Any) -> Any:
        """A context in which `workers.env` has other values. `d` is a dict or pairs."""
        values = {**dict(d or {}), **kwds}
        return env._patched({name: to_js(value) for name, value in values.items()})

    return patch_env
