"""Which ids, ports, tokens and languages are allowed (spec sections 4 and 5)."""

from __future__ import annotations

import re

from sandbox.errors import SandboxSecurityError

#: Where the sandbox's own server listens.
CONTROL_PORT = 3000
_RESERVED_IDS = frozenset({"www", "api", "admin", "root", "system", "cloudflare", "workers"})
_LANGUAGES = frozenset({"python", "python3", "javascript", "js", "node", "typescript", "ts"})
_TOKEN = re.compile(r"[a-z0-9_]+", re.ASCII)


def checked_id(sandbox_id: str) -> str:
    """The id. Raises SandboxSecurityError."""
    if not isinstance(sandbox_id, str) or not 1 <= len(sandbox_id) <= 63:
        raise SandboxSecurityError("Sandbox ID must be 1-63 characters long.", "INVALID_SANDBOX_ID_LENGTH")
    if sandbox_id.startswith("-") or sandbox_id.endswith("-"):
        raise SandboxSecurityError(
            "Sandbox ID cannot start or end with hyphens (DNS requirement).", "INVALID_SANDBOX_ID_HYPHENS"
        )
    if sandbox_id.lower() in _RESERVED_IDS:
        raise SandboxSecurityError(
            f"Reserved sandbox ID '{sandbox_id}' is not allowed.", "RESERVED_SANDBOX_ID"
        )
    return sandbox_id


def is_valid_port(port: object) -> bool:
    """Whether programs in a sandbox may be reached at this port."""
    if isinstance(port, bool) or not isinstance(port, int):
        return False
    return 1024 <= port <= 65535 and port != CONTROL_PORT


def checked_port(port: object) -> int:
    """The port. Raises SandboxSecurityError."""
    if not is_valid_port(port):
        raise SandboxSecurityError(
            f"Invalid port number: {port}. Must be 1024-65535, excluding 3000 (sandbox control plane)."
        )
    assert isinstance(port, int)
    return port


def checked_token(token: str) -> str:
    """A token of the user's own. Raises SandboxSecurityError."""
    if not token:
        raise SandboxSecurityError("Custom token cannot be empty.")
    if len(token) > 16:
        raise SandboxSecurityError(
            f"Custom token too long. Maximum 16 characters allowed. Received: {len(token)} characters."
        )
    if not _TOKEN.fullmatch(token):
        raise SandboxSecurityError(
            "Custom token must contain only lowercase letters (a-z), numbers (0-9), and underscores (_). "
            "Invalid token provided."
        )
    return token


def checked_language(language: str | None) -> None:
    """Raises SandboxSecurityError for a language that no interpreter speaks."""
    if language and language.lower() not in _LANGUAGES:
        raise SandboxSecurityError(
            f"Unsupported language '{language}'. Supported languages: python, javascript, typescript",
            "INVALID_LANGUAGE",
        )
