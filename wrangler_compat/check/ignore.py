"""Comments that silence a rule: `# edge: ignore[rule]`, in JSON with comments `// edge: ignore[rule]`.

A comment counts for findings that begin on its line.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wrangler_compat.check.finding import Finding, Place, Severity
from wrangler_compat.check.rule import RULES

_COMMENT = re.compile(r"(?:#|//)\s*edge:\s*ignore\[([^\]]*)\]")
UNUSED = "unused-ignore"


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule named in a comment."""

    place: Place
    rule: str


def ignores(path: Path) -> Iterator[Ignore]:
    """The rules that the comments of a file name."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for line, comment in _comments(path, text):
        for match in _COMMENT.finditer(comment):
            yield from (Ignore(Place(path, line), name.strip()) for name in match[1].split(","))


def _comments(path: Path, text: str) -> Iterator[tuple[int, str]]:
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield from ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


def without_ignored(findings: Iterable[Finding], files: Iterable[Path]) -> list[Finding]:
    """The findings that no comment silences, and a warning for each comment that silences nothing."""
    found = {(one.place.file, one.place.line, one.rule): one for file in files for one in ignores(file)}
    used = set()
    left = []
    for finding in findings:
        key = (finding.place.file, finding.place.line, finding.rule)
        if key in found:
            used.add(key)
        else:
            left.append(finding)
    for key, ignore in found.items():
        if key not in used:
            why = "there is nothing to silence here" if ignore.rule in RULES else "there is no such rule"
            left.append(
                Finding(
                    UNUSED,
                    Severity.WARNING,
                    ignore.place,
                    f"ignore[{ignore.rule}]: {why}",
                    "Remove the comment.",
                )
            )
    return left
