"""The package `sandbox` of a Worker that imports it: here it is at hand, on Cloudflare it has to be vendored.

Source: spec python-workers.md section 9 (where vendored packages lie).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from wrangler_compat.modules.bundled import BUNDLED

_PACKAGE = "sandbox"


def sandbox_files(sources: Mapping[str, bytes], vendored: str) -> Iterator[tuple[str, Path]]:
    """The files of the SDK, each with its name within the vendor folder; nothing when no module of
    `sources` (by name) imports it, or one of them is it. `vendored` is the name of the vendor folder."""
    names = (f"{_PACKAGE}.py", f"{_PACKAGE}/__init__.py")
    if any(name in sources or f"{vendored}/{name}" in sources for name in names):
        return
    own = (source for name, source in sources.items() if not name.startswith(f"{vendored}/"))
    if not any(_imports(source) for source in own):
        return
    known = BUNDLED[_PACKAGE]
    folder = known.folder / _PACKAGE
    yield f"{_PACKAGE}/__init__.py", folder / "__init__.py"
    for part in sorted(known.parts):
        for file in sorted((folder / part).rglob("*.py")):
            yield file.relative_to(known.folder).as_posix(), file


def _imports(source: bytes) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False  # a page or a picture; a broken module is for `edge check` to name
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(_is_it(alias.name) for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_it(node.module or ""):
            return True
    return False


def _is_it(name: str) -> bool:
    return name.partition(".")[0] == _PACKAGE
