"""Waiting: what blocks, what is never awaited.

Source: spec python-workers.md sections 3 and 10; `pyodide/webloop.py` of Pyodide 0.28.2 and 314.0.6.
"""

from __future__ import annotations

import ast

from wrangler_compat.check.bindings import BindingCall
from wrangler_compat.check.finding import Severity
from wrangler_compat.check.module import Function, Module
from wrangler_compat.check.rule import ModuleHits, module_rule

_LOOPS = frozenset({"asyncio.run", "asyncio.Runner"})
_HTTP_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
#: Methods of bindings that answer at once; all others give something to await.
_IMMEDIATE = frozenset(
    {
        *("prepare", "bind", "withSession", "getBookmark", "writeDataPoint", "resumeMultipartUpload"),
        *("get", "getByName", "idFromName", "idFromString", "newUniqueId", "jurisdiction"),
    }
)


@module_rule("blocking-sleep", Severity.WARNING, remedy="`await asyncio.sleep(…)`")
def blocking_sleep(module: Module) -> ModuleHits:
    """`time.sleep` only waits below a handler, and from Pyodide 0.28 on (compatibility date 2025-09-29);
    elsewhere it stops everything. In tests here it raises."""
    for call, name in module.calls():
        if name == "time.sleep":
            yield call, "time.sleep() blocks wherever Pyodide cannot suspend the code that calls it"


@module_rule("event-loop", Severity.WARNING, remedy="`await` it: handlers are coroutines.")
def event_loop(module: Module) -> ModuleHits:
    """An event loop of one's own: the one that runs the handlers is there already. Pyodide hands the work to
    that loop where it can suspend the caller; here it raises, as CPython does."""
    for call, name in module.calls():
        if name in _LOOPS:
            yield call, f"{name}() starts an event loop, and one runs already"
        elif isinstance(call.func, ast.Attribute) and call.func.attr in ("run_until_complete", "run_forever"):
            yield call, f"{call.func.attr}() runs an event loop, and it runs already"


@module_rule("executor", Severity.WARNING, remedy="Call it where it is needed, or make it a coroutine.")
def executor(module: Module) -> ModuleHits:
    """`asyncio.to_thread` and `run_in_executor` run the function at once, in the only thread: everything else
    waits until it has ended."""
    for call, name in module.calls():
        is_method = isinstance(call.func, ast.Attribute) and call.func.attr == "run_in_executor"
        if name == "asyncio.to_thread" or is_method:
            what = name or "run_in_executor"
            yield (
                call,
                f"{what}() has no other thread: the function runs at once, and everything waits for it",
            )


@module_rule("blocking-request", Severity.ERROR, remedy="Use `fetch` of the module `workers`.")
def blocking_request(module: Module) -> ModuleHits:
    """A client for HTTP that blocks: Pyodide can suspend it from 0.28 on (compatibility date 2025-09-29)."""
    for call, name in module.calls():
        package, _, verb = name.rpartition(".")
        if module.profile.oldest and package in ("requests", "httpx") and verb in _HTTP_VERBS:
            yield call, f"{name}() blocks, and Pyodide 0.26 cannot suspend it"


@module_rule("not-awaited", Severity.WARNING, remedy="`await` it, or give it to `ctx.waitUntil(…)`.")
def not_awaited(module: Module) -> ModuleHits:
    """A call of a binding whose result is dropped: it may be cut off when the response is sent, and what it
    raises is lost. A Durable Object's own storage is not reported."""
    for node in module.nodes:
        if (
            isinstance(node, ast.Expr)
            and (found := module.binding_call(node.value)) is not None
            and _gives_awaitable(found)
        ):
            yield node, f"env.{found.binding}.{found.method}() is not awaited"


def _gives_awaitable(call: BindingCall) -> bool:
    return not call.is_storage and call.method not in _IMMEDIATE


@module_rule("sync-handler", Severity.WARNING, remedy="Make it `async def`, and await what it calls.")
def sync_handler(module: Module) -> ModuleHits:
    """A function that is no coroutine and uses the result of a binding's call, which has to be awaited."""
    for function in module.functions():
        if isinstance(function, ast.AsyncFunctionDef):
            continue
        for node in _own_nodes(function):
            found = module.binding_call(node)
            if found is None or not _gives_awaitable(found) or not _is_used(module, node):
                continue
            what = f"env.{found.binding}.{found.method}()"
            yield node, f"{what} gives an awaitable, and {function.name}() cannot await it"


def _own_nodes(function: Function) -> list[ast.AST]:
    """The nodes of a function without those of functions in it."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Function | ast.Lambda):
            found.append(node)
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _is_used(module: Module, node: ast.AST) -> bool:
    """Whether the value is looked at: an attribute, an item, a comparison. Passing it on is fine."""
    parent = module.parent(node)
    return isinstance(parent, ast.Attribute | ast.Subscript | ast.Compare | ast.BinOp | ast.BoolOp | ast.For)
