"""Values that cross to JavaScript: what must be converted first, and what comes back.

Source: spec python-workers.md sections 2.5, 3 and 4 with its corrections (recorded in the real runtime);
Pyodide page "Type translations" for bytes and for the life of callbacks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wrangler_compat.check.finding import Severity
from wrangler_compat.check.module import Module
from wrangler_compat.check.rule import ModuleHits, module_rule

#: Literals of what JavaScript gets a proxy of.
CONTAINERS = ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp
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
_WRAPPED = ("pyodide.ffi.create_proxy", "pyodide.ffi.create_once_callable")


@module_rule("response-body", Severity.ERROR, remedy="`Response.json(…)` for data, bytes(…) for buffers.")
def response_body(module: Module) -> ModuleHits:
    """A body that `Response` does not take: a dict, a list, a tuple, a set, a number, a bytearray, a
    memoryview or a generator (`Unsupported type in Response`)."""
    for call, name in module.calls():
        if name != "workers.Response":
            continue
        bodies = call.args[:1] + [keyword.value for keyword in call.keywords if keyword.arg == "body"]
        for body in bodies:
            kind = _refused_body(module, body)
            if kind is not None:
                yield body, f"Response does not take a {kind} as its body"


def _refused_body(module: Module, body: ast.expr) -> str | None:
    kinds = {
        "dict": ast.Dict | ast.DictComp,
        "list": ast.List | ast.ListComp,
        "set": ast.Set | ast.SetComp,
        "tuple": ast.Tuple,
        "generator": ast.GeneratorExp,
    }
    for name, kind in kinds.items():
        if isinstance(body, kind):
            return name
    if isinstance(body, ast.Constant) and isinstance(body.value, bool | int | float):
        return type(body.value).__name__
    if isinstance(body, ast.Call):
        called = (module.dotted(body.func) or "").removeprefix("builtins.")
        return called if called in ("dict", "list", "tuple", "set", "bytearray", "memoryview") else None
    return None


@module_rule("tuple-sent", Severity.ERROR, remedy="Send a list or bytes(…) instead.")
def tuple_sent(module: Module) -> ModuleHits:
    """A tuple or bytearray as an argument of a binding, of storage or of RPC (`cannot be sent over RPC`)."""
    for node in module.nodes:
        found = module.binding_call(node)
        if found is None or found.method == "fetch":
            continue
        assert isinstance(node, ast.Call)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            for part in ast.walk(argument):
                if isinstance(part, ast.Tuple) and isinstance(part.ctx, ast.Load) and _is_value(module, part):
                    yield part, f"a tuple cannot be an argument of {found.method}()"
                elif isinstance(part, ast.Call) and module.dotted(part.func) == "builtins.bytearray":
                    yield part, f"a bytearray cannot be an argument of {found.method}()"


def _is_value(module: Module, node: ast.Tuple) -> bool:
    """Whether the tuple itself is sent, alone or in a literal, and not what is made of it."""
    parent = module.parent(node)
    return isinstance(parent, ast.List | ast.Dict | ast.keyword) or (
        isinstance(parent, ast.Call) and node in parent.args and module.binding_call(parent) is not None
    )


@module_rule("raw-container", Severity.ERROR, remedy="`to_js(value, dict_converter=Object.fromEntries)`")
def raw_container(module: Module) -> ModuleHits:
    """A Python dict or list where JavaScript has to copy it or wants an Array: `serializeAttachment`, the
    tags of `acceptWebSocket`, `structuredClone`, `put` of a transaction's `txn`."""
    transactions = set(_transaction_puts(module))
    for call, name in module.calls():
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        position = {"serializeAttachment": 0, "acceptWebSocket": 1}.get(method)
        if name == "js.structuredClone":
            position, method = 0, "structuredClone"
        elif call in transactions:
            position = 1
        value = call.args[position] if position is not None and len(call.args) > position else None
        if isinstance(value, CONTAINERS):
            yield value, f"{method}() does not take a Python {_kind(value)}"


def _transaction_puts(module: Module) -> Iterator[ast.Call]:
    """`txn.put(…)` in functions that are given to `transaction`: `txn` is a raw JavaScript object."""
    given = {
        argument.id
        for call, _ in module.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr == "transaction"
        for argument in call.args
        if isinstance(argument, ast.Name)
    }
    for function in module.functions():
        if function.name not in given or not function.args.args:
            continue
        owner = function.args.args[0].arg
        for call, _ in module.calls(ast.walk(function)):
            if (
                isinstance(call.func, ast.Attribute)
                and call.func.attr == "put"
                and is_name(call.func.value, owner)
            ):
                yield call


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _kind(node: ast.AST) -> str:
    for name, kinds in {"dict": ast.Dict | ast.DictComp, "list": ast.List | ast.ListComp}.items():
        if isinstance(node, kinds):
            return name
    return "set"


@module_rule("raw-bytes", Severity.ERROR, remedy="`to_js(data)` makes a Uint8Array of it.")
def raw_bytes(module: Module) -> ModuleHits:
    """Python bytes that are given to a stream's writer or to a WebSocket: JavaScript gets a proxy, which is
    no buffer."""
    sockets = "js.WebSocketPair" in module.imports.values() or any(
        function.name == "webSocketMessage" for function in module.functions()
    )
    for call, _ in module.calls():
        if not isinstance(call.func, ast.Attribute) or not call.args or not is_bytes(module, call.args[0]):
            continue
        if call.func.attr == "write" and isinstance(module.parent(call), ast.Await):
            yield call, "the writer of a JavaScript stream does not take Python bytes"
        elif call.func.attr == "send" and sockets and module.binding_call(call) is None:
            yield call, "a WebSocket does not take Python bytes"


def is_bytes(module: Module, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "encode":
            return True
        return module.dotted(node.func) in ("builtins.bytes", "builtins.bytearray")
    return isinstance(node, ast.Constant) and isinstance(node.value, bytes)
