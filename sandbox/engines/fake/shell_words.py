"""Words of a command line: quotes taken away, variables and commands put in, patterns matched with files.

The grammar is `bashlex`'s; it says where in the source of a word an expansion begins and ends.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sandbox.engines.fake.tree import Tree

Substitute = Callable[[Any], Awaitable[str]]


class Unsupported(Exception):
    """The shell does not know this; the message says what."""


class Words:
    """Expands words for one shell."""

    def __init__(
        self, source: str, variable: Callable[[str], str | None], substitute: Substitute, home: str
    ) -> None:
        """`variable` gives the value of a name, special ones too; `substitute` the output of a command."""
        self._source = source
        self._variable = variable
        self._substitute = substitute
        self._home = home

    async def fields(self, node: Any, tree: Tree, cwd: str) -> list[str]:
        """What a word becomes on a command line: none, one or several arguments."""
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

    async def _expanded(self, part: Any) -> tuple[str, int]:
        end: int = part.pos[1]
        if part.kind == "parameter":
            return await self._parameter(part.value), end
        if part.kind == "commandsubstitution":
            return await self._substitute(part.command), end
        if part.kind == "tilde":
            return self._home, end
        raise Unsupported(f"{part.kind} is not supported")

    async def _parameter(self, text: str) -> str:
        for mark in (":-", ":=", ":+", "-", "+"):
            name, found, rest = text.partition(mark)
            if found and name.isidentifier():
                value = self._variable(name)
                is_set = bool(value) if ":" in mark else value is not None
                if mark.endswith("+"):
                    return rest if is_set else ""
                return (value or "") if is_set else rest
        if text.startswith("#") and len(text) > 1:
            return str(len(self._variable(text[1:]) or ""))
        if not (text.isidentifier() or text in "?$!#@*0123456789"):
            raise Unsupported(f"${{{text}}} is not supported")
        return self._variable(text) or ""


def _matches(text: str, pattern: str, tree: Tree, cwd: str) -> list[str]:
    """The files a pattern names, in order; the pattern itself when there are none."""
    folder, name = posixpath.split(pattern)
    where = posixpath.join(cwd, folder)
    try:
        entries = [posixpath.basename(entry.path) for entry in tree.list(where, recursive=False)]
    except OSError:
        return [text]
    hidden = name.startswith(".")
    found = [entry for entry in entries if fnmatch.fnmatchcase(entry, name) and (hidden or entry[0] != ".")]
    return [posixpath.join(folder, entry) for entry in sorted(found)] or [text]


def variables(env: Mapping[str, str], special: Mapping[str, str]) -> Callable[[str], str | None]:
    return lambda name: special.get(name, env.get(name))
