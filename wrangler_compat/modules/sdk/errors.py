"""Which JavaScript errors become Python's own where the SDK says so (spec python-workers.md 2.5, 7)."""

from __future__ import annotations

from edge.js.errors import JsException


class NonRetryableError(Exception):
    """Raised in a workflow step: the step is not tried again."""

    __module__ = "workers.workflows"


def to_python_exception(error: JsException) -> Exception:
    """RangeError as ValueError, TypeError as TypeError, any other error as it is."""
    if error.name == "RangeError":
        return ValueError(error.message)
    if error.name == "TypeError":
        return TypeError(error.message)
    return error
