"""Which commands are a plain `python3 script.py`, for a warm interpreter (`inside/warm_python.py`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypedDict

_NAMES = ("python3", "python")
#: Words that mean to a shell just what they say.
_PLAIN = re.compile(r"[\w@%+:,./-]+(?: +[\w@%+=:,./-]+)*")
_FLAGS = frozenset("IsESuB")
#: Variables of Python's that a warm interpreter obeys as a fresh one would.
_KNOWN = frozenset({"PYTHONUSERBASE", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"})


class PythonCommand(TypedDict):
    """What to run, as it travels to process 1."""

    program: str
    flags: str
    #: Whether bash was to start it, which tells a program a few things.
    bash: bool
    #: A file to run, or else `code`.
    script: str | None
    code: str
    arguments: list[str]


def python_command(argv: Sequence[str], env: Mapping[str, str]) -> PythonCommand | None:
    """The script that a command runs, None for every other command."""
    bash = len(argv) == 3 and tuple(argv[:2]) == ("bash", "-c")
    if bash:
        if not _PLAIN.fullmatch(argv[2]) or "BASH_ENV" in env:
            return None
        argv = argv[2].split()
    if argv[0] not in _NAMES or not _is_usual(env):
        return None
    for number, word in enumerate(argv[1:], 1):
        flags, rest = "".join(flag[1:] for flag in argv[1:number]), list(argv[number:])
        if word == "-c" and len(rest) > 1:
            return PythonCommand(
                program=argv[0],
                flags=flags,
                bash=bash,
                script=None,
                code=rest[1],
                arguments=["-c", *rest[2:]],
            )
        if not word.startswith("-"):
            return PythonCommand(
                program=argv[0], flags=flags, bash=bash, script=word, code="", arguments=rest
            )
        if not word[1:] or not {*word[1:]} <= _FLAGS:
            return None
    return None


def _is_usual(env: Mapping[str, str]) -> bool:
    """Whether a fresh interpreter would start as the warm one did."""
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG")
    return locale == "C.UTF-8" and all(name in _KNOWN for name in env if name.startswith("PYTHON"))
