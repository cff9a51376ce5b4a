"""`SandboxError`, the base of all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from sandbox.errors.codes import http_status

#: A line of the error's traceback by which its details survive RPC: an exception crosses as text.
NOTE = "ErrorResponse: "


def iso_now() -> str:
    """The time as JavaScript's `toISOString()` writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SandboxError(Exception):
    """Something went wrong with a sandbox.

    `code` says what (`FILE_NOT_FOUND`), `context` with what (a dict), `http_status` what it is as a status,
    `operation` and `suggestion` may be None. `error_response` is all of it as the server sends it. The
    JavaScript names work, too (`httpStatus`, `errorResponse`, `toJSON()`).
    """

    #: The codes that stand for this class; the first is that of an error made without one.
    codes: ClassVar[tuple[str, ...]] = ("INTERNAL_ERROR", "UNKNOWN_ERROR", "INVALID_JSON_RESPONSE")

    def __init__(
        self,
        message: str,
        code: str | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        suggestion: str | None = None,
        response: Mapping[str, Any] | None = None,
    ) -> None:
        """`response` is the server's ErrorResponse, when there is one."""
        super().__init__(message)
        given = dict(response or {})
        self.message = message
        self.code = code or str(given.get("code") or self.codes[0])
        self.context = dict(context if context is not None else given.get("context") or {})
        self.http_status = int(given.get("httpStatus") or http_status(self.code))
        self.operation = given.get("operation")
        self.suggestion = suggestion or given.get("suggestion")
        self.timestamp = str(given.get("timestamp") or iso_now())
        self.documentation = given.get("documentation")
        self.add_note(NOTE + json.dumps(self.to_json(), default=str))

    def __str__(self) -> str:
        return self.message

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def error_response(self) -> dict[str, Any]:
        """`code`, `message`, `context`, `httpStatus`, `timestamp`, and what else there is to say."""
        found: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "context": self.context,
            "httpStatus": self.http_status,
            "timestamp": self.timestamp,
        }
        more = {
            "operation": self.operation,
            "suggestion": self.suggestion,
            "documentation": self.documentation,
        }
        return {**found, **{name: value for name, value in more.items() if value is not None}}

    def to_json(self) -> dict[str, Any]:
        """The error as a dict that JSON can carry."""
        return {"name": self.name, **self.error_response}

    toJSON = to_json

    @property
    def httpStatus(self) -> int:
        return self.http_status

    @property
    def errorResponse(self) -> dict[str, Any]:
        return self.error_response
