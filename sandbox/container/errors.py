"""What goes wrong with a container, and the texts by which the runtime says so (spec sections 3.5, 3.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NO_INSTANCE = "there is no container instance that can be provided to this durable object"
_TOO_MANY_RUN = "maximum number of running container instances exceeded"
_TOO_MANY_STARTS = "you are requesting too many containers per second"
_NOT_LISTENING = "the container is not listening"
_LOST = "network connection lost"
_EXIT = re.compile(
    r"(runtime signalled the container to exit|exited with unexpected exit code):\s*(\d+)", re.I
)


class ContainerError(Exception):
    """A container did not start, ended, or was asked for something it cannot do."""


def is_no_instance(failure: object) -> bool:
    """Whether there is no instance to be had: all that may run do, or none is ready yet."""
    return _says(failure, NO_INSTANCE) or _says(failure, _TOO_MANY_RUN)


def is_rate_limited(failure: object) -> bool:
    return _says(failure, _TOO_MANY_STARTS)


def is_not_listening(failure: object) -> bool:
    return _says(failure, _NOT_LISTENING)


def is_lost(failure: object) -> bool:
    return _says(failure, _LOST)


def _says(failure: object, text: str) -> bool:
    return text in str(failure).lower()


def text_of(failure: object) -> str:
    """The message alone: a JavaScript error shows as `Error: message`."""
    message = getattr(failure, "message", None)
    return message if isinstance(message, str) else str(failure)


@dataclass(frozen=True)
class Ending:
    """How a container ended. `exit_code` is None when it never ran or nobody knows; `failure` is what
    `monitor()` raised, if it did."""

    exit_code: int | None
    reason: str = "exit"
    failure: Exception | None = None


def ending_of(failure: Exception | None) -> Ending:
    """What the outcome of `monitor()` says: no failure is an exit with code 0."""
    if failure is None:
        return Ending(0)
    found = _EXIT.search(str(failure))
    if found is None:
        return Ending(None, failure=failure)
    signalled = found[1].lower().startswith("runtime")
    return Ending(int(found[2]), "runtime_signal" if signalled else "exit", failure)
