"""Reading a Dockerfile: instructions with their flags, continued lines joined, here-documents attached."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import UserError

_HEREDOC = re.compile(r'<<-?(["\']?)([A-Za-z_][\w.]*)\1')
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S+))?\s+")
_VARIABLE = re.compile(r"\\(\$)|\$(?:\{(\w+)(?::?([-+])((?:[^{}]|\{[^{}]*\})*))?\}|(\w+))")
_PAIR = re.compile(r"""([\w.-]+)=((?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s"'\\])*)""")
#: Those whose arguments may name ARG and ENV variables.
_EXPANDED = (
    "ADD",
    "COPY",
    "ENV",
    "EXPOSE",
    "FROM",
    "LABEL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
    "ARG",
)


@dataclass(frozen=True)
class Heredoc:
    """A file written in the Dockerfile itself."""

    name: str
    content: str
    #: Whether variables in it are replaced: not when the name was quoted.
    expands: bool


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile."""

    line: int
    keyword: str
    rest: str
    flags: Mapping[str, str] = field(default_factory=dict)
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def words(self) -> list[str]:
        """The arguments: a JSON list, or words."""
        return json_form(self.rest) or self.rest.split()

    @property
    def expands(self) -> bool:
        return self.keyword in _EXPANDED


def parse(path: Path) -> list[Instruction]:
    """The instructions of the Dockerfile at `path`. Raises UserError for a line that is none, OSError."""
    lines = path.read_text().splitlines()
    escape = "\\"
    if lines and (directive := re.match(r"#\s*escape\s*=\s*(`|\\)\s*$", lines[0])):
        escape = directive[1]
    numbered = iter(enumerate(lines, 1))
    return [_instruction(path, number, text, numbered) for number, text in _joined(numbered, escape)]


def _joined(numbered: Iterator[tuple[int, str]], escape: str) -> Iterator[tuple[int, str]]:
    start, text = 0, ""
    for number, line in numbered:
        if line.lstrip().startswith("#") or (not text and not line.strip()):
            continue
        start = start or number
        stripped = line.rstrip()
        if stripped.endswith(escape):
            text += stripped[: -len(escape)]
            continue
        yield start, (text + line).strip()
        start, text = 0, ""
    if text.strip():
        yield start, text.strip()


def _instruction(path: Path, number: int, text: str, numbered: Iterator[tuple[int, str]]) -> Instruction:
    keyword, _, rest = text.partition(" ")
    if not keyword.isalpha():
        raise UserError(f"unknown instruction: {keyword}", file=path, line=number)
    rest = rest.lstrip()
    flags: dict[str, str] = {}
    while flag := _FLAG.match(rest):
        flags[flag[1]] = flag[2] or ""
        rest = rest[flag.end() :]
    heredocs: tuple[Heredoc, ...] = ()
    if keyword.upper() in ("COPY", "ADD", "RUN"):
        heredocs = tuple(_heredoc(path, number, match, numbered) for match in _HEREDOC.finditer(rest))
    return Instruction(number, keyword.upper(), rest, flags, heredocs)


def _heredoc(path: Path, number: int, match: re.Match[str], numbered: Iterator[tuple[int, str]]) -> Heredoc:
    quote, name = match.groups()
    tabs = match[0].startswith("<<-")
    content = ""
    for _, line in numbered:
        line = line.lstrip("\t") if tabs else line
        if line == name:
            return Heredoc(name, content, expands=not quote)
        content += line + "\n"
    raise UserError(f"unterminated heredoc {name}", file=path, line=number)


def json_form(text: str) -> list[str] | None:
    """The words of `["a", "b"]`; None when `text` is not of that form."""
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`; unknown names become empty."""

    def value(match: re.Match[str]) -> str:
        dollar, braced, operator, word, plain = match.groups()
        if dollar:
            return "$"
        found = variables.get(braced or plain, "")
        if operator == "-":
            return found or expand(word, variables)
        if operator == "+":
            return expand(word, variables) if found else ""
        return found

    return _VARIABLE.sub(value, text)


def pairs(text: str) -> dict[str, str]:
    """The `NAME=value` pairs of ENV, ARG and LABEL, or the old `ENV NAME value`; quotes are taken off."""
    found = {name: _unquoted(value) for name, value in _PAIR.findall(text)}
    if not found:
        name, _, value = text.partition(" ")
        return {name: value.strip()} if value else {}
    return found


def _unquoted(value: str) -> str:
    parts = re.findall(r""""((?:\\.|[^"])*)"|'([^']*)'|((?:\\.|[^"'\\])+)""", value)
    return "".join(single or re.sub(r"\\(.)", r"\1", double or bare) for double, single, bare in parts)
