"""Redirections: where a command reads and writes."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import Any

from edge.kernel.clock import Clock
from sandbox.engines.fake.pipe import Discarding, Filled, Pipe
from sandbox.engines.fake.shell_files import appending
from sandbox.engines.fake.shell_words import Unsupported, Words
from sandbox.engines.fake.tree import Tree

_IN_HEREDOC = re.compile(r"\\([\\$`])|(\\\n)|(\$\(|`)|\$(\w+|[?$!#@*])|\$\{([^}]*)\}")


@dataclass(frozen=True)
class Streams:
    """Where a command reads and writes."""

    stdin: Pipe
    stdout: Pipe
    stderr: Pipe


@dataclass(frozen=True)
class Place:
    """Where a redirection finds its files."""

    tree: Tree
    clock: Clock
    cwd: str


async def redirected(node: Any, streams: Streams, words: Words, source: str, place: Place) -> Streams:
    """The streams with one redirection applied. Raises OSError, Unsupported."""
    kind, fd = node.type, node.input
    if kind in ("<<", "<<-", "<<<"):
        return replace(streams, stdin=Filled((await _here(node, words, source)).encode()))
    if kind == ">&" and isinstance(node.output, int):
        target = {1: streams.stdout, 2: streams.stderr}.get(node.output)
        if target is None:
            raise Unsupported(f"redirection to descriptor {node.output} is not supported")
        return _with(streams, fd, target)
    if kind not in ("<", ">", ">>", "&>", "&>>", ">|"):
        raise Unsupported(f"the redirection {kind} is not supported")
    path = posixpath.join(place.cwd, await words.text(node.output))
    if kind == "<":
        if fd not in (None, 0):
            raise Unsupported(f"redirection of descriptor {fd} is not supported")
        return replace(streams, stdin=Filled(b"" if path == "/dev/null" else place.tree.read(path)))
    null = path == "/dev/null"
    sink = Discarding() if null else appending(place.tree, path, place.clock, keep=kind.endswith(">>"))
    if kind.startswith("&"):
        return replace(streams, stdout=sink, stderr=sink)
    return _with(streams, fd, sink)


def _with(streams: Streams, fd: Any, target: Pipe) -> Streams:
    if fd not in (None, 1, 2):
        raise Unsupported(f"redirection of descriptor {fd} is not supported")
    return replace(streams, **{"stderr" if fd == 2 else "stdout": target})


async def _here(node: Any, words: Words, source: str) -> str:
    """The text of `<<` and `<<<`."""
    if node.type == "<<<":
        return await words.text(node.output) + "\n"
    body: str = node.heredoc.value.rpartition(node.output.word)[0]
    quoted = source[node.output.pos[0]] in "'\"\\"
    return body if quoted else await _expanded(body, words)


async def _expanded(body: str, words: Words) -> str:
    out, at = "", 0
    for found in _IN_HEREDOC.finditer(body):
        out += body[at : found.start()]
        at = found.end()
        escaped, _, command, name, braces = found.groups()
        if command:
            raise Unsupported("a command within << is not supported")
        if name or braces is not None:
            out += await words.parameter(name or braces)
        else:
            out += escaped or ""  # a backslash before the end of a line joins two lines
    return out + body[at:]
