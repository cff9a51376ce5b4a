"""The projects that `edge init` can make: folders beside this file, and what they have in common.

Each is a whole project with a test of its own. A file of a template comes before the shared one of its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.errors import UserError

#: What each one shows, in the order in which they are listed.
TEMPLATES: Mapping[str, str] = {
    "hello": "a Worker that greets",
    "kv": "notes in a KV namespace",
    "durable-object": "a counter for each path, with an alarm",
    "websocket": "chat rooms with hibernating WebSockets",
    "sandbox": "runs programs in sandboxes",
    "fastapi": "a FastAPI application",
}
_FOLDER = Path(__file__).parent / "templates"
_SHARED = _FOLDER / "shared"
_PLACEHOLDER = "PROJECT_NAME"


def project_files(template: str, name: str) -> dict[str, str]:
    """The files of a project called `name` (a Worker's name), by relative path, in alphabetical order.
    Raises UserError for a template that there is not."""
    if template not in TEMPLATES:
        raise UserError(f'there is no template "{template}"; there are {", ".join(TEMPLATES)}')
    found = {**_read(_SHARED), **_read(_FOLDER / template)}
    return {path: text.replace(_PLACEHOLDER, name) for path, text in sorted(found.items())}


def _read(folder: Path) -> dict[str, str]:
    return {
        _real_name(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _real_name(path: Path) -> str:
    # Tools that build packages pass over hidden files, so this one lies here without its dot.
    return ".gitignore" if path.name == "gitignore" else path.as_posix()
