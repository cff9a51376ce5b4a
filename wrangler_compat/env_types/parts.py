"""The Protocols of the products' bindings, put together as one file needs them.

Each part is a stub of its own (`parts/*.pyi`), which the type checker of this project reads too. A relative
import in it names the part it builds upon.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "parts"


@dataclass(frozen=True, slots=True)
class Part:
    """One stub: what it imports, the parts it needs, the classes it defines as text."""

    imports: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    text: str


@dataclass(slots=True)
class Imports:
    """What the whole file imports: modules with names."""

    names: dict[str, set[str]] = field(default_factory=dict)

    def add(self, module: str, name: str) -> None:
        self.names.setdefault(module, set()).add(name)

    def lines(self) -> list[str]:
        """In the order that import sorters ask for: the standard library, then `workers`."""
        modules = sorted(self.names, key=lambda module: (module == "workers", module))
        lines = [f"from {module} import {', '.join(_sorted(self.names[module]))}" for module in modules]
        if len(modules) > 1 and modules[-1] == "workers":
            lines.insert(-1, "")
        return lines


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (not name.isupper(), name.islower(), name))


def combined(names: Sequence[str], imports: Imports) -> list[str]:
    """The texts of these parts and of those they need, each once; adds to `imports`."""
    texts: dict[str, str] = {}

    def take(name: str) -> None:
        if name in texts:
            return
        part = _read(name)
        for needed in part.needs:
            take(needed)
        for module, imported in part.imports:
            imports.add(module, imported)
        texts[name] = part.text

    for name in names:
        take(name)
    return list(texts.values())


@cache
def _read(name: str) -> Part:
    source = (_FOLDER / f"{name}.pyi").read_text(encoding="utf-8")
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    end = max((node.end_lineno or node.lineno) for node in statements)
    return Part(
        imports=tuple(
            (node.module or "", item.name) for node in statements if not node.level for item in node.names
        ),
        needs=tuple(node.module or "" for node in statements if node.level),
        text="".join(source.splitlines(keepends=True)[end:]).strip("\n"),
    )
