"""When local data cannot be used: one message that says which file, why, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from edge.errors import UserError

_OF_THE_FILE = re.compile(": SQLITE_(NOTADB|CORRUPT|CANTOPEN|READONLY|IOERR|FULL|BUSY|PERM|PROTOCOL)\\b")
_DAMAGED = ("malformed", "not a database", "disk image", "corrupt")


def state_failure(what: str, path: Path, cause: BaseException) -> UserError:
    """The error for data of `what` in the file `path` that failed with `cause`, SQLite's or the system's."""
    reason = str(cause)
    return UserError(f"cannot use the local data of {what}: {reason} ({path}). {_remedy(reason)}")


def is_of_the_file(text: str) -> bool:
    """Whether an error of SQLite, in the platform's words, is about the file and not about the SQL."""
    return text.startswith("[Errno") or _OF_THE_FILE.search(text) is not None


def _remedy(reason: str) -> str:
    if any(word in reason for word in _DAMAGED):
        return (
            "The file is damaged: put a copy of it back, or delete it together with its -wal and -shm files "
            "to begin anew."
        )
    if "locked" in reason or "busy" in reason.lower():
        return "Another program has been writing to it for more than five seconds: try again."
    if "readonly" in reason or "unable to open" in reason or "Permission" in reason:
        return "May this user write to its folder? Another folder can be chosen with --persist-to."
    return "Nothing was changed."
