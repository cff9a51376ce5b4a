"""How many files this process may have open."""

from __future__ import annotations

try:
    import resource
except ImportError:  # Windows, where nothing of the kind is set
    resource = None  # type: ignore[assignment]

_UNKNOWN = 2048
_ENOUGH = 65_536  # some systems say "unlimited", and refuse that


def open_files_limit() -> int:
    """The number of descriptors a process may have."""
    if resource is None:
        return _UNKNOWN
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _ENOUGH if soft == resource.RLIM_INFINITY else soft


def raise_open_files_limit() -> None:
    """Allow this process what the system allows it at most; shells hand out far less."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
