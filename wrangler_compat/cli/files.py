"""Files that a command is given."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, cast

from edge.errors import UserError
from wrangler_compat.config import jsonc


def read_bytes(name: str) -> bytes:
    """All of a file. Raises UserError."""
    with reading(name) as file:
        return file.read()


def read_json(name: str) -> Any:
    """A file of JSON, with comments if it has any. Raises UserError with the line."""
    try:
        text = read_bytes(name).decode()
        try:
            return strict_json(text)
        except json.JSONDecodeError:
            return jsonc.loads(text)
    except json.JSONDecodeError as mistake:
        where = f"line {mistake.lineno}, column {mistake.colno}"
        raise UserError(f"{name} is not JSON: {mistake.msg} ({where})") from None
    except UnicodeDecodeError:
        raise UserError(f"{name} is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise UserError(f"{name} is nested too deeply") from None


def strict_json(text: str) -> Any:
    """The value of a text of JSON, without NaN and its like. Raises json.JSONDecodeError."""

    def refuse(constant: str) -> Any:
        raise json.JSONDecodeError(f"{constant} is not JSON", text, text.index(constant))

    return json.loads(text, parse_constant=refuse)


@contextmanager
def reading(name: str | None) -> Iterator[BinaryIO]:
    """A file to read, or standard input when that is None. Raises UserError when it cannot be opened."""
    if name is None:
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open(name, "rb"))
        except OSError as failure:
            raise UserError(f"Could not read file: {name}: {failure.strerror}") from None
        yield file


@contextmanager
def writing(name: str) -> Iterator[BinaryIO]:
    """A file to write, in folders that are made. What was there stays until all is written, and for good
    when something is raised. Raises UserError."""
    path = Path(name)
    try:
        if path.exists() and not path.is_file():  # a device, a pipe: there is nothing to replace
            with path.open("wb") as file:
                yield file
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:100]}.", delete=False) as part:
            try:
                yield cast(BinaryIO, part)
            except BaseException:
                os.unlink(part.name)
                raise
        _allow_as_usual(part.name)
        os.replace(part.name, path)
    except OSError as failure:
        raise UserError(f"Could not write file: {name}: {failure.strerror}") from None


def write_text(name: str | Path, text: str) -> None:
    """Write a file of UTF-8, in folders that are made. Raises UserError."""
    with writing(str(name)) as file:
        file.write(text.encode())


def _allow_as_usual(name: str) -> None:
    """A temporary file is its owner's alone; one that somebody asked for is not."""
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
