"""Secrets that go with an upload: a file with a JSON object, or in the syntax of `.env`.

Source: spec wrangler.md section 6 (`--secrets-file`, `secret bulk`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.errors import UserError


def read_secrets(file: Path) -> dict[str, str]:
    """The secrets of `file`; a null leaves one as it is. Raises UserError, which never shows a value."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"the file with secrets cannot be read: {error.strerror}", file=file) from None
    return {name: value for name, value in parse_secrets(data, file).items() if value is not None}


def parse_secrets(data: bytes, file: Path | None = None) -> dict[str, str | None]:
    """The secrets of a file (None: standard input) by their names, null where the file says so. Raises
    UserError, which never shows a value."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UserError("the file with secrets cannot be read: it is no text", file=file) from None
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = _dotenv(text, file)
    if not isinstance(found, dict):
        raise UserError("the file with secrets has to hold a JSON object of texts", file=file)
    for name, value in found.items():
        if value is not None and not isinstance(value, str):
            kind = type(value).__name__
            raise UserError(f'the value for "{name}" is not null or a text, but of type {kind}', file=file)
    return found


def _dotenv(text: str, file: Path | None) -> dict[str, str | None]:
    from io import StringIO

    from dotenv import dotenv_values

    found = dict(dotenv_values(stream=StringIO(text), interpolate=False))
    if not found or None in found.values():
        raise UserError("the file with secrets is neither JSON nor lines of NAME=value", file=file)
    return found
