"""Whether a value is what the SDK returns, for code that gets values from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

_STATUSES = frozenset({"starting", "running", "completed", "failed", "killed", "error"})


def is_exec_result(value: object) -> bool:
    """Whether it is a result of `exec`."""
    if not isinstance(value, Mapping):
        return False
    code, success = value.get("exitCode"), value.get("success")
    texts = (value.get("stdout"), value.get("stderr"))
    return isinstance(code, int) and isinstance(success, bool) and all(isinstance(t, str) for t in texts)


def is_process(value: object) -> bool:
    """Whether it is a process."""
    if not isinstance(value, Mapping):
        return False
    return all(isinstance(value.get(name), str) for name in ("id", "command", "status"))


def is_process_status(value: object) -> bool:
    """Whether it is a status of a process."""
    return isinstance(value, str) and value in _STATUSES
