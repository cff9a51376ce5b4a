"""Errors as they arrive (spec section 8)."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from sandbox import errors
from sandbox.errors.convert import error_from_response, error_from_rpc

STATUSES = {
    "IS_DIRECTORY": 400,
    "GIT_AUTH_FAILED": 401,
    "READ_ONLY": 403,
    "BACKUP_NOT_FOUND": 404,
    "PROCESS_READY_TIMEOUT": 408,
    "OPERATION_INTERRUPTED": 409,
    "SESSION_TERMINATED": 410,
    "FILE_TOO_LARGE": 413,
    "PYTHON_NOT_AVAILABLE": 501,
    "GIT_NETWORK_ERROR": 502,
    "CONTAINER_UNAVAILABLE": 503,
    "FILESYSTEM_ERROR": 500,
}


@pytest.mark.parametrize(("code", "status"), STATUSES.items())
def test_codes_have_their_status(code: str, status: int) -> None:
    error = error_from_response({"code": code, "message": "m"})
    assert (error.code, error.http_status, error.httpStatus) == (code, status, status)


def test_a_response_becomes_its_class() -> None:
    error = error_from_response(
        {
            "code": "FILE_NOT_FOUND",
            "message": "File not found: /x",
            "context": {"path": "/x"},
            "httpStatus": 404,
            "timestamp": "2026-01-01T00:00:00.000Z",
            "operation": "read",
            "suggestion": "look elsewhere",
        }
    )
    assert type(error) is errors.FileNotFoundError
    assert isinstance(error, FileNotFoundError)
    assert (str(error), error.operation, error.suggestion) == (
        *("File not found: /x", "read"),
        "look elsewhere",
    )
    assert error.to_json() == {
        "name": "FileNotFoundError",
        "code": "FILE_NOT_FOUND",
        "message": "File not found: /x",
        "context": {"path": "/x"},
        "httpStatus": 404,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "operation": "read",
        "suggestion": "look elsewhere",
    }


def test_an_unknown_code_is_kept() -> None:
    error = error_from_response({"code": "NEW_ONE", "message": "m"})
    assert (type(error), error.code, error.http_status) == (errors.SandboxError, "NEW_ONE", 500)


class Arrived(Exception):
    """An error as RPC hands it over."""

    def __init__(self, message: str, name: str = "Error", **properties: Any) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message
        vars(self).update(properties)


@pytest.mark.parametrize(
    "error",
    [
        errors.CommandError("no\nway", "INVALID_COMMAND", {"a": [1]}),
        errors.SandboxSecurityError("Sandbox ID", "RESERVED_SANDBOX_ID"),
        errors.MissingCredentialsError("none"),
        errors.SandboxError("plain"),
    ],
)
def test_an_error_of_the_python_class_survives_its_traceback(error: errors.SandboxError) -> None:
    def deep() -> None:
        raise error

    try:
        deep()
    except errors.SandboxError as raised:
        text = "".join(traceback.format_exception(raised))
    found = error_from_rpc(Arrived(text, "PythonError"), "sandbox.exec")
    assert isinstance(found, errors.SandboxError)
    assert type(found) is type(error)
    assert found.to_json() == error.to_json()


@pytest.mark.parametrize(
    ("failure", "name", "code"),
    [
        (Arrived("gone", "ProcessNotFoundError"), "ProcessNotFoundError", "PROCESS_NOT_FOUND"),
        (Arrived("File not found: /x"), "FileNotFoundError", "FILE_NOT_FOUND"),
        (Arrived("Session 'a' shell exited (exit code: 1)"), "SessionTerminatedError", "SESSION_TERMINATED"),
        (
            Arrived("Maximum number of running container instances exceeded. Try again later"),
            "ContainerUnavailableError",
            "CONTAINER_UNAVAILABLE",
        ),
        (Arrived("Invalid port number: 80. Must be"), "SandboxSecurityError", "VALIDATION_FAILED"),
        (
            Arrived("x", errorResponse={"code": "FILE_EXISTS", "message": "there"}),
            "FileExistsError",
            "FILE_EXISTS",
        ),
    ],
)
def test_errors_of_the_javascript_class(failure: Exception, name: str, code: str) -> None:
    found = error_from_rpc(failure, "sandbox.exec")
    assert isinstance(found, errors.SandboxError)
    assert (found.name, found.code) == (name, code)


@pytest.mark.parametrize(
    "failure",
    [
        Arrived("Network connection lost.", retryable=True),
        Arrived("Durable Object reset because its code was updated."),
        Arrived("anything", retryable=True),
    ],
)
def test_what_the_platform_interrupts(failure: Exception) -> None:
    found = error_from_rpc(failure, "sandbox.exec")
    assert isinstance(found, errors.OperationInterruptedError)
    assert str(found) == (
        "Sandbox operation sandbox.exec was interrupted while the platform was updating the sandbox runtime"
    )
    assert found.context["operation"] == "sandbox.exec"
    assert found.__cause__ is failure
    assert errors.is_platform_transient_error(found)


def test_other_failures_stay_what_they_are() -> None:
    for failure in (
        Arrived("x is not a function", "TypeError"),
        Arrived("overloaded", retryable=True, overloaded=True),
        ValueError("1"),
    ):
        assert error_from_rpc(failure, "sandbox.exec") is failure
