"""Findings as text, as JSON, and as annotations of GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from wrangler_compat.check.finding import Finding, Severity
from wrangler_compat.check.run import shown_path

_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def as_text(findings: Sequence[Finding]) -> str:
    """A paragraph a finding, and the sum."""
    return "\n".join([*(_paragraph(one) for one in findings), _sum(findings)])


def _paragraph(found: Finding) -> str:
    reason = found.reason.replace("\n", "\n    ")
    return f"{_where(found)}: {found.severity.value}: {reason} [{found.rule}]\n    {found.remedy}"


def _where(found: Finding) -> str:
    place = found.place
    numbers = [str(number) for number in (place.line, place.column) if number]
    return ":".join([shown_path(place.file), *numbers])


def _sum(findings: Sequence[Finding]) -> str:
    counts = count(findings)
    named = [f"{number} {name[:-1] if number == 1 else name}" for name, number in counts.items() if number]
    return ", ".join(named) if named else "Nothing found."


def count(findings: Sequence[Finding]) -> dict[str, int]:
    """How many of each severity."""
    return {f"{kind.value}s": sum(one.severity is kind for one in findings) for kind in Severity}


def as_json(findings: Sequence[Finding]) -> str:
    """One object: the findings, and how many of each severity."""
    return json.dumps({"findings": [_plain(one) for one in findings], **count(findings)}, indent=2)


def _plain(found: Finding) -> dict[str, Any]:
    return {
        "id": found.rule,
        "severity": found.severity.value,
        "file": shown_path(found.place.file),
        "line": found.place.line or None,
        "column": found.place.column or None,
        "reason": found.reason,
        "remedy": found.remedy,
    }


def as_github(findings: Sequence[Finding]) -> str:
    """Workflow commands, which GitHub shows beside the lines."""
    return "\n".join(_annotation(one) for one in findings)


def _annotation(found: Finding) -> str:
    place = found.place
    fields = {
        "file": shown_path(place.file),
        "line": place.line,
        "col": place.column,
        "title": f"edge check: {found.rule}",
    }
    given = ",".join(
        f"{name}={_escaped(str(value), is_property=True)}" for name, value in fields.items() if value
    )
    return f"::{_GITHUB[found.severity]} {given}::{_escaped(f'{found.reason}. {found.remedy}')}"


def _escaped(text: str, *, is_property: bool = False) -> str:
    for sign, code in {"%": "%25", "\r": "%0D", "\n": "%0A"}.items():
        text = text.replace(sign, code)
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text
