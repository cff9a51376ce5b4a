"""Handlers and entrypoints: what the runtime looks for in the main module, and how it calls it.

Source: spec python-workers.md sections 2.1 and 2.2.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wrangler_compat.check.finding import Place, Severity
from wrangler_compat.check.module import Function, Module
from wrangler_compat.check.project import Project
from wrangler_compat.check.rule import ModuleHits, ProjectHits, module_rule, project_rule

_BASES = frozenset({"WorkerEntrypoint", "DurableObject", "WorkflowEntrypoint", "Container", "Sandbox"})
#: The most arguments that a handler is given (those it does not declare are dropped).
_RELAXED = {
    **{"fetch": 3, "alarm": 1, "webSocketMessage": 2, "webSocketClose": 4, "webSocketError": 2},
}
#: Handlers that are given so many arguments, and must take them all.
_STRICT = {"scheduled": 3, "queue": 3}
_MISNAMED = {
    "web_socket_message": "webSocketMessage",
    "websocket_message": "webSocketMessage",
    "web_socket_close": "webSocketClose",
    "websocket_close": "webSocketClose",
    "web_socket_error": "webSocketError",
    "websocket_error": "webSocketError",
}
_GLOBAL_HANDLERS = frozenset({"on_fetch", "on_scheduled", "on_alarm", "on_trace", "on_queue", "on_pubsub"})


def entry_classes(module: Module) -> Iterator[ast.ClassDef]:
    """Classes of the module that the runtime may use, by the names of their bases."""
    names: set[str] = set(_BASES)
    for node in module.classes():
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        if bases & names:
            names.add(node.name)
            yield node


def _methods(node: ast.ClassDef) -> Iterator[Function]:
    return (child for child in node.body if isinstance(child, Function))


@module_rule(
    "handler-arguments",
    Severity.ERROR,
    remedy="`scheduled(self, controller, env, ctx)`, `queue(self, batch, env, ctx)`.",
)
def handler_arguments(module: Module) -> ModuleHits:
    """A handler with arguments that the runtime does not give, or without those it gives: `scheduled` and
    `queue` are always called with three."""
    for node in entry_classes(module):
        for method in _methods(node):
            least, most = _takes(method)
            if method.name in _STRICT and not least <= _STRICT[method.name] <= most:
                yield method, f"{method.name}() is called with {_STRICT[method.name]} arguments"
            elif method.name in _RELAXED and least > _RELAXED[method.name]:
                yield method, f"{method.name}() is called with at most {_RELAXED[method.name]} arguments"


def _takes(method: Function) -> tuple[int, int]:
    """How few and how many positional arguments a method takes beside self."""
    given = method.args
    count = len(given.posonlyargs) + len(given.args) - 1
    return count - len(given.defaults), 1 << 30 if given.vararg else count


@module_rule(
    "handler-name", Severity.ERROR, remedy="The names are JavaScript's: `webSocketMessage`, `webSocketClose`."
)
def handler_name(module: Module) -> ModuleHits:
    """A handler of a Durable Object under a name that the runtime does not call."""
    for node in entry_classes(module):
        for method in _methods(node):
            if method.name in _MISNAMED:
                yield method, f"{method.name}() is never called; the handler is {_MISNAMED[method.name]}()"


@project_rule(
    "global-handler", Severity.ERROR, remedy="`class Default(WorkerEntrypoint)` with a method `fetch`."
)
def global_handler(project: Project) -> ProjectHits:
    """A function such as `on_fetch` in the main module, which is not called from the compatibility date
    2025-08-14 on, and clashes with a class `Default` before."""
    main = project.main
    if main is None:
        return
    has_default = any(node.name == "Default" for node in main.classes())
    for node in main.tree.body:
        if isinstance(node, Function) and node.name in _GLOBAL_HANDLERS:
            if not project.profile.global_handlers:
                yield (
                    _at(main, node),
                    f"{node.name}() is never called: handlers are methods of entrypoint classes",
                )
            elif has_default:
                yield _at(main, node), f"{node.name}() and the class Default are two default entrypoints"


@project_rule(
    "no-entrypoint",
    Severity.WARNING,
    remedy="Add `class Default(WorkerEntrypoint)` and name it in `__all__`.",
)
def no_entrypoint(project: Project) -> ProjectHits:
    """A main module without a class `Default`, or one that `__all__` leaves out: requests fail."""
    main = project.main
    if main is None:
        return
    legacy = project.profile.global_handlers and any(
        isinstance(node, Function) and node.name in _GLOBAL_HANDLERS for node in main.tree.body
    )
    if not legacy and "Default" not in exported_names(main):
        yield Place(main.path), 'the main module shows no class "Default": requests fail'


@module_rule(
    "main-import", Severity.ERROR, remedy="Modules beside the main module are imported by their own name."
)
def main_import(module: Module) -> ModuleHits:
    """A relative import in the main module, or one that begins with the name of its folder: the folder
    itself is where modules are looked for, it is no package."""
    if not module.is_main:
        return
    folder = module.path.parent.name
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node, "a relative import in the main module, which is in no package"
    for node in module.nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        if any(name.partition(".")[0] == folder == "src" for name in names):
            yield node, f'the import starts with "{folder}.", and the folder "{folder}" is no package'


def exported_names(main: Module) -> set[str]:
    """What the runtime sees of the main module: `__all__`, else all names without an underscore."""
    for node in main.tree.body:
        if isinstance(node, ast.Assign) and any(_is_all(target) for target in node.targets):
            try:
                return set(ast.literal_eval(node.value))
            except ValueError:
                break
    names = {node.name for node in main.tree.body if isinstance(node, Function | ast.ClassDef)}
    return {name for name in names | set(main.imports) | _relative(main) if not name.startswith("_")}


def _is_all(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "__all__"


def _relative(main: Module) -> set[str]:
    imports = [node for node in main.tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _at(module: Module, node: ast.stmt) -> Place:
    return Place(module.path, node.lineno, node.col_offset + 1)
