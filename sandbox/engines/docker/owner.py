"""Whose a container is: the label by which an engine finds what one that was killed has left behind."""

from __future__ import annotations

import itertools
import os
import socket
from contextlib import suppress
from typing import Any

from docker.errors import NotFound

from sandbox.engines.process.registry import start_time

#: On containers and networks: machine, process id, when that started, number of the engine in it.
LABEL = "dev.cortex-edge.owner"
_engines = itertools.count(1)


def new_owner() -> str:
    """A name that no other engine has."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{next(_engines)}"


def is_gone(owner: str) -> bool:
    """Whether the process of that engine ended. False for those of other machines, which cannot be seen."""
    parts = owner.split("/")
    if len(parts) != 4 or parts[0] != socket.gethostname() or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(pid) != parts[2]


def _started(pid: int) -> str:
    """By the kernel's count, where it can be read: a process id alone may be another's by now."""
    try:
        return start_time(pid)
    except FileNotFoundError:
        return "?"


def remove_left(api: Any) -> list[str]:
    """Remove what engines that are gone have left in a daemon; the names."""
    removed = []
    for found in api.containers(all=True, filters={"label": LABEL}):
        if is_gone(found["Labels"][LABEL]):
            with suppress(NotFound):
                api.remove_container(found["Id"], force=True, v=True)
                removed += [name.lstrip("/") for name in found["Names"]]
    for found in api.networks(filters={"label": LABEL}):
        if is_gone(found["Labels"][LABEL]):
            with suppress(NotFound):
                api.remove_network(found["Id"])
    return removed
