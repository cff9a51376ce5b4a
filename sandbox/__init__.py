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

#: Where each exported name is defined.
_HOMES = {
    "Container": "sandbox.container.container",
    "ContainerProxy": "sandbox.container.proxy",
    "get_container": "sandbox.container.helpers",
    "get_random": "sandbox.container.helpers",
    "switch_port": "sandbox.container.helpers",
}
_CAMEL_CASE = {
    "getContainer": "get_container",
    "getRandom": "get_random",
    "loadBalance": "get_random",
    "switchPort": "switch_port",
}

__all__ = [*_HOMES, *_CAMEL_CASE]


def __getattr__(name: str) -> Any:
    known = _CAMEL_CASE.get(name, name)
    if known not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[known]), known)
    return found
