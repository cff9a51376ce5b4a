"""A rule: an id, how bad it is, what it finds, what to do instead.

A rule of a module looks at one source file, a rule of the project at everything. Both are generators of
(where, reason); their docstring is what the documentation says about them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from wrangler_compat.check.finding import Place, Severity

ModuleHits = Iterator[tuple[ast.AST, str]]
ProjectHits = Iterator[tuple[Place, str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` takes a `Module` or the `Project`, as `of_modules` says."""

    id: str
    severity: Severity
    summary: str
    remedy: str
    of_modules: bool
    check: Callable[[Any], Iterator[tuple[Any, str]]]


#: Every rule by its id, in the order in which they are written.
RULES: dict[str, Rule] = {}

_Check = Callable[[Any], Iterator[tuple[Any, str]]]


def module_rule(rule_id: str, severity: Severity, *, remedy: str) -> Callable[[_Check], _Check]:
    """Register a rule that looks at one module."""
    return _register(rule_id, severity, remedy, of_modules=True)


def project_rule(rule_id: str, severity: Severity, *, remedy: str) -> Callable[[_Check], _Check]:
    """Register a rule that looks at the whole project."""
    return _register(rule_id, severity, remedy, of_modules=False)


def _register(
    rule_id: str, severity: Severity, remedy: str, *, of_modules: bool
) -> Callable[[_Check], _Check]:
    def register(check: _Check) -> _Check:
        assert rule_id not in RULES, rule_id
        summary = " ".join((inspect.getdoc(check) or "").split())
        RULES[rule_id] = Rule(rule_id, severity, summary, remedy, of_modules, check)
        return check

    return register
