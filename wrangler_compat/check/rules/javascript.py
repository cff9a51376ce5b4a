"""JavaScript's own objects as Python code uses them: classes, callbacks, null, and raw bindings.

Source: spec python-workers.md sections 1 and 4 with its corrections (recorded in the real runtime); Pyodide
page "Type translations" for the life of callbacks.
"""

from __future__ import annotations

import ast

from wrangler_compat.check.finding import Severity
from wrangler_compat.check.module import Module
from wrangler_compat.check.rule import ModuleHits, module_rule
from wrangler_compat.check.rules.boundary import CONTAINERS, is_bytes

_CLASSES = frozenset(
    {
        *("Map", "Set", "Promise", "Request", "Response", "Headers", "FormData", "Blob", "File", "URL"),
        *("URLSearchParams", "WebSocket", "WebSocketPair", "WebSocketRequestResponsePair", "TransformStream"),
        *(
            "ReadableStream",
            "WritableStream",
            "TextEncoder",
            "TextDecoder",
            "AbortController",
            "HTMLRewriter",
        ),
        *("Uint8Array", "ArrayBuffer", "DataView"),
    }
)
_KEEPERS = frozenset({"setTimeout", "setInterval", "addEventListener"})


@module_rule(
    "callback-dies", Severity.ERROR, remedy="`create_proxy(f)`, or `create_once_callable(f)` for one call."
)
def callback_dies(module: Module) -> ModuleHits:
    """A Python function given to `setTimeout`, `setInterval` or `addEventListener` as it is: its proxy is
    destroyed when the call returns, before JavaScript calls it."""
    functions = {function.name for function in module.functions()}
    for call, name in module.calls():
        keeper = name.removeprefix("js.") if name.startswith("js.") else ""
        if isinstance(call.func, ast.Attribute) and call.func.attr == "addEventListener":
            keeper = call.func.attr
        if keeper not in _KEEPERS:
            continue
        position = 1 if keeper == "addEventListener" else 0
        callback = call.args[position] if len(call.args) > position else None
        if isinstance(callback, ast.Lambda) or (callback is not None and _named(callback) in functions):
            yield callback, f"{keeper}() keeps a proxy that is destroyed when it returns"


def _named(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@module_rule("missing-new", Severity.ERROR, remedy="`X.new(…)`")
def missing_new(module: Module) -> ModuleHits:
    """A JavaScript class that is called like a function: it is made with `.new(…)`."""
    for call, name in module.calls():
        if name.startswith("js.") and name.removeprefix("js.") in _CLASSES:
            yield call, f"{name.removeprefix('js.')} is a JavaScript class, and calling it raises TypeError"


@module_rule(
    "null-is-not-none", Severity.WARNING, remedy="Test its truth, or compare it with `pyodide.ffi.jsnull`."
)
def null_is_not_none(module: Module) -> ModuleHits:
    """A comparison with None of what is JavaScript's null when there is nothing: `deserializeAttachment()`,
    `request.body`; and what a binding gives, where the SDK is the one of the runtime (before 2026-04-21)."""
    if module.profile.oldest:
        return  # Pyodide 0.26 has no jsnull: null is None there
    for node in module.nodes:
        if isinstance(node, ast.Compare) and _compares_with_none(node):
            source = _nullable(module, module.meaning(node.left))
            if source is not None:
                yield node, f"{source} is JavaScript's null when there is nothing, not None"


def _compares_with_none(node: ast.Compare) -> bool:
    value = node.comparators[0]
    is_none = isinstance(value, ast.Constant) and value.value is None
    return is_none and isinstance(node.ops[0], ast.Is | ast.IsNot | ast.Eq | ast.NotEq)


def _nullable(module: Module, node: ast.expr) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return "deserializeAttachment()" if node.func.attr == "deserializeAttachment" else None
    if isinstance(node, ast.Attribute) and node.attr == "body" and _named(node.value) == "request":
        return "request.body"
    if isinstance(node, ast.Await) and not module.profile.external_sdk:
        found = module.binding_call(node.value)
        if found is not None and found.method in ("get", "first", "head", "getAlarm"):
            return f"what {found.method}() gives"
    return None


@module_rule(
    "raw-value", Severity.ERROR, remedy="`to_js(value)`, or a compatibility date from 2026-04-21 on."
)
def raw_value(module: Module) -> ModuleHits:
    """With the SDK of the runtime (before 2026-04-21) bindings do not convert: a dict, a list or bytes as
    the value of `put`, a list of keys for `get`, None for `bind`."""
    if module.profile.external_sdk:
        return
    for node in module.nodes:
        found = module.binding_call(node)
        if found is None:
            continue
        assert isinstance(node, ast.Call)
        if found.method == "put" and len(node.args) > 1:
            value = node.args[1]
            if isinstance(value, CONTAINERS) or is_bytes(module, value):
                yield value, "put() of a raw binding does not take Python containers and bytes"
        elif found.method == "get" and node.args and isinstance(node.args[0], ast.List):
            yield node.args[0], "get() of a raw binding does not take a Python list"
        elif found.method == "bind":
            for value in node.args:
                if isinstance(value, ast.Constant) and value.value is None:
                    yield value, "bind() of a raw binding takes None as undefined, and refuses it"
