"""What a check finds, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(Enum):
    """Errors do not work on Cloudflare, warnings work otherwise than they look, notes could not be
    decided."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; lines and columns count from 1, and 0 means the whole file."""

    file: Path
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that will not run there as it runs here, why, and what to do."""

    rule: str
    severity: Severity
    place: Place
    reason: str
    remedy: str
