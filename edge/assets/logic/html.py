"""Which file answers a path, and where a path is redirected to: `html_handling` and `not_found_handling`.

A redirect is only ever sent to a path that stands for the very file asked for, so redirects end at that
file and never at a 404. That is why the modes below ask "would this path serve that file?" (`_moves`)
instead of computing a destination from the text of the path. (`/index/` takes two hops: that is
Cloudflare's own.)

Paths are decoded and start with "/"; `files` are the paths of all assets.

Source: spec runtime.md section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Serve:
    """Answer with the file at `path`."""

    path: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Move:
    """Answer 307 with the path `to` (decoded, without a query)."""

    to: str


Answer = Serve | Move | None
_Mode = Callable[[str, Container[str], bool], Answer]


def locate(path: str, files: Container[str], handling: str) -> Answer:
    """The answer of mode `handling` to `path`; None when no asset stands there."""
    assert path.startswith("/"), path
    assert handling in _MODES, handling
    return _MODES[handling](path, files, True)


def not_found(path: str, files: Container[str], handling: str) -> Serve | None:
    """What stands in for a missing asset: the app's page, or the nearest 404.html up the folders."""
    assert path.startswith("/"), path
    assert handling in ("none", "404-page", "single-page-application"), handling
    if handling == "single-page-application":
        return Serve("/index.html") if "/index.html" in files else None
    if handling == "404-page":
        folder = path
        while folder:
            folder = folder[: folder.rindex("/")]
            if f"{folder}/404.html" in files:
                return Serve(f"{folder}/404.html", 404)
    return None


def _moves(file: str, to: str, files: Container[str], mode: _Mode) -> Move | None:
    """A redirect to `to`, if that serves `file`."""
    if file not in files or to in files:
        return None
    target = mode(to, files, False)  # redirects off: the question is what stands there
    return Move(to) if isinstance(target, Serve) and target.path == file else None


def _auto(path: str, files: Container[str], redirects: bool) -> Answer:
    """`/file` for file.html, `/folder/` for folder/index.html."""
    exact = path in files
    moved: Move | None = None
    if path.endswith("/index"):
        if exact:
            return Serve(path)
        folder = path.removesuffix("/index")
        moved = _first(files, _auto, redirects, (f"{path}.html", f"{folder}/"), (f"{folder}.html", folder))
    elif path.endswith("/index.html"):
        folder = path.removesuffix("/index.html")
        moved = _first(files, _auto, redirects, (path, f"{folder}/"), (f"{folder}.html", folder))
    elif path.endswith("/"):
        if f"{path}index.html" in files:
            return Serve(f"{path}index.html")
        moved = _first(files, _auto, redirects, (f"{path[:-1]}.html", path[:-1]))
    elif path.endswith(".html"):
        stem = path.removesuffix(".html")
        moved = _first(files, _auto, redirects, (path, stem), (f"{stem}/index.html", f"{stem}/"))
    if moved is not None:
        return moved
    if exact:
        return Serve(path)
    if f"{path}.html" in files:
        return Serve(f"{path}.html")
    return _first(files, _auto, redirects, (f"{path}/index.html", f"{path}/"))


def _force(path: str, files: Container[str], redirects: bool) -> Answer:
    """`/file/` for file.html, `/folder/` for folder/index.html."""
    exact = path in files
    moved: Move | None = None
    if path.endswith("/index"):
        if exact:
            return Serve(path)
        folder = path.removesuffix("index")
        moved = _first(files, _force, redirects, (f"{path}.html", folder), (f"{folder[:-1]}.html", folder))
    elif path.endswith("/index.html"):
        folder = path.removesuffix("index.html")
        moved = _first(files, _force, redirects, (path, folder), (f"{folder[:-1]}.html", folder))
    elif path.endswith("/"):
        for file in (f"{path}index.html", f"{path[:-1]}.html"):
            if file in files:
                return Serve(file)
    elif path.endswith(".html"):
        stem = path.removesuffix(".html")
        moved = _first(files, _force, redirects, (path, f"{stem}/"))
        if moved is None and not exact:
            moved = _first(files, _force, redirects, (f"{stem}/index.html", f"{stem}/"))
    if moved is not None:
        return moved
    if exact:
        return Serve(path)
    return _first(files, _force, redirects, (f"{path}.html", f"{path}/"), (f"{path}/index.html", f"{path}/"))


def _drop(path: str, files: Container[str], redirects: bool) -> Answer:
    """`/file` for file.html, `/folder` for folder/index.html."""
    exact = path in files
    moved: Move | None = None
    if path == "/":
        return Serve("/index.html") if "/index.html" in files else None
    if path.endswith("/index"):
        if exact:
            return Serve(path)
        folder = path.removesuffix("/index")
        moved = _first(files, _drop, redirects, (f"{folder}.html", folder), (f"{path}.html", folder or "/"))
    elif path.endswith("/index.html"):
        folder = path.removesuffix("/index.html")
        moved = _first(files, _drop, redirects, (path, folder or "/"))
        if moved is None and not exact:
            moved = _first(files, _drop, redirects, (f"{folder}.html", folder))
    elif path.endswith("/"):
        stem = path[:-1]
        moved = _first(files, _drop, redirects, (f"{stem}.html", stem), (f"{stem}/index.html", stem))
    elif path.endswith(".html"):
        stem = path.removesuffix(".html")
        moved = _first(files, _drop, redirects, (path, stem), (f"{stem}/index.html", stem))
    if moved is not None:
        return moved
    for file in (path, f"{path}.html", f"{path}/index.html"):
        if file in files:
            return Serve(file)
    return None


def _none(path: str, files: Container[str], redirects: bool) -> Answer:
    return Serve(path) if path in files else None


def _first(files: Container[str], mode: _Mode, redirects: bool, *candidates: tuple[str, str]) -> Move | None:
    """The first of the (file, destination) pairs that is a sound redirect."""
    if not redirects:
        return None
    for file, to in candidates:
        move = _moves(file, to, files, mode) if to else None
        if move is not None:
            return move
    return None


_MODES: dict[str, _Mode] = {
    "auto-trailing-slash": _auto,
    "force-trailing-slash": _force,
    "drop-trailing-slash": _drop,
    "none": _none,
}
