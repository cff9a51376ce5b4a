"""One call of the API: the request's path, query and JSON body, read with checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from edge.http.request import Request
from sandbox.server.errors import invalid
from sandbox.server.json_body import read
from sandbox.server.shell_script import checked_name


class Call:
    """A request and what it carries. Every getter raises ApiError (VALIDATION_FAILED) for a wrong type."""

    def __init__(self, request: Request, body: Mapping[str, Any], *, is_json: bool = True) -> None:
        parts = urlsplit(request.url)
        self.request = request
        self.method = request.method
        self.path = parts.path.rstrip("/") or "/"
        self.query = dict(parse_qsl(parts.query))
        #: The segment of the path that the route names, as in /api/process/{id}.
        self.id = ""
        #: Whether the body was read; else it is content of the handler's.
        self.is_json = is_json
        self._body = body

    @classmethod
    async def read(cls, request: Request) -> Call:
        """Read the request's JSON, if that is what it carries; other bodies are left to the handler."""
        kind = (request.headers.get_str("content-type") or "application/json").partition(";")[0].strip()
        if request.method in ("GET", "HEAD") or kind != "application/json":
            return cls(request, {}, is_json=False)
        data = await request.read_bytes()
        if not data:
            return cls(request, {})
        try:
            body = read(data)
        except ValueError as error:
            raise invalid("Invalid JSON in request body") from error
        if not isinstance(body, dict):
            raise invalid("The request body must be a JSON object")
        options = body.pop("options", None)
        return cls(request, {**body, **options} if isinstance(options, dict) else body)

    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/")]

    def value(self, *names: str) -> Any:
        """The first of these fields that is there and not null, else None."""
        return next((self._body[name] for name in names if self._body.get(name) is not None), None)

    def maybe_text(self, *names: str) -> str | None:
        value = self.value(*names)
        if value is None:
            value = next((self.query[name] for name in names if name in self.query), None)
        if value is None:
            return None
        if not isinstance(value, str):
            raise invalid(f"{names[0]} must be a string", names[0])
        try:
            value.encode()  # JSON can name halves of characters, which no file name or command can hold
        except UnicodeEncodeError as error:
            raise invalid(f"{names[0]} must be valid Unicode", names[0]) from error
        return value

    def text(self, *names: str) -> str:
        """A field that must be there."""
        value = self.maybe_text(*names)
        if value is None:
            raise invalid(f"{names[0]} is required", names[0])
        return value

    def number(self, *names: str) -> float | None:
        value = self.value(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise invalid(f"{names[0]} must be a number", names[0])
        return value

    def positive(self, *names: str) -> float | None:
        """A number above zero, if it is there."""
        value = self.number(*names)
        if value is not None and value <= 0:
            raise invalid(f"{names[0]} must be a positive number", names[0])
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.value(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(f"{name} must be a boolean", name)
        return default if value is None else value

    def texts(self, *names: str) -> list[str]:
        value = self.value(*names)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid(f"{names[0]} must be an array of strings", names[0])
        return value

    def env(self, *names: str) -> dict[str, str]:
        """Environment variables; those that are null are left out."""
        value = self.value(*(names or ("env", "envVars", "env_vars")))
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid("env must be an object", "env")
        env = {name: text for name, text in value.items() if text is not None}
        for name, text in env.items():
            if not isinstance(text, str) or "\0" in text:
                raise invalid(f"The environment variable {name} must be a string without NUL", "env")
            try:
                checked_name(name)
            except ValueError as error:
                raise invalid(str(error), "env") from error
        return env

    def session_id(self) -> str | None:
        """The session that is meant; None for a call without one."""
        session = self.maybe_text("sessionId", "session_id")
        if session is not None and not session.strip():
            raise invalid("sessionId must not be empty or whitespace", "sessionId")
        return session

    def cwd(self) -> str | None:
        """The directory of a command, if one is given."""
        cwd = self.maybe_text("cwd")
        if cwd is not None and (not cwd or "\0" in cwd):
            raise invalid("cwd must be a path without NUL bytes", "cwd")
        return cwd

    def command(self) -> str:
        command = self.text("command")
        if not command.strip():
            raise invalid("Command cannot be empty", "command")
        if "\0" in command:
            raise invalid("Command cannot contain NUL bytes", "command")
        return command
