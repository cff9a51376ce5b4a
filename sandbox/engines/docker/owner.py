"""Whose a container is: the label by which an engine finds what one that was killed has left behind."""

from __future__ import annotations

import itertools
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from docker.errors import APIError, NotFound

from sandbox.engines.process.registry import start_time

#: On containers and networks: machine, process id, when that started, number of the engine in it.
LABEL = "dev.cortex-edge.owner"
_log = logging.getLogger("edge.containers")
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
        name = found["Names"][0].lstrip("/")
        if is_gone(found["Labels"][LABEL]) and _tried(name, partial(_remove, api, found["Id"])):
            removed.append(name)
    for found in api.networks(filters={"label": LABEL}):
        if is_gone(found["Labels"][LABEL]):
            _tried(found["Name"], partial(api.remove_network, found["Id"]))
    return removed


def _remove(api: Any, id: str) -> None:
    api.remove_container(id, force=True, v=True)


def _tried(name: str, work: Callable[[], object]) -> bool:
    """Whether it worked. Another engine may be doing the same, and what stays is for the next one."""
    try:
        work()
    except NotFound:
        return False
    except APIError as error:
        _log.debug("%s stays: %s", name, error)
        return False
    return True
