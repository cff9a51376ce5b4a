"""The files `_headers` and `_redirects`.

Source: spec runtime.md section 9; Cloudflare docs, "Static Assets: headers" and "redirects".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge.assets.logic.paths import Pattern, fill

_STATUSES = frozenset({200, 301, 302, 303, 307, 308})
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that means nothing, and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """Headers to set, and names to take away, for the paths of a pattern."""

    pattern: Pattern
    set: tuple[tuple[str, str], ...]
    unset: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a request is sent (or, with status 200, what it is answered with)."""

    pattern: Pattern
    to: str
    status: int


def parse_headers(text: str) -> tuple[list[HeaderRule], list[Problem]]:
    """A rule is a pattern on its own line and indented or following `Name: value` and `! Name` lines."""
    rules: list[HeaderRule] = []
    problems: list[Problem] = []
    for number, line in _content(text):
        if line.startswith("/") or line.startswith("https://"):
            try:
                rules.append(HeaderRule(Pattern.parse(line), (), ()))
            except ValueError as error:
                problems.append(Problem(number, str(error)))
        elif not rules:
            problems.append(Problem(number, "a header stands before any path"))
        elif (rule := _with_header(rules[-1], line)) is None:
            problems.append(Problem(number, f'"{line}" is no "Name: value" line'))
        else:
            rules[-1] = rule
    return [rule for rule in rules if rule.set or rule.unset], problems


def _with_header(rule: HeaderRule, line: str) -> HeaderRule | None:
    if line.startswith("!"):
        return HeaderRule(rule.pattern, rule.set, (*rule.unset, line[1:].strip().lower()))
    name, colon, value = line.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not value or _HEADER_NAME.match(name) is None:
        return None
    return HeaderRule(rule.pattern, (*rule.set, (name, value)), rule.unset)


def parse_redirects(text: str) -> tuple[list[Redirect], list[Problem]]:
    """Lines of `from to [status]`, 302 unless given. Rules without `*` and `:name` are tried first."""
    rules: list[Redirect] = []
    problems: list[Problem] = []
    for number, line in _content(text):
        parts = line.split()
        if len(parts) not in (2, 3):
            problems.append(Problem(number, f"expected 2 or 3 words, got {len(parts)}"))
            continue
        try:
            rules.append(_redirect(*parts))
        except ValueError as error:
            problems.append(Problem(number, str(error)))
    return sorted(rules, key=lambda rule: not rule.pattern.is_static), problems


def _redirect(source: str, to: str, status: str = "302") -> Redirect:
    if not status.isdecimal() or int(status) not in _STATUSES:
        raise ValueError(f"valid status codes are 200, 301, 302, 303, 307 and 308, got {status}")
    if int(status) == 200 and not to.startswith("/"):
        raise ValueError(f'a rule with status 200 needs a path, got "{to}"')
    if not to.startswith(("/", "http://", "https://")):
        raise ValueError(f'"{to}" is neither a path nor an absolute URL')
    return Redirect(Pattern.parse(source), to, int(status))


def _content(text: str) -> list[tuple[int, str]]:
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def redirect_for(rules: Sequence[Redirect], host: str, path: str) -> tuple[str, int] | None:
    """The destination and status of the first rule that applies."""
    for rule in rules:
        values = rule.pattern.match(host, path)
        if values is not None:
            return fill(rule.to, values), rule.status
    return None


def apply_headers(
    rules: Sequence[HeaderRule], host: str, path: str, headers: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """`headers` with all rules that apply: later rules add to the values of earlier ones."""
    result = list(headers)
    from_rules: set[str] = set()
    for rule in rules:
        values = rule.pattern.match(host, path)
        if values is None:
            continue
        result = [item for item in result if item[0] not in rule.unset]
        for name, template in rule.set:
            value = fill(template, values)
            if name in from_rules:
                result.append((name, value))
            else:
                # A rule's value takes the place of what the platform would have sent.
                result = [item for item in result if item[0] != name] + [(name, value)]
                from_rules.add(name)
    return result
