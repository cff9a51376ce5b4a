"""Runs the rules over a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import wrangler_compat.check.rules  # noqa: F401  # registers the rules
from wrangler_compat.check.finding import Finding, Place
from wrangler_compat.check.ignore import without_ignored
from wrangler_compat.check.module import Module
from wrangler_compat.check.project import Project
from wrangler_compat.check.rule import RULES


def check_project(project: Project) -> list[Finding]:
    """All findings of a project, by file and line; those that comments silence are left out."""
    found = [*_of_project(project), *_of_modules(project.modules)]
    files = {project.config, project.root / "pyproject.toml", *(module.path for module in project.modules)}
    return _sorted(without_ignored(found, sorted(files)))


def check_modules(modules: Sequence[Module]) -> list[Finding]:
    """The findings of the rules that look at source alone, for code that is no project of its own."""
    return _sorted(without_ignored(_of_modules(modules), [module.path for module in modules]))


def _of_project(project: Project) -> Iterator[Finding]:
    for rule in RULES.values():
        if not rule.of_modules:
            for place, reason in rule.check(project):
                yield Finding(rule.id, rule.severity, place, reason, rule.remedy)


def _of_modules(modules: Sequence[Module]) -> Iterator[Finding]:
    for module in modules:
        for rule in RULES.values():
            if rule.of_modules:
                for node, reason in rule.check(module):
                    place = Place(module.path, node.lineno, node.col_offset + 1)
                    yield Finding(rule.id, rule.severity, place, reason, rule.remedy)


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    unique = dict.fromkeys(findings)
    return sorted(unique, key=lambda one: (one.place.file, one.place.line, one.place.column, one.rule))


def shown_path(path: Path) -> str:
    """Relative to the current folder where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
