"""Failures of the platform itself, which say nothing about the sandbox (spec section 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NEW_CODE = re.compile(r"reset because its code was updated|this script has been upgraded", re.I)
_PASSING = re.compile(
    r"network connection lost"
    r"|internal error while starting up durable object storage caused object to be reset",
    re.I,
)


def is_durable_object_code_update_reset(failure: BaseException) -> bool:
    """Whether the object was reset because the Worker was deployed anew."""
    return any(_NEW_CODE.search(str(error)) for error in _with_causes(failure))


def is_platform_transient_error(failure: BaseException) -> bool:
    """Whether the platform interrupted the call; what it did until then is not known."""
    return is_durable_object_code_update_reset(failure) or any(
        _PASSING.search(str(error)) or _retryable(error) for error in _with_causes(failure)
    )


def _retryable(error: BaseException) -> bool:
    return bool(getattr(error, "retryable", False)) and not getattr(error, "overloaded", False)


def _with_causes(failure: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if failure is None:
            return
        yield failure
        failure = failure.__cause__
