"""One source file, as the rules look at it: what its names mean, and what runs while it is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from wrangler_compat.check.bindings import BindingCall, binding_call
from wrangler_compat.modules.profile import Profile

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NEVER_TRUE = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


class Module:
    """A parsed module of a Worker."""

    def __init__(self, path: Path, source: bytes, profile: Profile, *, is_main: bool = False) -> None:
        """Raises SyntaxError."""
        self.path = path
        self.source = source
        self.profile = profile
        self.is_main = is_main
        self.tree = ast.parse(source, str(path))
        self.nodes = list(ast.walk(self.tree))

    # -- names

    @cached_property
    def imports(self) -> dict[str, str]:
        """What each imported name stands for: `{"np": "numpy", "sleep": "time.sleep"}`."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @cached_property
    def _bound(self) -> dict[ast.AST, set[str]]:
        """For the module and each function the names that it binds itself, other than by imports."""
        bound: dict[ast.AST, set[str]] = {}
        for node in self.nodes:
            scope = self._scope(node)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.setdefault(scope, set()).add(node.id)
            elif isinstance(node, ast.arg):
                bound.setdefault(scope, set()).add(node.arg)
            elif isinstance(node, Function | ast.ClassDef) and not isinstance(scope, ast.ClassDef):
                bound.setdefault(scope, set()).add(node.name)
        return bound

    def _scope(self, node: ast.AST) -> ast.AST:
        """The function, class or module in which a node stands."""
        parent = self.parent(node)
        while parent is not None and not isinstance(parent, Function | ast.Lambda | ast.ClassDef):
            parent = self.parent(parent)
        return self.tree if parent is None else parent

    def _binding_scope(self, name: ast.Name) -> ast.AST | None:
        """The innermost scope around a name that binds it itself."""
        scope: ast.AST = name
        while scope is not self.tree:
            scope = self._scope(scope)
            if name.id in self._bound.get(scope, ()):
                return scope
        return None

    def dotted(self, node: ast.AST) -> str | None:
        """The full name of what is meant, `time.sleep`, or of a built-in; None when that is not certain."""
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return None if owner is None else f"{owner}.{node.attr}"
        if not isinstance(node, ast.Name) or self._binding_scope(node) is not None:
            return None
        return self.imports.get(node.id, f"builtins.{node.id}")

    def calls(self, nodes: Iterable[ast.AST] | None = None) -> Iterator[tuple[ast.Call, str]]:
        """The calls, with the full name of what is called; those without one have an empty one."""
        for node in self.nodes if nodes is None else nodes:
            if isinstance(node, ast.Call):
                yield node, self.dotted(node.func) or ""

    def meaning(self, node: ast.expr) -> ast.expr:
        """What a local name stands for, when its function gives it a value once, before; else the node."""
        scope = self._binding_scope(node) if isinstance(node, ast.Name) else None
        if not isinstance(node, ast.Name) or not isinstance(scope, Function):
            return node
        values = self._assigned.get(scope, {}).get(node.id, [])
        # Going back in the text only, so that `a = a.b()` and its like come to an end.
        return values[0] if len(values) == 1 and _end(values[0]) <= (node.lineno, node.col_offset) else node

    @cached_property
    def _assigned(self) -> dict[ast.AST, dict[str, list[ast.expr]]]:
        """For each scope the values that its names are given by `=`."""
        found: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(self._scope(node), {}).setdefault(target.id, []).append(node.value)
        return found

    def binding_call(self, node: ast.AST) -> BindingCall | None:
        """The call of a binding that `node` is, or None."""
        return binding_call(node, self.meaning)

    # -- structure

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in self.tree.body if isinstance(node, ast.ClassDef))

    def is_optional(self, node: ast.AST) -> bool:
        """Whether it stands in a `try` that catches a failing import, or only a type checker sees it."""
        child, parent = node, self.parent(node)
        while parent is not None:
            if isinstance(parent, ast.Try) and child in parent.body and parent.handlers:
                return True
            if isinstance(parent, ast.If) and self._is_never(parent.test) and child in parent.body:
                return True
            child, parent = parent, self.parent(parent)
        return False

    # -- what runs at import

    @cached_property
    def at_import(self) -> list[ast.AST]:
        """Every node that is evaluated while the module is imported, also in functions of the module that
        are called then."""
        found: list[ast.AST] = []
        own = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        waiting: list[ast.AST] = list(self.tree.body)
        while waiting:
            node = waiting.pop(0)
            found.append(node)
            waiting[:0] = self._evaluated(node)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own:
                waiting += own.pop(node.func.id).body  # once
        return found

    def _evaluated(self, node: ast.AST) -> list[ast.AST]:
        """The parts of a node that are evaluated with it."""
        if isinstance(node, Function | ast.Lambda):
            defaults: list[ast.AST] = [
                *node.args.defaults,
                *(one for one in node.args.kw_defaults if one is not None),
            ]
            return [*([] if isinstance(node, ast.Lambda) else node.decorator_list), *defaults]
        if isinstance(node, ast.If) and self._is_never(node.test):
            return [*node.orelse]
        return list(ast.iter_child_nodes(node))

    def _is_never(self, test: ast.expr) -> bool:
        """`if __name__ == "__main__":` and `if TYPE_CHECKING:`."""
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
            return test.left.id == "__name__"
        name = self.dotted(test)
        return name is not None and name.removeprefix("builtins.") in _NEVER_TRUE


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
