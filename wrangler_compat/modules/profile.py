"""Which generation of the Python runtime a Worker gets, by its date and flags (spec section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from edge.config import WorkerConfig
from edge.js.convert import PYODIDE_0_28, PYODIDE_314, FfiProfile

EXTERNAL_SDK_DATE = "2026-04-21"
PYODIDE_0_28_DATE = "2025-09-29"
PYODIDE_314_DATE = "2026-09-08"
_PYODIDE_314_FLAGS = frozenset({"python_workers_20260610", "python_workers_20260817"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What differs between Workers of different dates."""

    ffi: FfiProfile
    #: The SDK of PyPI; before it, that of the runtime.
    external_sdk: bool
    #: Most bindings are raw JavaScript objects: with the SDK of the runtime, or because strict FFI was asked
    #: for. Else all are wrapped, and convert.
    raw_bindings: bool
    #: Module-level `on_fetch` and its like are handlers.
    global_handlers: bool
    #: A header's value is split at commas in `Request.headers`.
    splits_commas: bool
    #: Pyodide 0.26, where the SDK is also called `cloudflare.workers`.
    oldest: bool

    @classmethod
    def of(cls, config: WorkerConfig) -> Profile:
        external = _external_sdk(config)
        keeps_commas = config.has_flag("python_request_headers_preserve_commas", "2026-02-17")
        return cls(
            ffi=_ffi(config),
            external_sdk=external,
            raw_bindings=config.strict_ffi == "bindings" or not external,
            global_handlers=not config.has_flag("python_no_global_handlers", "2025-08-14"),
            splits_commas=not (external or keeps_commas),
            oldest=not config.has_flag("python_workers_20250116", PYODIDE_0_28_DATE),
        )


def _external_sdk(config: WorkerConfig) -> bool:
    if (config.root / "python_modules" / "workers").is_dir():
        return True  # a vendored package shadows the frozen one, whatever the date
    if "disable_python_external_sdk" in config.compatibility_flags:
        return False
    return (
        "enable_python_external_sdk" in config.compatibility_flags
        or config.compatibility_date >= EXTERNAL_SDK_DATE
    )


def _ffi(config: WorkerConfig) -> FfiProfile:
    newest = config.compatibility_date >= PYODIDE_314_DATE or not _PYODIDE_314_FLAGS.isdisjoint(
        config.compatibility_flags
    )
    return PYODIDE_314 if newest else PYODIDE_0_28
