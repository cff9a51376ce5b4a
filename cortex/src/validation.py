"""What users may put into their settings, sessions and messages.

Nothing of it ever reaches a shell unquoted; this comes before.
"""

import posixpath
import re

from envelope import ApiError
from json_text import BadJson, check_text

PROMPT_CHARS_MAX = 400_000
TEXT_CHARS_MAX = 100_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PACKAGE = re.compile(r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*(?:@[A-Za-z0-9._~^+-]+)?")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FRAME_NUMBER = re.compile(r"[0-9]{1,9}")
_CREDENTIAL_ROOTS = ("/root/", "/workspace/", "/home/", "/tmp/")
_TAKEN_PATHS = re.compile(r"/root/\.claude(?:\.json)?|/tmp/vf-.*", re.DOTALL)
_PATH_PART_BYTES_MAX = 255
#: Linux takes no longer value in an environment (MAX_ARG_STRLEN, execve(2)).
_SECRET_BYTES_MAX = 64_000
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


# -- of any kind


def text_of(value, what, limit=TEXT_CHARS_MAX):
    """A text of at most `limit` characters. Raises ApiError 400 or 413."""
    if not isinstance(value, str):
        raise ApiError(400, f"the {what} must be a text")
    if "\0" in value:
        raise ApiError(400, f"the {what} must not hold NUL, which neither files nor programs take")
    if len(value) > limit:
        raise ApiError(413, f"the {what} is too long: {len(value)} characters, at most {limit}")
    return value


def flag_of(value, what):
    if not isinstance(value, bool):
        raise ApiError(400, f"{what} must be true or false")
    return value


def list_of(value, what):
    """A list, empty for None."""
    if value is not None and not isinstance(value, list):
        raise ApiError(400, f"{what} must be a list")
    return value or []


def object_of(value, what):
    """An object, empty for None."""
    if value is not None and not isinstance(value, dict):
        raise ApiError(400, f"{what} must be an object")
    return value or {}


def texts_of(value, what):
    """An object of texts, empty for None."""
    texts = object_of(value, what)
    for name, text in texts.items():
        text_of(name, f"name in {what}", 256)
        text_of(text, f"value of {name!r} in {what}")
    return texts


def name_of(value, what="name"):
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ApiError(400, f"the {what} must be 1 to 64 letters, digits, dots, dashes or underscores")
    return value


# -- messages


def message_id_of(value):
    if not isinstance(value, str) or not _MESSAGE_ID.fullmatch(value):
        raise ApiError(400, "a message id is needed: letters, digits, dashes and underscores")
    return value


def frame_number_of(value):
    """The number of the last frame that somebody has who takes a message up again."""
    if not _FRAME_NUMBER.fullmatch(value):
        raise ApiError(400, "`after` must be the number of a frame")
    return int(value)


def prompt_of(value):
    """What a user says. Raises ApiError 400 or 413."""
    if not isinstance(value, str) or not value.strip():
        raise ApiError(400, "a prompt is needed")
    if len(value) > PROMPT_CHARS_MAX:
        raise ApiError(413, f"the prompt is too long: {len(value)} characters, at most {PROMPT_CHARS_MAX}")
    try:
        check_text(value)
    except BadJson as mistake:
        raise ApiError(400, f"the prompt {mistake}") from None
    return value


# -- sessions


def mode_of(value):
    """Whether tools ask first; `auto` for None."""
    if value not in (None, "ask", "auto"):
        raise ApiError(400, "the mode must be ask or auto")
    return value or "auto"


def project_path_of(value):
    """Where in the container the agent works; `/workspace` for None."""
    path = text_of("/workspace" if value is None else value, "project path", 1024)
    if not path.startswith("/") or posixpath.normpath(path) != path:
        raise ApiError(400, "the project path must be a plain absolute path")
    return path


# -- settings


def secret_name(value):
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        raise ApiError(400, "a secret's name must look like an environment variable")
    if value in RESERVED or value.startswith("CORTEX_"):
        raise ApiError(400, f"the name {value} is reserved")
    return value


def secret_value(value):
    """Raises ApiError 400 or 413."""
    text = text_of(value, "value", _SECRET_BYTES_MAX)
    if (size := len(text.encode())) > _SECRET_BYTES_MAX:
        raise ApiError(413, f"the value is too long: {size} bytes, at most {_SECRET_BYTES_MAX}")
    return text


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
    if len(value) > 1024 or any(len(part.encode()) > _PATH_PART_BYTES_MAX for part in value.split("/")):
        raise ApiError(400, "the path of a credential file is too long")
    if _TAKEN_PATHS.fullmatch(value):
        raise ApiError(400, f"{value} is Cortex's own file")
    return value


def mcp_server(given):
    """A server as it is stored. A stdio command typed as one text is split at white space."""
    given = object_of(given, "an MCP server")
    name = name_of(given.get("name"), "server's name")
    transport = given.get("transport", "stdio")
    if transport not in ("stdio", "http", "relay"):
        raise ApiError(400, "the transport must be stdio, http or relay")
    server = {"name": name, "enabled": flag_of(given.get("enabled", True), "enabled"), "transport": transport}
    if transport == "stdio":
        args = [text_of(arg, "argument") for arg in list_of(given.get("args"), "args")]
        words = [*text_of(given.get("command", ""), "command").split(), *args]
        if not words:
            raise ApiError(400, "a stdio server needs a command")
        server |= {"command": words[0], "args": words[1:]}
        if words[0] == "npx":
            package_name(npx_package(server) or "")
    else:
        url = text_of(given.get("url", ""), "address", 2048)
        if not url.startswith(("http://", "https://")):
            raise ApiError(400, "the address must begin with http:// or https://")
        server |= {"url": url, "headers": texts_of(given.get("headers"), "headers")}
    server["env"] = texts_of(given.get("env"), "env")
    server["credentialFiles"] = [
        _credential_file(file) for file in list_of(given.get("credentialFiles"), "credentialFiles")
    ]
    return server


def _credential_file(given):
    file = object_of(given, "a credential file")
    return {"path": credential_path(file.get("path")), "content": text_of(file.get("content"), "content")}


def npx_package(server):
    """What `npx` would fetch: its first argument that is no flag; None for any other command."""
    if server.get("command") != "npx":
        return None
    return next((arg for arg in server.get("args", []) if not arg.startswith("-")), None)
