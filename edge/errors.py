"""The emulator's own errors. What the platform raises into Workers is a `JsException` (edge.js.errors).

EdgeError
├── UserError             something the user can mend; the message names file and line where known
│   ├── ConfigError       the wrangler configuration
│   ├── WorkerLoadError   the Worker's code does not load
│   └── UnsupportedError  a key or API of Cloudflare that is not emulated (docs/limitations.md)
└── EmulatorError         the emulator is wrong: please report it
"""

from __future__ import annotations

from pathlib import Path


class EdgeError(Exception):
    """Base of all errors of the emulator itself."""


class UserError(EdgeError):
    """The user's input is wrong: shown as one message, exit code 1, no traceback of ours."""

    def __init__(
        self, message: str, *, file: Path | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        place = [str(part) for part in (file, line, column) if part is not None]
        super().__init__(f"{':'.join(place)}: {message}" if file is not None else message)


class ConfigError(UserError):
    """The wrangler configuration cannot be used."""


class WorkerLoadError(UserError):
    """The Worker's code does not load."""


class UnsupportedError(UserError):
    """Cloudflare has it, this emulator does not (docs/limitations.md)."""


class EmulatorError(EdgeError):
    """The emulator broke one of its own rules: please report it."""
