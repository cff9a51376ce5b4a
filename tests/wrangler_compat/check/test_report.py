from __future__ import annotations

import json
from pathlib import Path

import pytest

from wrangler_compat.check.finding import Finding, Place, Severity
from wrangler_compat.check.report import as_github, as_json, as_text


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    monkeypatch.chdir(tmp_path)
    entry, config = tmp_path / "src" / "entry.py", Path("/else/wrangler.jsonc")
    return [
        Finding("thread", Severity.ERROR, Place(entry, 3, 5), "a: 100% thread,\nwell", "Use coroutines."),
        Finding("no-date", Severity.WARNING, Place(config), "no date", "Set it."),
        Finding("unknown-package", Severity.NOTE, Place(config, 2), "who knows", "Look."),
    ]


def test_text(findings: list[Finding]) -> None:
    assert as_text(findings) == (
        "src/entry.py:3:5: error: a: 100% thread,\n    well [thread]\n    Use coroutines.\n"
        "/else/wrangler.jsonc: warning: no date [no-date]\n    Set it.\n"
        "/else/wrangler.jsonc:2: note: who knows [unknown-package]\n    Look.\n"
        "1 error, 1 warning, 1 note"
    )
    assert as_text([]) == "Nothing found."
    assert as_text(findings[:1] * 2).endswith("\n2 errors")


def test_json(findings: list[Finding]) -> None:
    found = json.loads(as_json(findings))
    assert [found[kind] for kind in ("errors", "warnings", "notes")] == [1, 1, 1]
    assert found["findings"][:2] == [
        {
            "id": "thread", "severity": "error", "file": "src/entry.py", "line": 3, "column": 5,
            "reason": "a: 100% thread,\nwell", "remedy": "Use coroutines.",
        },
        {
            "id": "no-date", "severity": "warning", "file": "/else/wrangler.jsonc", "line": None,
            "column": None, "reason": "no date", "remedy": "Set it.",
        },
    ]  # fmt: skip


def test_annotations(findings: list[Finding]) -> None:
    assert as_github(findings).splitlines() == [
        "::error file=src/entry.py,line=3,col=5,title=edge check%3A thread::"
        "a: 100%25 thread,%0Awell. Use coroutines.",
        "::warning file=/else/wrangler.jsonc,title=edge check%3A no-date::no date. Set it.",
        "::notice file=/else/wrangler.jsonc,line=2,title=edge check%3A unknown-package::who knows. Look.",
    ]
