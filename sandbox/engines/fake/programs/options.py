"""Reading a program's arguments."""

from __future__ import annotations

import posixpath

from sandbox.engines.fake.process import FakeProcess


class UnknownOption(Exception):
    """A program of the fake engine does not know an option that the real one may know."""


def split(process: FakeProcess, known: str = "", names: tuple[str, ...] = ()) -> tuple[set[str], list[str]]:
    """The letters and long names of the flags, and the other arguments. `--` ends the flags.

    Raises UnknownOption for a letter that is not in `known`, or a long name that is not in `names`: an option
    that is left out in silence would be a wrong result.
    """
    flags: set[str] = set()
    rest: list[str] = []
    words = list(process.argv[1:])
    while words:
        word = words.pop(0)
        if word == "--":
            rest += words
            break
        if word.startswith("--"):
            _check(word[2:] in names, word)
            flags.add(word[2:])
        elif word.startswith("-") and len(word) > 1:
            _check(set(word[1:]) <= set(known), word)
            flags |= set(word[1:])
        else:
            rest.append(word)
    return flags, rest


def _check(is_known: bool, word: str) -> None:
    if not is_known:
        raise UnknownOption(f"the option {word} is not supported by the fake engine")


def path_of(process: FakeProcess, name: str) -> str:
    """An absolute path."""
    return posixpath.normpath(posixpath.join(process.cwd, name)) + ("/" if name.endswith("/") else "")


async def refuse(process: FakeProcess, name: str, problem: OSError) -> int:
    """Say what went wrong with a file; the exit code."""
    await process.complain(f"{process.argv[0]}: {name}: {problem.strerror}\n")
    return 1
