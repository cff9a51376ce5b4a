"""The methods of a class as others call them over RPC.

Every call is awaited, whether or not the method is a coroutine, and arguments go by position: keyword
arguments would arrive as one object (spec python-workers.md sections 2.2 and 3).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

#: What the runtime calls, and nobody over RPC.
_HANDLERS = frozenset(
    {
        *("fetch", "alarm", "scheduled", "queue", "email", "tail", "trace", "test", "run"),
        *("webSocketMessage", "webSocketClose", "webSocketError"),
    }
)
_KNOWN = frozenset({name for name in dir(builtins) if isinstance(getattr(builtins, name), type)} | {"Any"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def method_lines(methods: Iterable[_Function]) -> Iterator[str]:
    """A line of a Protocol for each method that can be called."""
    for method in methods:
        if method.name.startswith("_") or method.name in _HANDLERS or _is_property(method):
            continue
        parameters = ", ".join(["self", *_parameters(method)])
        yield f"async def {method.name}({parameters}) -> {_annotation(method.returns)}: ..."


def _is_property(method: _Function) -> bool:
    names = [ast.unparse(decorator).rpartition(".")[2] for decorator in method.decorator_list]
    return any(name in ("property", "cached_property", "setter") for name in names)


def _parameters(method: _Function) -> list[str]:
    given = method.args
    named = [*given.posonlyargs, *given.args]
    required = len(named) - len(given.defaults)
    is_static = any(
        isinstance(name, ast.Name) and name.id == "staticmethod" for name in method.decorator_list
    )
    shown = [
        f"{arg.arg}: {_annotation(arg.annotation)}{' = ...' if index >= required else ''}"
        for index, arg in enumerate(named)
    ][0 if is_static else 1 :]
    if shown:
        shown.append("/")
    if given.vararg is not None:
        shown.append(f"*{given.vararg.arg}: {_annotation(given.vararg.annotation)}")
    return shown


def _annotation(node: ast.expr | None) -> str:
    """The annotation where it is made of built-in types, else Any: names of the Worker's own modules mean
    nothing in the file that is written."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = _parsed(node.value)
    if node is None or not all(_is_plain(part) for part in ast.walk(node)):
        return "Any"
    return ast.unparse(node)


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _is_plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _KNOWN
    if isinstance(node, ast.Constant):
        return node.value is None or node.value is Ellipsis
    return isinstance(node, ast.BinOp | ast.BitOr | ast.Subscript | ast.Tuple | ast.List | ast.Load)
