"""Classes in a Worker's own source, found by reading it: nothing is imported and nothing runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import WorkerLoadError


@dataclass(frozen=True, slots=True)
class FoundClass:
    """A class and the module it stands in."""

    node: ast.ClassDef
    module: Path


class Sources:
    """The modules below the folder of a Worker's main module, parsed when they are first asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._trees: dict[Path, ast.Module] = {}

    def find_class(self, module: Path, name: str) -> FoundClass | None:
        """The class that `name` means in `module`, also when it was imported from another module of the
        Worker. Raises WorkerLoadError for a module that cannot be parsed."""
        return self._find(module, name, frozenset())

    def methods(self, found: FoundClass) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Its methods and those of its bases in this Worker, each name once, its own first."""
        seen: set[str] = set()
        for cls in self._family(found, frozenset()):
            for node in cls.node.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in seen:
                    seen.add(node.name)
                    yield node

    def _family(self, found: FoundClass, seen: frozenset[ast.ClassDef]) -> Iterator[FoundClass]:
        if found.node in seen:
            return
        yield found
        for base in found.node.bases:
            parent = self.find_class(found.module, base.id) if isinstance(base, ast.Name) else None
            if parent is not None:
                yield from self._family(parent, seen | {found.node})

    def _find(self, module: Path, name: str, seen: frozenset[Path]) -> FoundClass | None:
        if module in seen:
            return None
        for node in self._tree(module).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return FoundClass(node, module)
            if isinstance(node, ast.ImportFrom):
                source = self._imported(node, module, name)
                if source is not None:
                    return self._find(source[0], source[1], seen | {module})
        return None

    def _imported(self, node: ast.ImportFrom, module: Path, name: str) -> tuple[Path, str] | None:
        original = next((alias.name for alias in node.names if (alias.asname or alias.name) == name), None)
        if original is None:
            return None
        base = module.parents[node.level - 1] if node.level else self._root
        path = base.joinpath(*(node.module or "").split("."))
        return next(
            ((file, original) for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()),
            None,
        )

    def _tree(self, module: Path) -> ast.Module:
        if module not in self._trees:
            try:
                self._trees[module] = ast.parse(module.read_bytes(), str(module))
            except SyntaxError as error:
                raise WorkerLoadError(f"SyntaxError: {error.msg}", file=module, line=error.lineno) from None
        return self._trees[module]
