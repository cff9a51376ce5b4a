"""Errors as they arrive: as JSON from the sandbox's server, as text over RPC (spec section 8)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.errors import classes
from sandbox.errors.base import NOTE, SandboxError
from sandbox.errors.platform import is_platform_transient_error

_CLASSES: dict[str, type[SandboxError]] = {
    name: member
    for name, member in vars(classes).items()
    if isinstance(member, type) and issubclass(member, SandboxError)
}
_BY_CODE = {
    code: cls for cls in _CLASSES.values() if cls is not classes.SandboxSecurityError for code in cls.codes
}
_SECURITY = "SandboxSecurityError"
#: What the JavaScript class says where only the message comes through: a code, or `_SECURITY`.
_BY_MESSAGE = (
    (r"File too large\.", "FILE_TOO_LARGE"),
    (r"(Source )?[Ff]ile not found:|Directory not found:", "FILE_NOT_FOUND"),
    (r"Cannot delete directory with deleteFile", "IS_DIRECTORY"),
    (r"Path is not a directory:", "NOT_DIRECTORY"),
    (r"\w+ operation failed with exit code", "FILESYSTEM_ERROR"),
    (r"Process not found", "PROCESS_NOT_FOUND"),
    (r"Process did not become ready", "PROCESS_READY_TIMEOUT"),
    (r"Process exited with code -?\d+ before becoming ready", "PROCESS_EXITED_BEFORE_READY"),
    (r"Invalid command:", "INVALID_COMMAND"),
    (r"Session '.*' already exists", "SESSION_ALREADY_EXISTS"),
    (r"Session '.*' shell exited", "SESSION_TERMINATED"),
    (r"Session '.*' was destroyed", "SESSION_DESTROYED"),
    (r"Failed to execute command|.*Command timeout after", "COMMAND_EXECUTION_ERROR"),
    (r"Code context '.*' not found", "CONTEXT_NOT_FOUND"),
    (r"Failed to clone repository", "GIT_CLONE_FAILED"),
    (r"Git clone timed out", "GIT_NETWORK_ERROR"),
    (r"Port exposure requires a custom domain", "CUSTOM_DOMAIN_REQUIRED"),
    (r"Backup( archive)? not found", "BACKUP_NOT_FOUND"),
    (r"Backup .* has expired", "BACKUP_EXPIRED"),
    (r"Backup not configured|BackupOptions\.|Invalid backup:", "INVALID_BACKUP_CONFIG"),
    (r"Prefix must start with|R2 binding \"|Bucket name cannot|Invalid bucket name", "INVALID_MOUNT_CONFIG"),
    (r"No credentials found", "MISSING_CREDENTIALS"),
    (r"(?i)there is no container instance|maximum number of running container", "CONTAINER_UNAVAILABLE"),
    (r"Invalid port number:|Custom token |Token '.*' is already in use|Unsupported language ", _SECURITY),
    (r"Preview URLs require lowercase|Sandbox ID |Reserved sandbox ID", _SECURITY),
)
_PATTERNS = [(re.compile(pattern), code) for pattern, code in _BY_MESSAGE]


def error_from_response(response: Mapping[str, Any]) -> SandboxError:
    """The error that an ErrorResponse (`code`, `message`, `context`, …) describes."""
    cls = _CLASSES.get(str(response.get("name"))) or _BY_CODE.get(str(response.get("code")), SandboxError)
    return cls(str(response.get("message", "")), response=response)


def error_from_rpc(failure: Exception, operation: str) -> Exception:
    """What a failed call of the sandbox's object means: a SandboxError, or the failure itself when it says
    nothing about the sandbox. `operation` is what was called, such as `sandbox.exec`."""
    if isinstance(failure, SandboxError):
        return failure
    message = getattr(failure, "message", None)
    text = message if isinstance(message, str) else str(failure)
    described = _noted(text) or getattr(failure, "errorResponse", None)
    if isinstance(described, Mapping):
        return error_from_response(described)
    cls = _CLASSES.get(str(getattr(failure, "name", "")))
    if cls is not None:
        return cls(text)
    for pattern, code in _PATTERNS:
        if pattern.match(text):
            name = _SECURITY if code is _SECURITY else _BY_CODE[code].__name__
            return _CLASSES[name](text, None if code is _SECURITY else code)
    return _interrupted(failure, operation) if is_platform_transient_error(failure) else failure


def _noted(text: str) -> Any:
    """The ErrorResponse in the traceback that a Python exception became."""
    last = text.rstrip().rpartition("\n")[2]
    if not last.startswith(NOTE):
        return None
    try:
        return json.loads(last[len(NOTE) :])
    except ValueError:
        return None


def _interrupted(failure: Exception, operation: str) -> SandboxError:
    error = classes.OperationInterruptedError(
        f"Sandbox operation {operation} was interrupted while the platform was updating the sandbox runtime",
        context={
            "reason": "runtime_replaced",
            "operation": operation,
            "phase": "durable_object_call",
            "admitted": "unknown",
            "retryable": False,
        },
        suggestion="The sandbox operation was interrupted by a runtime change. Retry only if the operation "
        "is idempotent, or verify sandbox state before retrying.",
    )
    error.__cause__ = failure
    return error
