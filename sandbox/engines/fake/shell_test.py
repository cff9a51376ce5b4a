"""`test` and `[`."""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Callable, Sequence

from sandbox.engines.fake.tree import Tree

_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": int.__eq__, "-ne": int.__ne__, "-lt": int.__lt__,
    "-le": int.__le__, "-gt": int.__gt__, "-ge": int.__ge__,
}  # fmt: skip
_TEXTS: dict[str, Callable[[str, str], bool]] = {"=": str.__eq__, "==": str.__eq__, "!=": str.__ne__}
_OF_FILES = ("-e", "-f", "-d", "-s", "-L", "-h", "-r", "-w", "-x")


class BadTest(Exception):
    """An expression that is none; the message is bash's where bash has one."""


def holds(given: list[str], tree: Tree, cwd: str, on_terminal: Sequence[str] = ()) -> bool:
    """Whether an expression is true; `on_terminal` lists descriptors. Raises BadTest."""
    if len(given) == 3 and given[1] in _TEXTS | _NUMBERS:
        return _compared(*given)
    if given[:1] == ["!"] and len(given) > 1:
        return not holds(given[1:], tree, cwd, on_terminal)
    for word, either in (("-o", any), ("-a", all)):  # -a binds closer
        if word in given[1:-1]:
            at = given.index(word, 1)
            sides = (given[:at], given[at + 1 :])
            return either([holds(side, tree, cwd, on_terminal) for side in sides])
    if len(given) < 2:
        return bool(given and given[0])
    if given[0] == "-t" and len(given) == 2:
        return given[1] in on_terminal
    if len(given) == 2:
        return _unary(given[0], given[1], tree, cwd)
    if len(given) == 3:
        raise BadTest(f"{given[1]}: binary operator expected")
    raise BadTest("too many arguments")


def _compared(left: str, operator: str, right: str) -> bool:
    if operator in _TEXTS:
        return _TEXTS[operator](left, right)
    for word in (left, right):
        if not re.fullmatch(r"\s*[-+]?\d+\s*", word):
            raise BadTest(f"{word}: integer expression expected")
    return _NUMBERS[operator](int(left), int(right))


def _unary(flag: str, word: str, tree: Tree, cwd: str) -> bool:
    if flag in ("-z", "-n"):
        return bool(word) is (flag == "-n")
    if flag not in _OF_FILES:
        raise BadTest(f"{flag}: unary operator expected")
    try:
        found = tree.stat(posixpath.join(cwd, word), follow=flag not in ("-L", "-h"))
    except OSError:
        return False
    return {
        "-f": found.kind == "file",
        "-d": found.kind == "directory",
        "-s": found.size > 0,
        "-L": found.kind == "symlink",
        "-h": found.kind == "symlink",
        "-x": bool(found.mode & stat.S_IXUSR) or found.kind == "directory",
    }.get(flag, True)  # root reads and writes everything
