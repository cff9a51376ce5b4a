"""Reading a program's arguments."""

from __future__ import annotations

import posixpath

from sandbox.engines.fake.process import FakeProcess


def split(process: FakeProcess) -> tuple[set[str], list[str]]:
    """The letters and long names of the flags, and the other arguments. `--` ends the flags."""
    flags: set[str] = set()
    rest: list[str] = []
    words = list(process.argv[1:])
    while words:
        word = words.pop(0)
        if word == "--":
            rest += words
            break
        if word.startswith("--"):
            flags.add(word[2:])
        elif word.startswith("-") and len(word) > 1:
            flags |= set(word[1:])
        else:
            rest.append(word)
    return flags, rest


def path_of(process: FakeProcess, name: str) -> str:
    """An absolute path."""
    return posixpath.normpath(posixpath.join(process.cwd, name)) + ("/" if name.endswith("/") else "")


async def refuse(process: FakeProcess, name: str, problem: OSError) -> int:
    """Say what went wrong with a file; the exit code."""
    await process.complain(f"{process.argv[0]}: {name}: {problem.strerror}\n")
    return 1
