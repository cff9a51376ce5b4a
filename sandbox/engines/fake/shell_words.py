"""Words of a command line: quotes taken away, variables and commands put in, patterns matched with files.

The grammar is `bashlex`'s; it says where in the source of a word an expansion begins and ends.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engines.fake.tree import Tree

Substitute = Callable[[Any], Awaitable[str]]
_BRACES = re.compile(r"\{[^{}\s]*(,|\.\.)[^{}\s]*\}")


class Unsupported(Exception):
    """The shell does not know this; the message says what."""


class Unbound(Exception):
    """A variable that is not set, where `set -u` asks for it."""


@dataclass(frozen=True)
class Variables:
    """What words are filled with."""

    named: dict[str, str]
    special: Mapping[str, str]
    positional: list[str]
    #: `set -u`.
    must_be_set: bool

    def get(self, name: str) -> str | None:
        return self.special.get(name, self.named.get(name))


class Words:
    """Expands words for one shell."""

    def __init__(self, source: str, variables: Variables, substitute: Substitute) -> None:
        """`substitute` gives the output of a command."""
        self._source = source
        self._variables = variables
        self._substitute = substitute

    async def fields(self, node: Any, tree: Tree, cwd: str) -> list[str]:
        """What a word becomes on a command line: none, one or several arguments."""
        if self._source[slice(*node.pos)] in ('"$@"', '"${@}"'):
            return list(self._variables.positional)  # none at all when there are none
        found: list[str] = []
        for text, pattern in await self._pieces(node):
            found += _matches(text, pattern, tree, cwd) if pattern is not None else [text]
        return found

    async def text(self, node: Any) -> str:
        """What a word becomes where there can be only one: an assignment, the target of a redirection."""
        return " ".join(text for text, _ in await self._pieces(node, split=False))

    async def _pieces(self, node: Any, *, split: bool = True) -> list[tuple[str, str | None]]:
        start, end = node.pos
        parts = {part.pos[0]: part for part in getattr(node, "parts", [])}
        fields: list[list[str]] = []
        current: list[str] | None = None
        glob = False
        quote = ""
        at = start
        while at < end:
            char = self._source[at]
            if not quote:
                self._refuse(at, end)
            if quote == '"' and at in parts and self._is_all(parts[at]):
                for index, word in enumerate(self._variables.positional):
                    if index > 0 and current is not None:
                        fields.append(current)
                        current = None
                    current = [*(current or []), word]
                at = parts[at].pos[1]
                continue
            if at in parts and quote != "'":
                value, after = await self._expanded(parts[at])
                if quote or not split:
                    current = [*(current or []), value]
                else:
                    words = value.split()
                    if value[:1].isspace() and current is not None:
                        fields.append(current)
                        current = None
                    for index, word in enumerate(words):
                        if index > 0 and current is not None:
                            fields.append(current)
                            current = None
                        current = [*(current or []), word]
                at = after
                continue
            if char == "\\" and quote != "'":
                following = self._source[at + 1 : at + 2]
                if quote == '"' and following not in ('"', "\\", "$", "`", "\n"):
                    current = [*(current or []), char]
                if following != "\n":
                    current = [*(current or []), following]
                at += 2
                continue
            if char in "'\"" and quote in ("", char):
                quote = "" if quote else char
                current = current or []
                at += 1
                continue
            glob = glob or (not quote and char in "*?[")
            current = [*(current or []), char]
            at += 1
        if current is not None:
            fields.append(current)
        return [("".join(field), "".join(field) if glob else None) for field in fields]

    def _refuse(self, at: int, end: int) -> None:
        """Raises Unsupported for what would otherwise be taken for plain text."""
        rest = self._source[at:end]
        if rest.startswith(("$'", '$"')):
            raise Unsupported(f"{rest[:2]}…{rest[1]} is not supported")
        if _BRACES.match(rest) and self._source[at - 1 : at] != "$":
            raise Unsupported(f"{rest}: braces are not supported")

    @staticmethod
    def _is_all(part: Any) -> bool:
        return bool(part.kind == "parameter" and part.value == "@")

    async def _expanded(self, part: Any) -> tuple[str, int]:
        end: int = part.pos[1]
        if part.kind == "parameter":
            return await self.parameter(part.value), end
        if part.kind == "commandsubstitution":
            return await self._substitute(part.command), end
        if part.kind == "tilde":
            return self._variables.named.get("HOME", "/root"), end
        raise Unsupported(f"{part.kind} is not supported")

    async def parameter(self, text: str) -> str:
        """The value of what stands after a `$`. Raises Unsupported, Unbound."""
        for mark in (":-", ":=", ":+", "-", "+"):
            name, found, rest = text.partition(mark)
            if found and name.isidentifier():
                if set(rest) & set("$`'\"\\"):
                    raise Unsupported(f"${{{text}}} is not supported")
                value = self._variables.get(name)
                is_set = bool(value) if ":" in mark else value is not None
                if mark.endswith("+"):
                    return rest if is_set else ""
                if mark == ":=" and not is_set:
                    self._variables.named[name] = rest
                return (value or "") if is_set else rest
        if text.startswith("#") and len(text) > 1:
            return str(len(self._variables.get(text[1:]) or ""))
        if not (text.isidentifier() or text in "?$!#@*0123456789"):
            raise Unsupported(f"${{{text}}} is not supported")
        value = self._variables.get(text)
        if value is None and self._variables.must_be_set:
            raise Unbound(f"{text}: unbound variable")
        return value or ""


def _matches(text: str, pattern: str, tree: Tree, cwd: str) -> list[str]:
    """The files a pattern names, in order; the pattern itself when there are none."""
    found = ["/" if pattern.startswith("/") else ""]
    for name in pattern.strip("/").split("/"):
        found = [
            posixpath.join(folder, entry) for folder in found for entry in _named(tree, cwd, folder, name)
        ]
    return sorted(found) or [text]


def _named(tree: Tree, cwd: str, folder: str, name: str) -> list[str]:
    """The entries of a directory that one part of a pattern names."""
    where = posixpath.join(cwd, folder)
    if not set(name) & set("*?["):
        return [name] if tree.exists(posixpath.join(where, name)) else []
    try:
        entries = [posixpath.basename(entry.path) for entry in tree.list(where, recursive=False)]
    except OSError:
        return []
    hidden = name.startswith(".")
    return [entry for entry in entries if fnmatch.fnmatchcase(entry, name) and (hidden or entry[0] != ".")]
