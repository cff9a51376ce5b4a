"""Containers behind Durable Objects, and the Sandbox SDK, in Python.

A Worker imports what it needs from here: `from sandbox import Container, get_sandbox`. These names are
found when they are first used, and only inside a Worker: the modules behind them import `workers` and
`js`. The other modules (`sandbox.engines`, `sandbox.server`) run on the host and are not for Workers.

Source: spec sandbox-and-containers.md sections 3 and 4.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: The modules a Worker may import; those a project vendors to deploy.
FOR_WORKERS = frozenset({"container", "client", "durable", "errors"})

_CONTAINER, _CLIENT = "sandbox.container", "sandbox.client"
#: Where each exported name is defined.
_HOMES = {
    "Container": f"{_CONTAINER}.container",
    "ContainerProxy": f"{_CONTAINER}.proxy",
    "get_container": f"{_CONTAINER}.helpers",
    "get_random": f"{_CONTAINER}.helpers",
    "switch_port": f"{_CONTAINER}.helpers",
    "Sandbox": "sandbox.durable.sandbox",
    "get_sandbox": f"{_CLIENT}.get_sandbox",
    "proxy_to_sandbox": f"{_CLIENT}.preview",
    "proxy_terminal": f"{_CLIENT}.terminal",
    "CodeInterpreter": f"{_CLIENT}.interpreter",
    "parse_sse_stream": f"{_CLIENT}.sse",
    "response_to_async_iterable": f"{_CLIENT}.sse",
    "async_iterable_to_sse_stream": f"{_CLIENT}.sse",
    "stream_file": f"{_CLIENT}.file_stream",
    "collect_file": f"{_CLIENT}.file_stream",
    "is_exec_result": f"{_CLIENT}.checks",
    "is_process": f"{_CLIENT}.checks",
    "is_process_status": f"{_CLIENT}.checks",
    "is_platform_transient_error": "sandbox.errors",
    "is_durable_object_code_update_reset": "sandbox.errors",
    "SandboxError": "sandbox.errors",
}
_CAMEL_CASE = {
    "getContainer": "get_container",
    "getRandom": "get_random",
    "loadBalance": "get_random",
    "switchPort": "switch_port",
    "getSandbox": "get_sandbox",
    "proxyToSandbox": "proxy_to_sandbox",
    "proxyTerminal": "proxy_terminal",
    "parseSSEStream": "parse_sse_stream",
    "responseToAsyncIterable": "response_to_async_iterable",
    "asyncIterableToSSEStream": "async_iterable_to_sse_stream",
    "streamFile": "stream_file",
    "collectFile": "collect_file",
    "isExecResult": "is_exec_result",
    "isProcess": "is_process",
    "isProcessStatus": "is_process_status",
    "isPlatformTransientError": "is_platform_transient_error",
    "isDurableObjectCodeUpdateReset": "is_durable_object_code_update_reset",
}

__all__ = [*_HOMES, *_CAMEL_CASE]


def __getattr__(name: str) -> Any:
    known = _CAMEL_CASE.get(name, name)
    if known not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[known]), known)
    return found
