"""Durable Object classes: bound, declared by a migration, and there in the main module.

Source: spec durable-objects.md section 12, python-workers.md section 2.1.
"""

from __future__ import annotations

import ast

from wrangler_compat.check.finding import Place, Severity
from wrangler_compat.check.project import Project
from wrangler_compat.check.rule import ProjectHits, project_rule
from wrangler_compat.check.rules.entrypoints import entry_classes, exported_names

_DURABLE_BASES = frozenset({"DurableObject", "Container", "Sandbox"})


@project_rule(
    "no-migration",
    Severity.ERROR,
    remedy='Add an entry to "migrations", with a new tag: "new_sqlite_classes".',
)
def no_migration(project: Project) -> ProjectHits:
    """A Durable Object class with a binding that no migration (or `exports`) makes: the deploy is refused."""
    worker = project.examined.worker
    for index, binding in enumerate(worker.durable):
        if binding.script in (None, worker.name) and binding.class_name not in worker.durable_classes:
            where = project.key("durable_objects", "bindings", index)
            yield where, f'no migration makes the class "{binding.class_name}"'


@project_rule(
    "no-class", Severity.ERROR, remedy="Define or import it in the main module, and name it in `__all__`."
)
def no_class(project: Project) -> ProjectHits:
    """A Durable Object class of a binding or migration that the main module does not show."""
    worker, main = project.examined.worker, project.main
    if main is None:
        return
    shown = exported_names(main)
    for index, binding in enumerate(worker.durable):
        if binding.script in (None, worker.name) and binding.class_name not in shown:
            where = project.key("durable_objects", "bindings", index)
            yield where, f'there is no class "{binding.class_name}" in the main module'
    bound = {binding.class_name for binding in worker.durable}
    for name in worker.durable_classes:
        if name not in shown and name not in bound:
            yield project.key("migrations"), f'there is no class "{name}" in the main module'


@project_rule(
    "unbound-class", Severity.WARNING, remedy='Add it to "durable_objects.bindings" and to "migrations".'
)
def unbound_class(project: Project) -> ProjectHits:
    """A subclass of DurableObject in the main module that has neither a binding nor a migration."""
    main = project.main
    if main is None:
        return
    worker = project.examined.worker
    known = {binding.class_name for binding in worker.durable} | set(worker.durable_classes)
    shown = exported_names(main)
    subclassed = {ast.unparse(base) for node in main.classes() for base in node.bases}
    for node in entry_classes(main):
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        is_leaf = node.name in shown and node.name not in subclassed
        if bases & _DURABLE_BASES and is_leaf and node.name not in known:
            where = Place(main.path, node.lineno, node.col_offset + 1)
            yield where, f'the Durable Object class "{node.name}" has no binding and no migration'
