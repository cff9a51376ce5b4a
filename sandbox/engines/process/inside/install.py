"""Stands before npm and pip on a sandbox's PATH: asks the host whether others have installed the same.

If so it makes links and is done; else the real program runs, with every link made before turned into files
of the sandbox's own, so that it may change them. This file is copied to where sandboxes see it: it imports
nothing of ours.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from typing import Any

PORT = 61081
_STORE = "/var/cache/packages/"
_RECORD = "/var/lib/linked-packages"
_SETTINGS = ("/etc/pip.conf", "/root/.npmrc", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf")
_READING = (
    "list",
    "ls",
    "ll",
    "la",
    "root",
    "prefix",
    "bin",
    "config",
    "view",
    "outdated",
    "--version",
    "-v",
)


def main(name: str, arguments: list[str]) -> None:
    """Does not return."""
    real = _real(name)
    tool = "npm" if name == "npm" else "pip"
    command = arguments[0] if arguments else ""
    changing = command in ("install", "uninstall") if tool == "pip" else command not in _READING
    if changing and (
        tool == "pip" or any(word in ("-g", "-gs", "--global", "--location=global") for word in arguments)
    ):
        answer = _ask({"tool": tool, "path": real, "arguments": arguments})
        if answer is not None and _link(answer["links"]):
            sys.stdout.write(answer["output"])
            sys.stdout.flush()
            os._exit(0)
        _make_own()
    try:
        os.execv(real, [real, *arguments])
    except OSError as error:
        sys.stderr.write(f"{name}: {error.strerror}\n")
        os._exit(127)


def _real(name: str) -> str:
    for folder in os.environ.get("PATH", "").split(":"):
        path = f"{folder}/{name}"
        if folder and not path.startswith(_STORE) and os.access(path, os.X_OK):
            return path
    sys.stderr.write(f"{name}: command not found\n")
    os._exit(127)


def _ask(question: dict[str, object]) -> Any:
    settings = {path: _read(path) for path in _SETTINGS}
    whole = {**question, "env": dict(os.environ), "settings": settings, "linked": _linked()}
    try:
        with socket.create_connection(("127.0.0.1", PORT)) as sock, sock.makefile("rwb") as stream:
            stream.write(json.dumps(whole).encode() + b"\n")
            stream.flush()
            answer = json.loads(stream.readline() or b"null")
    except (OSError, ValueError):
        return None  # nobody is there to ask: the real program does it
    return answer if isinstance(answer, dict) else None


def _read(path: str) -> str:
    try:
        with open(path, errors="replace") as file:
            return file.read(65536)
    except OSError:
        return ""


def _linked() -> dict[str, str]:
    lines = (line.split("\t") for line in _read(_RECORD).splitlines())
    return {path: target for path, target in lines if _target(path) == target}


def _target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _link(links: list[list[str]]) -> bool:
    """Make all of them, or none when a file of the sandbox's own stands in the way."""
    if any(os.path.lexists(path) and not os.path.islink(path) for path, _ in links):
        return False
    with open(_RECORD, "a") as record:
        for path, target in links:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.islink(path):
                os.unlink(path)
            os.symlink(target, path)
            if target.startswith(_STORE):
                record.write(f"{path}\t{target}\n")
    return True


def _make_own() -> None:
    for path, target in _linked().items():
        draft = f"{path}.own"
        if os.path.isdir(target):
            shutil.copytree(target, draft, symlinks=True)
        else:
            shutil.copy2(target, draft)
        os.unlink(path)
        os.rename(draft, path)
    if os.path.exists(_RECORD):
        os.unlink(_RECORD)


if __name__ == "__main__":
    main(os.path.basename(sys.argv[0]), sys.argv[1:])
