"""Recognising calls of bindings: `self.env.NOTES.put(…)`, `env.DB.prepare(…)`, `self.ctx.storage.get(…)`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BindingCall:
    """A method of a binding, of what one of its methods gave, or of a Durable Object's storage."""

    binding: str
    #: The methods of the chain: `env.DB.prepare(…).bind(…).first()` is ("prepare", "bind", "first").
    methods: tuple[str, ...]

    @property
    def method(self) -> str:
        return self.methods[-1]

    @property
    def is_storage(self) -> bool:
        return self.binding == "ctx.storage"


def binding_call(node: ast.AST, meaning: Callable[[ast.expr], ast.expr]) -> BindingCall | None:
    """The call of a binding that `node` is, or None. `meaning` gives what a local name stands for."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    receiver, method = meaning(node.func.value), node.func.attr
    inner = binding_call(receiver, meaning)
    if inner is not None:
        return BindingCall(inner.binding, (*inner.methods, method))
    binding = _binding(receiver, meaning)
    return None if binding is None else BindingCall(binding, (method,))


def _binding(node: ast.expr, meaning: Callable[[ast.expr], ast.expr]) -> str | None:
    """`NOTES` for `self.env.NOTES`, `ctx.storage` for the storage and what hangs on it."""
    node = meaning(node)
    if not isinstance(node, ast.Attribute):
        return None
    owner = _last_name(node.value)
    if owner == "env":
        return node.attr
    if (owner, node.attr) == ("ctx", "storage"):
        return "ctx.storage"
    is_part = node.attr in ("sql", "kv") and _binding(node.value, meaning) == "ctx.storage"
    return "ctx.storage" if is_part else None


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
