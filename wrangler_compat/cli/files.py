"""Files that a command is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.errors import UserError
from wrangler_compat.config import jsonc


def read_bytes(name: str) -> bytes:
    """All of a file. Raises UserError."""
    try:
        return Path(name).read_bytes()
    except OSError as failure:
        raise UserError(f"Could not read file: {name}: {failure.strerror}") from None


def read_json(name: str) -> Any:
    """A file of JSON, with comments if it has any. Raises UserError with the line."""
    try:
        text = read_bytes(name).decode()
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return jsonc.loads(text)
    except json.JSONDecodeError as mistake:
        where = f"line {mistake.lineno}, column {mistake.colno}"
        raise UserError(f"{name} is not JSON: {mistake.msg} ({where})") from None
    except UnicodeDecodeError:
        raise UserError(f"{name} is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise UserError(f"{name} is nested too deeply") from None
