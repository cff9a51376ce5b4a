"""The preparation of a container in one request: its configuration and files (packages: `packages.py`).

What is already as wanted is skipped. `/tmp/vf-state.json` remembers what was done, and goes with the
container when it sleeps.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import Any

from host import Host

STATE = "/tmp/vf-state.json"
MCP_CONFIG = "/root/.claude.json"
CREDENTIAL_ROOTS = ("/root/", "/workspace/", "/home/", "/tmp/")
_PACKAGE = re.compile(
    r"(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*(?:@[A-Za-z0-9._~^+-]+)?"  # never an option
)


class BadRequest(ValueError):
    """The request for preparation cannot be followed; the message says why."""


async def read_state(host: Host) -> dict[str, Any]:
    """What this container remembers; empty after a wake."""
    try:
        state = json.loads(await host.read(STATE))
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


async def prepare(host: Host, wanted: dict[str, Any], pid: int) -> dict[str, Any]:
    """Bring the container to what `wanted` says: `mcpConfig`, `credentialFiles`, `files`, and not the files
    in `remove`; `boot` is what the Worker calls this container.

    What counts is what the files hold: who wrote them last, and on which way, nobody need know. Gives
    `{written, removed, skipped}`. Raises BadRequest, also for `packages` that are none (`install` takes
    them), and OSError for a file that cannot be written.
    """
    files = _files(wanted)
    gone = [path for path in _paths(wanted.get("remove")) if path not in files]
    packages(wanted)
    config = {MCP_CONFIG: json.dumps(wanted.get("mcpConfig") or {}, sort_keys=True)}
    done: dict[str, Any] = {"written": [], "removed": [], "skipped": []}
    for path in gone:  # first: a file may have to give way to a directory
        await host.remove(path)
        done["removed"].append(path)
    for name, texts in (("mcpConfig", config), ("files", files)):
        written = [path for path, text in texts.items() if await _write(host, path, text)]
        done["written"] += written
        if not written:
            done["skipped"].append(name)
    await remember(host, {"boot": wanted.get("boot"), "wsServerPid": pid})
    return done


async def _write(host: Host, path: str, text: str) -> bool:
    """Write a file unless it holds this text; whether it was written."""
    try:
        if await host.read(path) == text:
            return False
    except (OSError, ValueError):
        pass  # not there, or not readable as text: it is replaced
    await host.write(path, text)
    return True


async def remember(host: Host, news: dict[str, Any]) -> None:
    """Write down what this container is to remember, unless it does already."""
    state = await read_state(host)
    if any(state.get(name) != value for name, value in news.items()):
        await host.write(STATE, json.dumps({**state, **news}))


def packages(wanted: dict[str, Any]) -> list[str]:
    """The names in `wanted`, each once. Raises BadRequest."""
    names = wanted.get("packages") or []
    if not isinstance(names, list):
        raise BadRequest("packages must be a list")
    for name in names:
        if not isinstance(name, str) or len(name) > 214 or not _PACKAGE.fullmatch(name):
            raise BadRequest(f"not a package name: {str(name)[:80]!r}")
    return list(dict.fromkeys(names))


def _files(wanted: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in [*(wanted.get("credentialFiles") or []), *(wanted.get("files") or [])]:
        path, content = entry.get("path"), entry.get("content")
        if not isinstance(path, str) or not isinstance(content, str):
            raise BadRequest("a file needs a path and a content")
        found[_inside(path)] = content
    return found


def _paths(given: Any) -> list[str]:
    if given is not None and not (isinstance(given, list) and all(isinstance(path, str) for path in given)):
        raise BadRequest("remove must be a list of paths")
    return [_inside(path) for path in given or []]


def _inside(path: str) -> str:
    """A path in the user's part of the container. Raises BadRequest."""
    if posixpath.normpath(path) != path or "\0" in path or not path.startswith(CREDENTIAL_ROOTS):
        raise BadRequest(f"a file may not be written to {path[:200]!r}")
    return path
