from __future__ import annotations

from typing import Any

import pytest

from edge.errors import UserError
from wrangler_compat.deploy.rules import Rule, configured_rules, glob_pattern, rules_in_force


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("**/*.py", ["a.py", "a/b/c.py", ".hidden/a.py"], ["a.pyc", "apy"]),
        ("*.md", ["a.md"], ["a/b.md"]),
        ("src/**", ["src/a", "src/a/b"], ["a/src"]),
        ("a**b", ["ab", "axb"], ["a/b"]),
        ("a?[b]{c}", ["a?[b]{c}"], ["axb", "ab"]),
        ("**/*.wasm?module", ["x/a.wasm?module"], ["a.wasm"]),
    ],
)
def test_globs(glob: str, yes: list[str], no: list[str]) -> None:
    matched = [name for name in (*yes, *no) if glob_pattern(glob).match(name)]
    assert matched == yes


def test_without_rules_python_text_data_and_wasm_are_modules() -> None:
    rules, warnings = rules_in_force([], python=True)
    assert [rule.kind for rule in rules] == ["PythonModule", "Text", "Data", "CompiledWasm"]
    assert warnings == []


def test_a_rule_without_fallthrough_ends_its_type_and_says_so() -> None:
    rules, warnings = rules_in_force([Rule("Text", ("**/*.md",))], python=False)
    assert [rule.globs[0] for rule in rules if rule.kind == "Text"] == ["**/*.md"]
    assert len(warnings) == 1
    assert "**/*.txt, **/*.html, **/*.sql is ignored" in warnings[0]


@pytest.mark.parametrize(("fallthrough", "texts"), [(True, 2), (False, 1)])
def test_fallthrough_that_is_said_warns_of_nothing(fallthrough: bool, texts: int) -> None:
    rules, warnings = rules_in_force([Rule("Text", ("**/*.md",), fallthrough)], python=False)
    assert len([rule for rule in rules if rule.kind == "Text"]) == texts
    assert warnings == []


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({}, 'The field "rules" should be an array'),
        ([{"globs": []}], '"rules[0]" bindings should have a string "type" field'),
        ([{"type": "PythonModule", "globs": []}], "which contains one of"),
        ([{"type": "Text", "globs": "**/*"}], '"globs"'),
    ],
)
def test_rules_that_are_none(rules: Any, text: str) -> None:
    with pytest.raises(UserError) as raised:
        configured_rules(rules)
    assert text in str(raised.value)
