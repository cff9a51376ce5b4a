"""What the API answers when something goes wrong: an ErrorResponse in JSON, its code mapped to a status.

Source: spec sandbox-and-containers.md section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.errors import EdgeError

_CODES = {
    400: (
        "IS_DIRECTORY NOT_DIRECTORY INVALID_COMMAND INVALID_PORT INVALID_PORT_NUMBER INVALID_GIT_URL "
        "NAME_TOO_LONG VALIDATION_FAILED INVALID_BACKUP_CONFIG"
    ),
    401: "GIT_AUTH_FAILED",
    403: "PERMISSION_DENIED COMMAND_PERMISSION_DENIED PROCESS_PERMISSION_DENIED READ_ONLY",
    404: (
        "FILE_NOT_FOUND COMMAND_NOT_FOUND PROCESS_NOT_FOUND GIT_REPOSITORY_NOT_FOUND GIT_BRANCH_NOT_FOUND "
        "CONTEXT_NOT_FOUND WATCH_NOT_FOUND"
    ),
    408: "PROCESS_READY_TIMEOUT",
    409: "FILE_EXISTS RESOURCE_BUSY SESSION_ALREADY_EXISTS OPERATION_INTERRUPTED",
    410: "SESSION_DESTROYED SESSION_TERMINATED",
    413: "FILE_TOO_LARGE",
    501: "PYTHON_NOT_AVAILABLE JAVASCRIPT_NOT_AVAILABLE",
    502: "SERVICE_NOT_RESPONDING GIT_NETWORK_ERROR",
    503: "INTERPRETER_NOT_READY",
}
HTTP_STATUS = {code: status for status, codes in _CODES.items() for code in codes.split()}


class ApiError(EdgeError):
    """A request that the sandbox's server refuses or cannot fulfil."""

    def __init__(
        self,
        code: str,
        message: str,
        context: Mapping[str, Any] | None = None,
        *,
        suggestion: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.context = dict(context or {})
        self.http_status = HTTP_STATUS.get(code, 500)
        self.suggestion = suggestion

    def body(self, timestamp: str, operation: str | None = None) -> dict[str, Any]:
        """The ErrorResponse."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "context": self.context,
            "httpStatus": self.http_status,
            "timestamp": timestamp,
        }
        if operation is not None:
            body["operation"] = operation
        if self.suggestion is not None:
            body["suggestion"] = self.suggestion
        return body


def invalid(message: str, field: str | None = None) -> ApiError:
    """The request itself is wrong."""
    problem = {"field": field or "body", "message": message, "code": "VALIDATION_FAILED"}
    return ApiError("VALIDATION_FAILED", message, {"validationErrors": [problem]})
