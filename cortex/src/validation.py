"""What users may put into their settings. Nothing of it ever reaches a shell unquoted; this comes before."""

import posixpath
import re

from envelope import ApiError

PROMPT_CHARS_MAX = 400_000
TEXT_CHARS_MAX = 100_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PACKAGE = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*(?:@[A-Za-z0-9._~^+-]+)?")
_CREDENTIAL_ROOTS = ("/root/", "/workspace/", "/home/", "/tmp/")
#: What user secrets may not override in the agent's environment.
RESERVED = frozenset(
    {
        *(
            "PATH",
            "HOME",
            "USER",
            "SHELL",
            "PWD",
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "PYTHONPATH",
            "NODE_OPTIONS",
        ),
        *("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
    }
)


def name_of(value, what="name"):
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ApiError(400, f"the {what} must be 1 to 64 letters, digits, dots, dashes or underscores")
    return value


def secret_name(value):
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        raise ApiError(400, "a secret's name must look like an environment variable")
    if value in RESERVED or value.startswith("CORTEX_"):
        raise ApiError(400, f"the name {value} is reserved")
    return value


def text_of(value, what, limit=TEXT_CHARS_MAX):
    if not isinstance(value, str):
        raise ApiError(400, f"the {what} must be a text")
    if len(value) > limit:
        raise ApiError(413, f"the {what} is too long: {len(value)} characters, at most {limit}")
    return value


def package_name(value):
    """An npm package. Raises ApiError for what npm would not take, or could take for an option."""
    if not isinstance(value, str) or len(value) > 214 or not _PACKAGE.fullmatch(value):
        raise ApiError(400, f"not a package name: {str(value)[:80]!r}")
    return value


def credential_path(value):
    """An absolute path that stays in the user's part of the container."""
    if not isinstance(value, str) or "\0" in value or posixpath.normpath(value) != value:
        raise ApiError(400, "a credential file needs a plain absolute path")
    if not value.startswith(_CREDENTIAL_ROOTS):
        raise ApiError(400, f"credential files go below {', '.join(_CREDENTIAL_ROOTS)}")
    return value


def mcp_server(given):
    """A server as it is stored. A stdio command typed as one text is split at white space."""
    name = name_of(given.get("name"), "server's name")
    transport = given.get("transport", "stdio")
    if transport not in ("stdio", "http", "relay"):
        raise ApiError(400, "the transport must be stdio, http or relay")
    server = {"name": name, "enabled": given.get("enabled", True) is True, "transport": transport}
    if transport == "stdio":
        command, args = text_of(given.get("command", ""), "command"), given.get("args") or []
        if not isinstance(args, list) or not all(isinstance(arg, str) for arg in args):
            raise ApiError(400, "args must be a list of texts")
        words = [*command.split(), *args]
        if not words:
            raise ApiError(400, "a stdio server needs a command")
        server |= {"command": words[0], "args": words[1:]}
        if (package := npx_package(server)) is not None:
            package_name(package)
    else:
        url = text_of(given.get("url", ""), "address", 2048)
        if not url.startswith(("http://", "https://")):
            raise ApiError(400, "the address must begin with http:// or https://")
        server |= {"url": url, "headers": _strings(given.get("headers"), "headers")}
    server["env"] = _strings(given.get("env"), "env")
    server["credentialFiles"] = [
        {"path": credential_path(file.get("path")), "content": text_of(file.get("content"), "content")}
        for file in given.get("credentialFiles") or []
        if isinstance(file, dict)
    ]
    return server


def npx_package(server):
    """What `npx` would fetch: its first argument that is no flag; None for any other command."""
    if server.get("command") != "npx":
        return None
    return next((arg for arg in server.get("args", []) if not arg.startswith("-")), None)


def _strings(value, what):
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
        raise ApiError(400, f"{what} must be an object of texts")
    return value
